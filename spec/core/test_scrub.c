/* SPDX-License-Identifier: MIT */
#include "scrub.h"

#include "unit.h"

/* 43 bytes, as a token of 32 has in base64 without padding. */
#define TOKEN "abcdefghijklmnopqrstuvwxyz/0123456789+ABCDE"
#define STARS "*******************************************"

static void check(const char *before, const char *secret, const char *after)
{
    char text[300];
    snprintf(text, sizeof text, "%s", before);
    ecr_scrub(text, strlen(text), secret, strlen(secret));
    CHECK_TEXT(text, after);
}

TEST(hides_what_was_sent)
{
    check("a hunter2hunter2 b hunter2hunter2", "hunter2hunter2",
          "a ************** b **************");
    check("hunter2 hunter", "hunter2hunter2", "hunter2 hunter");
    check("", "hunter2hunter2", "");
}

TEST(leaves_short_texts)
{
    check("12345 is short", "12345", "12345 is short");
    check("hunter22 is not", "hunter22", "******** is not");
}

/* RFC 8259, section 7; RFC 3986, section 2.1 */
TEST(knows_other_spellings)
{
    check("x ab\\/cdefgh x", "ab/cdefgh", "x ********** x");
    check("x ab/cd+efgh x", "ab%2Fcd%2befgh", "x ********** x");
    check("x ab%2Fcd%2befgh x", "ab%2Fcd%2befgh", "x ************** x");
    check("x ab\\/cd+efgh x", "ab%2Fcd%2Befgh", "x *********** x");
    check("x 100%abcdef x", "100%abcdef", "x ********** x");
    check("x 100%25abcdef x", "100%25abcdef", "x ************ x");
    check("x abcdefgh% x", "abcdefgh%", "x ********* x");
}

TEST(hides_the_parts_that_are_long_enough_for_a_token)
{
    check("the token " TOKEN " is bad", "Bearer " TOKEN, "the token " STARS " is bad");
    check("bad " TOKEN, "Action=A&Token=" TOKEN "&B=c", "bad " STARS);
    check("bad " TOKEN, "Token=abcdefghijklmnopqrstuvwxyz%2F0123456789%2BABCDE", "bad " STARS);
    check("bad " TOKEN, "{\"a\":\"b\",\"token\":\"" TOKEN "\"}", "bad " STARS);
    check("no AssumeRoleWithWebIdentity", "Action=AssumeRoleWithWebIdentity&A=b",
          "no AssumeRoleWithWebIdentity");
}

/* Spellings by RFC 8259 (JSON), XML 1.0, section 4.1, and RFC 3986 (percent). */
#define SECRET "ab/c+d=\"&<'\\%f"

/* All of it goes. */
static void check_hidden(const char *bytes, const char *text)
{
    char stars[200] = {0};
    memset(stars, '*', strlen(bytes));
    check(bytes, text, stars);
}

TEST(hides_the_text_itself)
{
    check("is hunter22.", "hunter22", "is ********.");
    check("hunthunter22", "hunter22", "hunt********");
    check("hunter2", "hunter22", "hunter2");
    check("", "hunter22", "");
    check_hidden("hunter22hunter22", "hunter22");
    check_hidden(SECRET, SECRET);
    check_hidden("a\\\\b%25c&amp;d", "a\\\\b%25c&amp;d");
}

TEST(hides_every_spelling)
{
    check("x ab\\/c+d=\\\"&<'\\\\%f x", SECRET, "x ***************** x");
    check_hidden("\\u0061b\\u002Fc\\u002bd=\\\"\\u0026\\u003c\\u0027\\\\%f", SECRET);
    check_hidden("ab/c&#43;d&#x3D;&quot;&amp;&lt;&apos;\\%f", SECRET);
    check_hidden("ab/c&#X02b;d=&#0034;&#38;&#60;&#39;\\%f", SECRET);
    check_hidden("ab%2Fc%2bd%3D%22%26%3C%27%5C%25f", SECRET);
    check_hidden("%61%62%63%64%65%66%67%68", "abcdefgh");
}

TEST(leaves_everything_else)
{
    static const char *const other[] = {"ab&#47c+d=\"&<'\\%f",
                                        "ab\\u02fc+d=\"&<'\\%f",
                                        "ab%2c+d=\"&<'\\%f",
                                        "ab&#;c+d=\"&<'\\%f",
                                        "ab&#x;c+d=\"&<'\\%f",
                                        "ab&#303;c+d=\"&<'\\%f",
                                        "ab/c+d=\"&<'\\%",
                                        "ab&#000000047;c+d=",
                                        "&",
                                        "%",
                                        "\\",
                                        "\\u",
                                        "&#",
                                        "&#x",
                                        "%2"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        check(other[i], SECRET, other[i]);
    check("five5", "five5", "five5");
}

int main(void)
{
    RUN("hides every occurrence of what was sent", hides_what_was_sent);
    RUN("leaves texts that are too short", leaves_short_texts);
    RUN("knows how JSON and addresses spell it", knows_other_spellings);
    RUN("hides the parts that are long enough for a token",
        hides_the_parts_that_are_long_enough_for_a_token);
    RUN("hides the text itself", hides_the_text_itself);
    RUN("hides it as JSON, XML and forms spell it", hides_every_spelling);
    RUN("leaves everything else", leaves_everything_else);
    return unit_end();
}
