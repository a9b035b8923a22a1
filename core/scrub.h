/* SPDX-License-Identifier: MIT */
/* Hiding what we sent and must not read back: a service that refuses a request may quote it,
 * session token and all, or a part of it: one field of a form, the token behind "Bearer". */
#pragma once

#include <stddef.h>

/* Overwrites each occurrence of `text` in the bytes with stars, and of each part of it that is long
 * enough for a token (32 bytes), also where JSON spells a slash as "\/" and where the text is
 * percent-encoded and the bytes are not. Nothing is done for a text of fewer than 8 bytes. */
void ecr_scrub(char *bytes, size_t len, const char *text, size_t text_len);
