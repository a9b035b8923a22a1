/* SPDX-License-Identifier: MIT */
/* How certificates and proxies are handled, the same for all transfers of a handle. */
#pragma once

#include "error.h"

struct ecr_trust {
    char *ca_file, *ca_directory; /* NULL = libcurl's default */
    char *proxy;                  /* NULL = the environment's */
    char *user_agent;
};

/* Copies the text. `bundle` is a file or a hashed directory; NULL = the system's trust. What was
 * copied before a failure is there for ecr_trust_clear too. */
enum ecr_status ecr_trust_init(struct ecr_trust *trust, const char *bundle, const char *proxy,
                               const char *user_agent, struct ecr_error *error);
void ecr_trust_clear(struct ecr_trust *trust);
