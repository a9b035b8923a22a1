/* SPDX-License-Identifier: MIT */
/* Endpoint addresses: "http(s)://host[:port][/path][?query]", nothing else: no user, no fragment,
 * no character that a header or a signature could stumble over. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct ecr_uri {
    bool https;
    uint16_t port; /* 0 = the scheme's own */
    char *host;    /* lower case; IPv6 with its brackets */
    char *path;    /* as written, at least "/" */
    char *query;   /* without "?"; may be empty */
};

/* ECR_CONFIG with what is wrong. On failure `uri` is empty; otherwise the caller clears it. */
enum ecr_status ecr_uri_parse(const char *text, struct ecr_uri *uri, struct ecr_error *error);
void ecr_uri_clear(struct ecr_uri *uri);

/* What stands in the Host header: the port only when it is not the scheme's own. */
enum ecr_status ecr_uri_host(const struct ecr_uri *uri, struct ecr_buf *buf);
/* Appends `text` percent-encoded (RFC 3986: all but the unreserved), slashes as they are if asked.
 */
enum ecr_status ecr_uri_encode(struct ecr_buf *buf, const char *text, size_t len, bool keep_slash);
