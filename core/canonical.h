/* SPDX-License-Identifier: MIT */
/* Headers and query of a request in the form in which they are signed. */
#pragma once

#include "sigv4.h"

struct ecr_canonical_headers {
    struct ecr_sigv4_header list[ECR_SIGV4_MAX_HEADERS];
    size_t count;
};

/* Borrows both texts. ECR_INPUT when there are too many. */
enum ecr_status ecr_canonical_add(struct ecr_canonical_headers *headers, const char *name,
                                  const char *value, struct ecr_error *error);
/* False for headers that something on the way may change: they are never signed. */
bool ecr_canonical_is_signed(const char *name);
/* Sorts, and appends "name:value\n"... to `text` and the names, joined by ";", to `names`. */
enum ecr_status ecr_canonical_write(struct ecr_canonical_headers *headers, struct ecr_buf *text,
                                    struct ecr_buf *names);
/* Appends the parameters of `text`, which is cut up, sorted by their encoded form. */
enum ecr_status ecr_canonical_query(char *text, struct ecr_buf *query, struct ecr_error *error);
