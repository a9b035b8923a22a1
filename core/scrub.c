/* SPDX-License-Identifier: MIT */
/* A plain search: refusals are at most 64 KiB. */
#include "scrub.h"

#include <stdbool.h>
#include <string.h>

#define SHORTEST      6 /* bytes, as an MFA code has; what is shorter would hide half of an answer */
#define SHORTEST_PART 32 /* more than the name of any operation has */
#define DIGITS        8  /* of a number, at most */

struct word {
    const char *spelling;
    char byte;
};

static const struct word words[] = {
    {"\\\"", '"'},  {"\\\\", '\\'}, {"\\/", '/'},  {"\\n", '\n'},   {"\\r", '\r'},    {"\\t", '\t'},
    {"&amp;", '&'}, {"&lt;", '<'},  {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''},
};

/* What stands before and behind a number that means a byte. */
struct form {
    const char *before;
    unsigned base;
    size_t digits; /* exactly so many; 0 = any number of them */
    const char *behind;
};

static const struct form forms[] = {
    {"\\u", 16, 4, ""},  {"%", 16, 2, ""},   {"&#x", 16, 0, ";"},
    {"&#X", 16, 0, ";"}, {"&#", 10, 0, ";"},
};

static bool begins(const char *at, size_t left, const char *word)
{
    size_t len = strlen(word);
    return len <= left && memcmp(at, word, len) == 0;
}

/* -1 = none of this base. */
static int digit(char byte, unsigned base)
{
    static const char digits[] = "0123456789abcdef";
    char lower = byte >= 'A' && byte <= 'F' ? (char)(byte - 'A' + 'a') : byte;
    const char *found = memchr(digits, lower, base);
    return found ? (int)(found - digits) : -1;
}

/* How many bytes at `at` are this byte in this form; 0 = they are not. */
static size_t in_form(const char *at, size_t left, const struct form *form, unsigned char byte)
{
    size_t first = strlen(form->before), used = first;
    size_t most = form->digits ? form->digits : DIGITS;
    unsigned long value = 0;
    if (!begins(at, left, form->before))
        return 0;
    for (; used < left && used - first < most && digit(at[used], form->base) >= 0; used++)
        value = value * form->base + (unsigned long)digit(at[used], form->base);
    if (used == first || (form->digits && used - first != form->digits) || value != byte)
        return 0;
    return begins(at + used, left - used, form->behind) ? used + strlen(form->behind) : 0;
}

/* The same in any of the spellings. */
static size_t in_any(const char *at, size_t left, char byte)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].byte == byte && begins(at, left, words[i].spelling))
            return strlen(words[i].spelling);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t used = in_form(at, left, &forms[i], (unsigned char)byte);
        if (used)
            return used;
    }
    return left > 0 && *at == byte ? 1 : 0;
}

/* The byte that the text says at `i`, and how many bytes it needs for that. */
static char said(const char *text, size_t len, size_t i, size_t *used)
{
    int high = text[i] == '%' && len - i > 2 ? digit(text[i + 1], 16) : -1;
    int low = high >= 0 ? digit(text[i + 2], 16) : -1;
    *used = low >= 0 ? 3 : 1;
    return low >= 0 ? (char)(high << 4 | low) : text[i];
}

/* How many bytes at `at` spell one byte, or the `code_len` bytes that it was sent as; 0 = they do
 * not. */
static size_t spelled_byte(const char *at, size_t left, char byte, const char *code,
                           size_t code_len)
{
    if (code_len > 1 && left >= code_len && memcmp(at, code, code_len) == 0)
        return code_len;
    return in_any(at, left, byte);
}

/* How many bytes at `at` spell the text; 0 = they do not. */
static size_t spelled(const char *at, size_t left, const char *text, size_t text_len)
{
    size_t used = 0, code_len;
    if (text_len <= left && memcmp(at, text, text_len) == 0)
        return text_len;
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
