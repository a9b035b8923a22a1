/* SPDX-License-Identifier: MIT */
#include "remark.h"

#include "unit.h"

static struct ecr_remark remark;
static char line[64];

/* What becomes of a text. */
static const char *line_of(const char *text)
{
    remark.len = 0;
    ecr_remark_add(&remark, text, strlen(text));
    ecr_remark_line(&remark, line, sizeof line);
    return line;
}

TEST(makes_one_line)
{
    CHECK_TEXT(line_of(""), "");
    CHECK_TEXT(line_of(" \n\t\n"), "");
    CHECK_TEXT(line_of("no such role\n"), "no such role");
    CHECK_TEXT(line_of("\nusage: x\r\n\n  [options]\n"), "usage: x [options]");
    CHECK_TEXT(line_of("h\xc3\xa9 \xe2\x82\xac"), "h\xc3\xa9 \xe2\x82\xac");
}

/* ECMA-48's two sets of control characters, the second also as single bytes. */
TEST(steers_no_terminal)
{
    CHECK_TEXT(line_of("a\x1b[31mred\x07\x7f"), "a [31mred");
    CHECK_TEXT(line_of("a\xc2\x9b"
                       "31mred"),
               "a 31mred");
    CHECK_TEXT(line_of("\xc3\xa9\x9b"
                       "31mred\n"),
               "???31mred");
    remark.len = 0;
    ecr_remark_add(&remark, "a\0b", 3);
    ecr_remark_line(&remark, line, sizeof line);
    CHECK_TEXT(line, "a b");
}

TEST(keeps_the_end)
{
    char text[8] = "";
    remark.len = 0;
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "%04d\n", i);
        ecr_remark_add(&remark, text, 5);
    }
    CHECK(remark.len == ECR_REMARK_MAX);
    CHECK(memcmp(remark.bytes + remark.len - 10, "1998\n1999\n", 10) == 0);
    ecr_remark_line(&remark, line, 21);
    CHECK_TEXT(line, "...96 1997 1998 1999");
    ecr_remark_line(&remark, line, 19);
    CHECK_TEXT(line, "... 1997 1998 1999");
    static char large[3 * ECR_REMARK_MAX];
    memset(large, 'x', sizeof large);
    memcpy(large + sizeof large - 4, " end", 4);
    ecr_remark_add(&remark, large, sizeof large);
    ecr_remark_line(&remark, line, 12);
    CHECK_TEXT(line, "...xxxx end");
}

/* Neither where the text was cut to be kept, nor where the line is. */
TEST(cuts_no_character)
{
    remark.len = 0;
    for (int i = 0; i < 1000; i++)
        ecr_remark_add(&remark, "\xe2\x82\xac", 3);
    for (size_t size = 8; size < sizeof line; size++) {
        ecr_remark_line(&remark, line, size);
        size_t len = strlen(line);
        CHECK(len < size && size - len <= 3 && len % 3 == 0);
        CHECK(memcmp(line, "...\xe2\x82\xac", 6) == 0);
    }
}

int main(void)
{
    RUN("a remark becomes one line", makes_one_line);
    RUN("a remark steers no terminal", steers_no_terminal);
    RUN("of a long remark the end is kept", keeps_the_end);
    RUN("no character is cut", cuts_no_character);
    return unit_end();
}
