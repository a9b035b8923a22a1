/* SPDX-License-Identifier: MIT */
/* The head of an answer, line by line as libcurl hands them out: which headers it had, how large it
 * may be, and whether it says without doubt where the body ends. libcurl takes the last of two
 * lengths and undoes codings that nobody asked for; here both are refused. */
#pragma once

#include <stdbool.h>

#include "buf.h"
#include "error.h"

#define ECR_HEAD_MAX (256 * 1024) /* bytes, over all heads that come before the body */

struct ecr_head {
    struct ecr_buf *headers; /* borrowed: "name\0value\0"..., names in lower case */
    size_t bytes;
    bool open;       /* between a status line and the empty line */
    char length[24]; /* Content-Length as it came; empty = none so far */
};

/* `headers` is borrowed while lines come and must hold ECR_HEAD_MAX bytes. */
void ecr_head_init(struct ecr_head *head, struct ecr_buf *headers);
/* One line with its end. A status line forgets what an earlier head (1xx, a proxy's) had. */
enum ecr_status ecr_head_line(struct ecr_head *head, const char *line, size_t len,
                              struct ecr_error *error);
/* The value of a header among `headers`, borrowed; NULL = there is none. */
const char *ecr_head_find(const struct ecr_buf *headers, const char *name);
