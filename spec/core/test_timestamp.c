/* SPDX-License-Identifier: MIT */
/* Expected seconds from Python's calendar.timegm; what is no time from RFC 3339, section 5.6 and
 * 5.7. AWS's older files end in "UTC". */
#include "timestamp.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

static bool parse(const char *text, double *seconds)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1); /* without a zero byte, so that reading beyond it is seen */
    memcpy(copy, text, len);
    bool ok = ecr_timestamp_parse(copy, len, seconds);
    free(copy);
    return ok;
}

static void check(const char *text, double expected)
{
    double seconds = NAN;
    if (!parse(text, &seconds) || fabs(seconds - expected) > 1e-6) {
        printf("  %s: %.6f\n", text, seconds);
        CHECK(seconds == expected);
    }
}

TEST(reads_utc_in_every_spelling)
{
    check("2026-01-02T03:04:05Z", 1767323045);
    check("2026-01-02t03:04:05z", 1767323045);
    check("2026-01-02 03:04:05Z", 1767323045);
    check("2026-01-02T03:04:05UTC", 1767323045);
    check("2026-01-02T03:04:05.5UTC", 1767323045.5);
    check("2026-01-02T03:04:05+00:00", 1767323045);
    check("2026-01-02T03:04:05-00:00", 1767323045);
    check("1970-01-01T00:00:00Z", 0);
    check("0001-01-01T00:00:00Z", -62135596800.0);
    check("9999-12-31T23:59:59Z", 253402300799.0);
}

TEST(reads_offsets)
{
    check("2026-01-02T03:04:05+02:00", 1767315845);
    check("2026-01-02T03:04:05+0200", 1767315845);
    check("2026-01-02T03:04:05-05:30", 1767342845);
    check("2026-01-02T00:00:00+23:59", 1767225660);
    check("2025-12-31T23:59:59.999999-00:01", 1767225659.999999);
}

TEST(reads_fractions)
{
    check("2026-01-02T03:04:05.1Z", 1767323045.1);
    check("2026-01-02T03:04:05.000001Z", 1767323045.000001);
    check("2026-01-02T03:04:05.123456789012345678901234567890Z", 1767323045.123457);
}

TEST(knows_the_calendar)
{
    check("2024-02-29T00:00:00Z", 1709164800);
    check("2000-02-29T00:00:00Z", 951782400);
    check("2025-03-01T00:00:00Z", 1740787200);
    check("2016-12-31T23:59:60Z", 1483228800); /* a leap second is the next second */
}

TEST(refuses_what_is_no_time)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-01-02",
                                      "2026-01-02T03:04:05",
                                      "2026-01-02T03:04:05utc",
                                      "2026-01-02T03:04:05UT",
                                      "2026-01-02T03:04:05U",
                                      "2026-01-02T03:04:05UTCX",
                                      "2026-01-02T03:04:05 UTC",
                                      "2026-01-02T03:04:05ZUTC",
                                      "2026-01-02T03:04:05GMT",
                                      "2026-01-02T03:04:05.Z",
                                      "2026-01-02T03:04:05.UTC",
                                      "2026-01-02T03:04:05+2:00",
                                      "2026-01-02T03:04:05+24:00",
                                      "2026-01-02T03:04:05+00:60",
                                      "2026-01-02T03:04:05+",
                                      "2026-01-02T03:04:05+00",
                                      "2026-01-02T03:04:05+00:",
                                      "2026-01-02T03:04:05+00:0",
                                      "2026-01-02T03:04Z",
                                      "2026-01-02T24:00:00Z",
                                      "2026-01-02T03:60:00Z",
                                      "2026-01-02T03:04:61Z",
                                      "2026-00-02T03:04:05Z",
                                      "2026-13-02T03:04:05Z",
                                      "2026-01-00T03:04:05Z",
                                      "2026-01-32T03:04:05Z",
                                      "2026-02-29T03:04:05Z",
                                      "1900-02-29T03:04:05Z",
                                      "2026-04-31T03:04:05Z",
                                      "0000-01-02T03:04:05Z",
                                      "26-01-02T03:04:05Z",
                                      "12026-01-02T03:04:05Z",
                                      " 2026-01-02T03:04:05Z",
                                      "2026-01-02T03:04:05Z ",
                                      "2026-1-2T3:4:5Z",
                                      "-026-01-02T03:04:05Z",
                                      "1767323045"};
    double seconds;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(bad[i], &seconds))
            CHECK_TEXT(bad[i], "no time");
    CHECK(!ecr_timestamp_parse("2026-01-02T03:04:05\0Z", 21, &seconds));
}

TEST(writes_what_it_reads)
{
    char text[ECR_TIMESTAMP_SIZE];
    ecr_timestamp_format(1767323045.9, text);
    CHECK_TEXT(text, "2026-01-02T03:04:05+00:00");
    ecr_timestamp_format(-1, text);
    CHECK_TEXT(text, "1969-12-31T23:59:59+00:00");
    ecr_timestamp_format(-62135596800.0, text);
    CHECK_TEXT(text, "0001-01-01T00:00:00+00:00");
    CHECK(!ecr_timestamp_is(-62135596801.0) && !ecr_timestamp_is(253402300800.0));
    CHECK(ecr_timestamp_is(253402300799.0) && !ecr_timestamp_is(NAN));
}

int main(void)
{
    RUN("reads UTC in every spelling", reads_utc_in_every_spelling);
    RUN("reads offsets", reads_offsets);
    RUN("reads fractions", reads_fractions);
    RUN("knows the calendar", knows_the_calendar);
    RUN("refuses what is no time", refuses_what_is_no_time);
    RUN("writes what it reads", writes_what_it_reads);
    return unit_end();
}
