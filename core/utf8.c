/* SPDX-License-Identifier: MIT */
/* UTF-8 by the table of the Unicode standard's well-formed byte sequences (table 3-7). */
#include "utf8.h"

#include <stdint.h>

struct row {
    unsigned char first_low, first_high;   /* of the first byte */
    unsigned char second_low, second_high; /* of the second; all later ones are 80..BF */
    unsigned char length;
};

static const struct row rows[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The length of the character at `at`, 0 when there is none. */
static size_t character(const unsigned char *at, size_t left)
{
    const struct row *row = rows, *stop = rows + sizeof rows / sizeof *rows;
    while (row < stop && !(at[0] >= row->first_low && at[0] <= row->first_high))
        row++;
    if (row == stop || row->length > left)
        return 0;
    if (row->length > 1 && !(at[1] >= row->second_low && at[1] <= row->second_high))
        return 0;
    for (size_t i = 2; i < row->length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return row->length;
}

bool ecr_utf8_valid(const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < len;) {
        size_t step = bytes[i] < 0x80 ? 1 : character(bytes + i, len - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

size_t ecr_utf8_count(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}
