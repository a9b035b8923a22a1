/* SPDX-License-Identifier: MIT */
/* ISO 8601 as AWS writes it, to seconds since the epoch. By hand because strptime knows neither
 * fractions nor what follows them, and timegm needs a struct tm that nobody checks. And back, which
 * the C library does. */
#include "timestamp.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define FIRST (-62135596800.0) /* 0001-01-01T00:00:00Z */
#define LIMIT 253402300800.0   /* 10000-01-01T00:00:00Z */

struct cursor {
    const char *at, *stop;
};

static bool byte_is(struct cursor *cursor, const char *choices)
{
    if (cursor->at == cursor->stop)
        return false;
    for (; *choices; choices++) {
        if (*cursor->at == *choices) {
            cursor->at++;
            return true;
        }
    }
    return false;
}

/* Exactly `digits` digits with a value from `low` to `high`. */
static bool number(struct cursor *cursor, int digits, int low, int high, int *value)
{
    *value = 0;
    for (; digits > 0; digits--) {
        if (cursor->at == cursor->stop || *cursor->at < '0' || *cursor->at > '9')
            return false;
        *value = *value * 10 + (*cursor->at++ - '0');
    }
    return *value >= low && *value <= high;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar (March-based years). */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool fraction(struct cursor *cursor, double *value)
{
    *value = 0;
    if (!byte_is(cursor, "."))
        return true;
    const char *first = cursor->at;
    for (double unit = 0.1; cursor->at < cursor->stop && *cursor->at >= '0' && *cursor->at <= '9';
         unit /= 10)
        *value += (*cursor->at++ - '0') * unit;
    return cursor->at > first;
}

/* "Z", "UTC" (older files of SSO tokens) or an offset; in seconds east of UTC. */
static bool zone(struct cursor *cursor, int *offset)
{
    int hours, minutes, sign;
    *offset = 0;
    if (byte_is(cursor, "Zz"))
        return true;
    if (byte_is(cursor, "U"))
        return byte_is(cursor, "T") && byte_is(cursor, "C");
    if (cursor->at == cursor->stop)
        return false;
    sign = *cursor->at == '-' ? -1 : 1;
    if (!byte_is(cursor, "+-") || !number(cursor, 2, 0, 23, &hours))
        return false;
    byte_is(cursor, ":");
    if (!number(cursor, 2, 0, 59, &minutes))
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool ecr_timestamp_parse(const char *text, size_t len, double *seconds)
{
    struct cursor cursor = {text, text + len};
    int year, month, day, hour, minute, second, offset;
    double part;
    bool ok = number(&cursor, 4, 1, 9999, &year) && byte_is(&cursor, "-") &&
              number(&cursor, 2, 1, 12, &month) && byte_is(&cursor, "-") &&
              number(&cursor, 2, 1, days_of_month(year, month), &day) && byte_is(&cursor, "Tt ") &&
              number(&cursor, 2, 0, 23, &hour) && byte_is(&cursor, ":") &&
              number(&cursor, 2, 0, 59, &minute) && byte_is(&cursor, ":") &&
              number(&cursor, 2, 0, 60, &second) && fraction(&cursor, &part) &&
              zone(&cursor, &offset) && cursor.at == cursor.stop;
    if (!ok)
        return false;
    int64_t whole = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *seconds = (double)(whole - offset) + part;
    return true;
}

bool ecr_timestamp_is(double seconds)
{
    return seconds >= FIRST && seconds < LIMIT;
}

void ecr_timestamp_format(double seconds, char text[ECR_TIMESTAMP_SIZE])
{
    struct tm parts;
    time_t whole = (time_t)floor(seconds);
    gmtime_r(&whole, &parts);
    snprintf(text, ECR_TIMESTAMP_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d+00:00", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}
