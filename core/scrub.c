/* SPDX-License-Identifier: MIT */
/* A plain search: refusals are at most 64 KiB. */
#include "scrub.h"

#include <string.h>

#define SHORTEST 6 /* bytes, as a one-time code has; less would hide half of every answer */

/* How many bytes at `at` spell the text; 0 = they do not. */
static size_t spelled(const char *at, size_t left, const char *text, size_t text_len)
{
    size_t used = 0;
    for (size_t i = 0; i < text_len; i++) {
        if (text[i] == '/' && used + 1 < left && at[used] == '\\' && at[used + 1] == '/')
            used++;
        if (used >= left || at[used] != text[i])
            return 0;
        used++;
    }
    return used;
}

void ecr_scrub(char *bytes, size_t len, const char *text, size_t text_len)
{
    if (text_len < SHORTEST)
        return;
    for (size_t at = 0; at < len; at++) {
        size_t found = bytes[at] == text[0] ? spelled(bytes + at, len - at, text, text_len) : 0;
        if (found)
            memset(bytes + at, '*', found);
    }
}
