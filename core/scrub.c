/* SPDX-License-Identifier: MIT */
/* A plain search: refusals are at most 64 KiB. */
#include "scrub.h"

#include <stdbool.h>
#include <string.h>

#define SHORTEST      8  /* bytes; what is shorter would hide half of every answer */
#define SHORTEST_PART 32 /* more than the name of any operation has */

static int hex_digit(char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = byte ? strchr(digits, byte | 0x20) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* The byte that the text says at `i`, and how many bytes it needs for that. */
static char said(const char *text, size_t len, size_t i, size_t *used)
{
    int high = text[i] == '%' && len - i > 2 ? hex_digit(text[i + 1]) : -1;
    int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    *used = low >= 0 ? 3 : 1;
    return low >= 0 ? (char)(high << 4 | low) : text[i];
}

/* How many bytes at `at` spell one byte, or the `code_len` bytes it was written with; 0 = they do
 * not. */
static size_t spelled_byte(const char *at, size_t left, char byte, const char *code,
                           size_t code_len)
{
    if (left >= code_len && memcmp(at, code, code_len) == 0)
        return code_len;
    if (left >= 1 && at[0] == byte)
        return 1;
    return byte == '/' && left >= 2 && at[0] == '\\' && at[1] == '/' ? 2 : 0;
}

/* How many bytes at `at` spell the text; 0 = they do not. */
static size_t spelled(const char *at, size_t left, const char *text, size_t text_len)
{
    size_t used = 0, code_len;
    for (size_t i = 0; i < text_len; i += code_len) {
        char byte = said(text, text_len, i, &code_len);
        size_t found = spelled_byte(at + used, left - used, byte, text + i, code_len);
        if (!found)
            return 0;
        used += found;
    }
    return used;
}

static void hide(char *bytes, size_t len, const char *text, size_t text_len)
{
    for (size_t at = 0; at < len; at++) {
        size_t found = spelled(bytes + at, len - at, text, text_len);
        if (found)
            memset(bytes + at, '*', found);
    }
}

/* What a token is made of, plain, in base64 or percent-encoded. */
static bool is_of_a_token(char byte)
{
    static const char others[] = "-._~+/%";
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || (byte && strchr(others, byte));
}

static void hide_parts(char *bytes, size_t len, const char *text, size_t text_len)
{
    for (size_t i = 0, size; i < text_len; i += size + 1) {
        for (size = 0; i + size < text_len && is_of_a_token(text[i + size]);)
            size++;
        if (size >= SHORTEST_PART && size < text_len)
            hide(bytes, len, text + i, size);
    }
}

void ecr_scrub(char *bytes, size_t len, const char *text, size_t text_len)
{
    if (text_len < SHORTEST)
        return;
    hide(bytes, len, text, text_len);
    hide_parts(bytes, len, text, text_len);
}
