/* SPDX-License-Identifier: MIT */
/* Keeping the end of a text, and making one line of it. */
#include "remark.h"

#include <stdbool.h>
#include <string.h>

#include "secret.h"
#include "utf8.h"

#define CUT "..."

void ecr_remark_add(struct ecr_remark *remark, const char *bytes, size_t len)
{
    if (len > ECR_REMARK_MAX) {
        bytes += len - ECR_REMARK_MAX;
        len = ECR_REMARK_MAX;
    }
    if (remark->len + len > ECR_REMARK_MAX) {
        size_t kept = ECR_REMARK_MAX - len;
        memmove(remark->bytes, remark->bytes + remark->len - kept, kept);
        remark->len = kept;
    }
    memcpy(remark->bytes + remark->len, bytes, len);
    remark->len += len;
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static bool is_blank(char byte)
{
    return (unsigned char)byte <= ' ' || byte == 0x7f;
}

/* A control character of the second set, U+0080 to U+009F. */
static bool is_c1(const char *bytes, size_t left)
{
    return left > 1 && (unsigned char)bytes[0] == 0xc2 && continues(bytes[1]) &&
           (unsigned char)bytes[1] < 0xa0;
}

/* As one line, which is never longer. Gives its length. */
static size_t fold(const char *bytes, size_t len, char *line)
{
    bool text = ecr_utf8_valid(bytes, len);
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        bool c1 = is_c1(bytes + i, len - i);
        if (!text && (unsigned char)bytes[i] > 0x7f)
            line[used++] = '?';
        else if (!c1 && !is_blank(bytes[i]))
            line[used++] = bytes[i];
        else if (used > 0 && line[used - 1] != ' ')
            line[used++] = ' ';
        i += text && c1;
    }
    while (used > 0 && line[used - 1] == ' ')
        used--;
    return used;
}

void ecr_remark_line(const struct ecr_remark *remark, char *line, size_t size)
{
    char folded[ECR_REMARK_MAX];
    size_t from = 0, room = size - 1;
    if (remark->len == ECR_REMARK_MAX) /* a character may have lost its beginning */
        while (from < remark->len && continues(remark->bytes[from]))
            from++;
    size_t len = fold(remark->bytes + from, remark->len - from, folded);
    from = 0;
    if (len > room) {
        from = len - (room - strlen(CUT));
        while (from < len && continues(folded[from]))
            from++;
    }
    memcpy(line, CUT, from > 0 ? strlen(CUT) : 0);
    line += from > 0 ? strlen(CUT) : 0;
    memcpy(line, folded + from, len - from);
    line[len - from] = '\0';
    ecr_wipe(folded, sizeof folded);
}
