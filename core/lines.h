/* SPDX-License-Identifier: MIT */
/* The header lines that a request sends, as libcurl takes them, and which of them the other side
 * must not say back to anybody: a service that refuses a request may quote it. Wiped when they go.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "curl.h"

#define ECR_LINES_MAX 64

struct ecr_lines {
    const struct ecr_curl *curl; /* borrowed */
    struct curl_slist *list;
    size_t count;
    uint64_t hidden; /* a bit for each line */
};

void ecr_lines_init(struct ecr_lines *lines, const struct ecr_curl *curl);
void ecr_lines_clear(struct ecr_lines *lines);
/* Copies both. Authorization and X-Amz-Security-Token are hidden without being told. */
enum ecr_status ecr_lines_add(struct ecr_lines *lines, const char *name, const char *value,
                              bool hidden, struct ecr_error *error);
/* Takes away a header that libcurl would make up. */
enum ecr_status ecr_lines_without(struct ecr_lines *lines, const char *name,
                                  struct ecr_error *error);
/* Overwrites in the bytes what hidden lines say. */
void ecr_lines_scrub(const struct ecr_lines *lines, char *bytes, size_t len);
