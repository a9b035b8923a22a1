/* SPDX-License-Identifier: MIT */
/* A plain search: refusals are at most 64 KiB, heads 256 KiB. */
#include "scrub.h"

#include <string.h>

#define SHORTEST 8 /* bytes; what is shorter would hide half of every answer */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* How many digits of the base stand at `at`, at most `most`, and their value. */
static size_t number(const char *at, size_t left, int base, size_t most, unsigned *value)
{
    size_t len = 0;
    for (*value = 0; len < left && len < most && digit(at[len]) < base; len++)
        *value = *value * (unsigned)base + (unsigned)digit(at[len]);
    return len;
}

/* %2F */
static size_t in_url(const char *at, size_t left, unsigned char byte)
{
    unsigned value;
    return number(at + 1, left - 1, 16, 2, &value) == 2 && value == byte ? 3 : 0;
}

/* \/ and \u002f */
static size_t in_json(const char *at, size_t left, unsigned char byte)
{
    unsigned value;
    if (left > 1 && (unsigned char)at[1] == byte)
        return 2;
    if (left < 6 || at[1] != 'u')
        return 0;
    return number(at + 2, left - 2, 16, 4, &value) == 4 && value == byte ? 6 : 0;
}

static size_t in_xml_by_name(const char *at, size_t left, unsigned char byte)
{
    static const char *const names[] = {"&amp;", "<lt;", ">gt;", "\"quot;", "'apos;"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i] + 1);
        if (byte == (unsigned char)names[i][0] && left > len &&
            memcmp(at + 1, names[i] + 1, len) == 0)
            return 1 + len;
    }
    return 0;
}

/* &#43; and &#x2b; and &amp; */
static size_t in_xml(const char *at, size_t left, unsigned char byte)
{
    unsigned value;
    if (left < 4 || at[1] != '#')
        return in_xml_by_name(at, left, byte);
    size_t from = at[2] == 'x' || at[2] == 'X' ? 3 : 2;
    size_t len = from + number(at + from, left - from, from == 3 ? 16 : 10, 7, &value);
    return len > from && len < left && at[len] == ';' && value == byte ? len + 1 : 0;
}

/* How many bytes at `at` spell this one; 0 = they do not. */
static size_t spelled_byte(const char *at, size_t left, unsigned char byte)
{
    size_t len = 0;
    if (at[0] == '%')
        len = in_url(at, left, byte);
    else if (at[0] == '\\')
        len = in_json(at, left, byte);
    else if (at[0] == '&')
        len = in_xml(at, left, byte);
    return len > 0 ? len : (unsigned char)at[0] == byte;
}

/* How many bytes at `at` spell the text; 0 = they do not. */
static size_t spelled(const char *at, size_t left, const char *text, size_t text_len)
{
    size_t used = 0;
    if (left >= text_len && memcmp(at, text, text_len) == 0)
        return text_len;
    for (size_t i = 0; i < text_len; i++) {
        size_t len = used < left ? spelled_byte(at + used, left - used, (unsigned char)text[i]) : 0;
        if (len == 0)
            return 0;
        used += len;
    }
    return used;
}

void ecr_scrub(char *bytes, size_t len, const char *text, size_t text_len)
{
    if (text_len < SHORTEST)
        return;
    for (size_t at = 0; at < len; at++) {
        size_t found = spelled(bytes + at, len - at, text, text_len);
        if (found)
            memset(bytes + at, '*', found);
    }
}
