/* SPDX-License-Identifier: MIT */
/* A unit program is: includes, static functions made with TEST, and one RUN list in main. A check
 * that fails prints where and lets the test go on; the program ends with "N passed, N failed". */
#pragma once

#include <stdio.h>
#include <string.h>

static int unit_passed, unit_failed, unit_broken;

#define TEST(function) static void function(void)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            unit_broken++;                                                                         \
            printf("  %s:%d: %s\n", __FILE__, __LINE__, #condition);                               \
        }                                                                                          \
    } while (0)

#define CHECK_TEXT(got, expected) unit_text(__FILE__, __LINE__, got, expected)

static inline void unit_text(const char *file, int line, const char *got, const char *expected)
{
    if (got && strcmp(got, expected) == 0)
        return;
    unit_broken++;
    printf("  %s:%d: got      \"%s\"\n  expected \"%s\"\n", file, line, got ? got : "(null)",
           expected);
}

/* RUN("a sentence about behaviour", function) */
#define RUN(sentence, function)                                                                    \
    do {                                                                                           \
        unit_broken = 0;                                                                           \
        function();                                                                                \
        if (unit_broken == 0) {                                                                    \
            unit_passed++;                                                                         \
        } else {                                                                                   \
            unit_failed++;                                                                         \
            printf("not ok - %s (%s)\n", sentence, __FILE__);                                      \
        }                                                                                          \
    } while (0)

static inline int unit_end(void)
{
    printf("%d passed, %d failed\n", unit_passed, unit_failed);
    return unit_failed != 0;
}
