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
    check("hunter2 is short", "hunter2", "hunter2 is short");
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

int main(void)
{
    RUN("hides every occurrence of what was sent", hides_what_was_sent);
    RUN("leaves texts that are too short", leaves_short_texts);
    RUN("knows how JSON and addresses spell it", knows_other_spellings);
    RUN("hides the parts that are long enough for a token",
        hides_the_parts_that_are_long_enough_for_a_token);
    return unit_end();
}
