/* SPDX-License-Identifier: MIT */
/* Hiding what we sent and must not read back: a service that refuses a signature may quote the
 * request, session token and all. */
#pragma once

#include <stddef.h>

/* Overwrites each occurrence of `text` in the bytes with stars, also where JSON spells a slash as
 * "\/". Nothing is done for a text of fewer than 8 bytes. */
void ecr_scrub(char *bytes, size_t len, const char *text, size_t text_len);
