/* SPDX-License-Identifier: MIT */
/* One pass over the text; positions in messages count from 1. */
#include "name.h"

#define MIN_REPOSITORY 2
#define MAX_PRIVATE    256
#define MAX_PUBLIC     205
#define MAX_TAG        128

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_separator(char c)
{
    return c == '.' || c == '_' || c == '-';
}

static enum ecr_status refuse_at(struct ecr_error *error, size_t at, const char *rule)
{
    return ecr_fail(error, ECR_INPUT, "name", "%s (character %zu)", rule, at + 1);
}

/* How many separators that are the same may stand in a row: private registries take "__" and any
 * run of "-". */
static size_t longest_run(char separator, bool public)
{
    if (public || separator == '.')
        return 1;
    return separator == '_' ? 2 : MAX_PRIVATE;
}

/* The run of separators at `*at`, after a letter or digit; `*at` is moved behind it. */
static enum ecr_status skip_separators(const char *text, size_t len, size_t *at, bool public,
                                       struct ecr_error *error)
{
    size_t start = *at;
    while (*at < len && text[*at] == text[start])
        ++*at;
    if (*at - start > longest_run(text[start], public))
        return refuse_at(error, start, "too many of the same separator in a row");
    if (*at == len || !is_letter_or_digit(text[*at]))
        return refuse_at(error, start, "a separator stands between lower-case letters or digits");
    return ECR_OK;
}

enum ecr_status ecr_name_repository(const char *text, size_t len, bool public,
                                    struct ecr_error *error)
{
    size_t most = public ? MAX_PUBLIC : MAX_PRIVATE;
    bool within = false; /* a component has begun */
    if (len < MIN_REPOSITORY || len > most)
        return ecr_fail(error, ECR_INPUT, "name",
                        "a repository's name has %d to %zu characters (this one: %zu)",
                        MIN_REPOSITORY, most, len);
    for (size_t at = 0; at < len;) {
        if (is_letter_or_digit(text[at])) {
            within = true;
            at++;
        } else if (text[at] == '/' && within && at + 1 < len) {
            within = false;
            at++;
        } else if (is_separator(text[at]) && within) {
            enum ecr_status status = skip_separators(text, len, &at, public, error);
            if (status != ECR_OK)
                return status;
        } else if (text[at] == '/' || is_separator(text[at])) {
            return refuse_at(error, at,
                             "each part begins and ends with a lower-case letter or digit");
        } else {
            return refuse_at(error, at,
                             "lower-case letters, digits, \".\", \"_\", \"-\" and \"/\" only");
        }
    }
    return ECR_OK;
}

static bool is_word(char c)
{
    return is_letter_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

enum ecr_status ecr_name_tag(const char *text, size_t len, struct ecr_error *error)
{
    if (len == 0 || len > MAX_TAG)
        return ecr_fail(error, ECR_INPUT, "name", "a tag has 1 to %d characters", MAX_TAG);
    if (!is_word(text[0]))
        return refuse_at(error, 0, "a tag begins with a letter, a digit or \"_\"");
    for (size_t at = 1; at < len; at++)
        if (!is_word(text[at]) && text[at] != '.' && text[at] != '-')
            return refuse_at(error, at, "a tag holds letters, digits, \"_\", \".\" and \"-\" only");
    return ECR_OK;
}
