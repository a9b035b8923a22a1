/* SPDX-License-Identifier: MIT */
/* Constraints of the model. Patterns run in the C library's regular expressions, whose time grows
 * linearly with the text as long as no back-reference is used, and none is. */
#include "check.h"

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "utf8.h"

#define SHOWN 40 /* bytes of the caller's value in a message */

struct ecr_checker {
    bool compiled[64];
    regex_t patterns[64];
};

struct ecr_checker *ecr_checker_new(void)
{
    struct ecr_checker *checker = ecr_alloc(sizeof *checker);
    if (checker)
        memset(checker, 0, sizeof *checker);
    return checker;
}

void ecr_checker_free(struct ecr_checker *checker)
{
    if (!checker)
        return;
    for (size_t i = 0; i < ecr_pattern_count; i++)
        if (checker->compiled[i])
            regfree(&checker->patterns[i]);
    ecr_free(checker);
}

/* The value as a message may show it. */
static void show(const char *text, size_t len, char shown[SHOWN + 4])
{
    size_t n = len > SHOWN ? SHOWN : len;
    for (size_t i = 0; i < n; i++)
        shown[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    snprintf(shown + n, 4, "%s", len > SHOWN ? "..." : "");
}

/* "2 to 256", "at least 1", "at most 5" */
static void range(const struct ecr_shape *shape, char *text, size_t size)
{
    if (shape->min == ECR_NO_LIMIT)
        snprintf(text, size, "at most %lld", (long long)shape->max);
    else if (shape->max == ECR_NO_LIMIT)
        snprintf(text, size, "at least %lld", (long long)shape->min);
    else
        snprintf(text, size, "%lld to %lld", (long long)shape->min, (long long)shape->max);
}

static bool in_range(const struct ecr_shape *shape, int64_t value)
{
    return (shape->min == ECR_NO_LIMIT || value >= shape->min) &&
           (shape->max == ECR_NO_LIMIT || value <= shape->max);
}

enum ecr_status ecr_check_count(const struct ecr_shape *shape, size_t count,
                                struct ecr_error *error)
{
    char limits[64];
    if (in_range(shape, (int64_t)count))
        return ECR_OK;
    range(shape, limits, sizeof limits);
    return ecr_fail(error, ECR_INPUT, NULL, "must hold %s %s (got %zu)", limits,
                    shape->type == ECR_T_BLOB ? "bytes" : "items", count);
}

enum ecr_status ecr_check_integer(const struct ecr_shape *shape, int64_t value,
                                  struct ecr_error *error)
{
    char limits[64];
    if (in_range(shape, value))
        return ECR_OK;
    range(shape, limits, sizeof limits);
    return ecr_fail(error, ECR_INPUT, NULL, "must be %s (got %lld)", limits, (long long)value);
}

static enum ecr_status compile(struct ecr_checker *checker, int pattern, struct ecr_error *error)
{
    if (checker->compiled[pattern])
        return ECR_OK;
    if (regcomp(&checker->patterns[pattern], ecr_patterns[pattern].posix, REG_EXTENDED | REG_NOSUB))
        return ecr_fail_nomem(error); /* the patterns are ours and known to compile */
    checker->compiled[pattern] = true;
    return ECR_OK;
}

static enum ecr_status check_pattern(struct ecr_checker *checker, const struct ecr_shape *shape,
                                     const char *text, size_t len, struct ecr_error *error)
{
    char shown[SHOWN + 4];
    if (shape->pattern < 0)
        return ECR_OK;
    enum ecr_status status = compile(checker, shape->pattern, error);
    if (status != ECR_OK)
        return status;
    bool ends_in_line = memchr(text, '\n', len) != NULL; /* "$" also matches before one */
    if (!ends_in_line && regexec(&checker->patterns[shape->pattern], text, 0, NULL, 0) == 0)
        return ECR_OK;
    show(text, len, shown);
    return ecr_fail(error, ECR_INPUT, NULL, "must match %s (got \"%s\")",
                    ecr_patterns[shape->pattern].published, shown);
}

static enum ecr_status check_enum(const struct ecr_shape *shape, const char *text, size_t len,
                                  struct ecr_error *error)
{
    char shown[SHOWN + 4], words[160] = "";
    size_t used = 0;
    if (shape->enum_count == 0)
        return ECR_OK;
    for (size_t i = 0; i < shape->enum_count; i++) {
        if (strcmp(shape->enums[i], text) == 0)
            return ECR_OK;
        if (used < sizeof words)
            used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", i ? ", " : "",
                                     shape->enums[i]);
    }
    show(text, len, shown);
    return ecr_fail(error, ECR_INPUT, NULL, "must be one of %s (got \"%s\")", words, shown);
}

static enum ecr_status check_length(const struct ecr_shape *shape, const char *text, size_t len,
                                    struct ecr_error *error)
{
    char limits[64];
    size_t count = ecr_utf8_count(text, len);
    if (in_range(shape, (int64_t)count))
        return ECR_OK;
    range(shape, limits, sizeof limits);
    return ecr_fail(error, ECR_INPUT, NULL, "must have %s characters (got %zu)", limits, count);
}

enum ecr_status ecr_check_text(struct ecr_checker *checker, const struct ecr_shape *shape,
                               const char *text, size_t len, struct ecr_error *error)
{
    if (!ecr_utf8_valid(text, len))
        return ecr_fail(error, ECR_INPUT, NULL, "is not valid UTF-8");
    if ((shape->pattern >= 0 || shape->enum_count) && memchr(text, '\0', len))
        return ecr_fail(error, ECR_INPUT, NULL, "holds a zero byte");
    enum ecr_status status = check_length(shape, text, len, error);
    if (status == ECR_OK)
        status = check_enum(shape, text, len, error);
    return status == ECR_OK ? check_pattern(checker, shape, text, len, error) : status;
}
