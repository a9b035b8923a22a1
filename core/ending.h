/* SPDX-License-Identifier: MIT */
/* What libcurl's result of a transfer means to us: a status, a short name for programs and, where
 * libcurl's own words would mislead, better ones. */
#pragma once

#include <stdbool.h>

#include "curl.h"

struct ecr_ending {
    enum ecr_status status;
    const char *name;
    const char *words; /* NULL = libcurl's */
};

/* `sent` says whether any byte of the request left us; `reason` is libcurl's error text, which may
 * be empty. */
const struct ecr_ending *ecr_ending_of(CURLcode code, bool sent, const char *reason);
