/* SPDX-License-Identifier: MIT */
/* What a program says on its standard error: the last part of it is kept, and can be had as one
 * line for a message. The last, since that is where the reason stands. Wipe it with ecr_wipe: a
 * program may say anything. */
#pragma once

#include <stddef.h>

#define ECR_REMARK_MAX 2048

struct ecr_remark {
    char bytes[ECR_REMARK_MAX];
    size_t len;
};

void ecr_remark_add(struct ecr_remark *remark, const char *bytes, size_t len);
/* The text with line breaks, control characters and what is no UTF-8 made harmless, without blanks
 * at its ends. What does not fit loses its beginning and starts with "...". `size` is at least 8.
 */
void ecr_remark_line(const struct ecr_remark *remark, char *line, size_t size);
