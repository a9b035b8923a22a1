/* SPDX-License-Identifier: MIT */
#include "scrub.h"

#include <stdlib.h>

#include "unit.h"

#define SECRET "ab/+=&\"c\\%"

static char bytes[256];

/* What is left of a text. */
static const char *left_of(const char *text, const char *secret)
{
    snprintf(bytes, sizeof bytes, "%s", text);
    ecr_scrub(bytes, strlen(bytes), secret, strlen(secret));
    return bytes;
}

TEST(hides_each_occurrence)
{
    CHECK_TEXT(left_of("x 12345678 y 1234567812345678 1234567", "12345678"),
               "x ******** y **************** 1234567");
    CHECK_TEXT(left_of("112345678", "12345678"), "1********");
    CHECK_TEXT(left_of("", "12345678"), "");
}

/* RFC 3986, section 2.1; RFC 8259, section 7; XML 1.0, sections 4.1 and 4.6. */
TEST(hides_what_is_spelled_otherwise)
{
    CHECK_TEXT(left_of("<" SECRET ">", SECRET), "<**********>");
    CHECK_TEXT(left_of("ab%2F%2b%3D%26%22c%5C%25.", SECRET), "************************.");
    CHECK_TEXT(left_of("%61%62/+=&%22%63\\%", SECRET), "******************");
    CHECK_TEXT(left_of("ab\\/+=&\\\"c\\\\%.", SECRET), "*************.");
    CHECK_TEXT(left_of("ab\\u002f\\u002B=&\\u0022c\\\\%.", SECRET), "**************************.");
    CHECK_TEXT(left_of("ab/&#43;=&amp;&quot;c\\%.", SECRET), "***********************.");
    CHECK_TEXT(left_of("ab&#x2f;&#X2B;=&#38;&#x00022;c\\%.", SECRET),
               "********************************.");
}

TEST(hides_nothing_else)
{
    CHECK_TEXT(left_of("ab%2F%2b%3D%26%22d%5C%25.", SECRET), "ab%2F%2b%3D%26%22d%5C%25.");
    CHECK_TEXT(left_of("1234567", "1234567"), "1234567");
    CHECK_TEXT(left_of("&#49;&#50;34567&#56", "12345678"), "&#49;&#50;34567&#56");
}

/* The texts end where the bytes do: the sanitizers see what reads on. */
TEST(stops_at_the_end)
{
    static const char *const ends[] = {
        "1234567",   "1234567%",   "1234567%3",  "1234567\\",    "1234567\\u003", "1234567&",
        "1234567&#", "1234567&#5", "1234567&#x", "1234567&#x38", "1234567&amp",   "1234567&#56"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *exact = malloc(strlen(ends[i]));
        memcpy(exact, ends[i], strlen(ends[i]));
        ecr_scrub(exact, strlen(ends[i]), "12345678", 8);
        CHECK(memcmp(exact, ends[i], strlen(ends[i])) == 0);
        free(exact);
    }
}

int main(void)
{
    RUN("each occurrence of a secret is hidden", hides_each_occurrence);
    RUN("a secret is hidden as URLs, JSON and XML spell it", hides_what_is_spelled_otherwise);
    RUN("nothing else is hidden", hides_nothing_else);
    RUN("a secret that is cut off at the end is no secret", stops_at_the_end);
    return unit_end();
}
