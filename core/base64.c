/* SPDX-License-Identifier: MIT */
/* Base64. Not libcrypto's: that one skips white space and does not check the padding. */
#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The characters of `letters`; groups that are not full are padded or cut. */
static enum ecr_status encode(struct ecr_buf *buf, const unsigned char *in, size_t len,
                              const char *letters, bool padded)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;
        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? in[i + 2] : 0;
        const char four[] = {letters[group >> 18], letters[group >> 12 & 63],
                             left > 1 ? letters[group >> 6 & 63] : '=',
                             left > 2 ? letters[group & 63] : '='};
        size_t count = padded || left > 2 ? sizeof four : left + 1;
        enum ecr_status status = ecr_buf_append(buf, four, count);
        if (status != ECR_OK)
            return status;
    }
    return ECR_OK;
}

enum ecr_status ecr_base64_encode(struct ecr_buf *buf, const void *bytes, size_t len)
{
    return encode(buf, bytes, len, alphabet, true);
}

enum ecr_status ecr_base64url_encode(struct ecr_buf *buf, const void *bytes, size_t len)
{
    return encode(buf, bytes, len, url_alphabet, false);
}

static int value_of(char character)
{
    const char *at = character ? strchr(alphabet, character) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Four characters to `count` bytes; false when they are none. */
static bool decode_group(const char *four, size_t count, unsigned char out[3])
{
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i <= count ? value_of(four[i]) : 0;
        if (value < 0 || (i > count && four[i] != '='))
            return false;
        group = group << 6 | (uint32_t)value;
    }
    for (size_t i = 0; i < 3; i++)
        out[i] = (unsigned char)(group >> (16 - 8 * i));
    return (group & ((1u << (24 - 8 * count)) - 1)) == 0;
}

enum ecr_status ecr_base64_decode(struct ecr_buf *buf, const char *text, size_t len)
{
    if (len % 4 != 0)
        return ECR_INPUT;
    for (size_t i = 0; i < len; i += 4) {
        unsigned char bytes[3];
        bool last = i + 4 == len;
        size_t count = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 1 : 2) : 3;
        if (!decode_group(text + i, count, bytes))
            return ECR_INPUT;
        enum ecr_status status = ecr_buf_append(buf, bytes, count);
        if (status != ECR_OK)
            return status;
    }
    return ECR_OK;
}
