/* SPDX-License-Identifier: MIT */
/* Hiding what we sent and must not read back: a service that refuses a request may quote it,
 * session token and all, and a load balancer may put it into a header. */
#pragma once

#include <stddef.h>

/* Overwrites each occurrence of `text` in the bytes with stars: as it is, and where some or all of
 * its bytes are spelled as URLs ("%2F"), JSON ("\/", "\u002f") or XML ("&#43;", "&#x2b;", "&amp;")
 * spell them. Nothing is done for a text of fewer than 8 bytes. */
void ecr_scrub(char *bytes, size_t len, const char *text, size_t text_len);
