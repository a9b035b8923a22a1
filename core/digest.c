/* SPDX-License-Identifier: MIT */
/* Syntax and verification of digests. */
#include "digest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"

struct algorithm {
    const char *name;
    size_t digits;
    enum ecr_status (*hash)(const void *bytes, size_t len, unsigned char *out);
};

static const struct algorithm algorithms[] = {
    {"sha256", 2 * ECR_SHA256_SIZE, ecr_sha256},
    {"sha512", 2 * ECR_SHA512_SIZE, ecr_sha512},
};

static bool is_one_of(char c, const char *extra)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(extra, c));
}

/* Components of [a-z0-9]+ joined by one of "+._-". */
static bool is_algorithm(const char *text, size_t len)
{
    bool word = false;
    for (size_t i = 0; i < len; i++) {
        bool separator = !is_one_of(text[i], "");
        if (separator && (!word || !is_one_of(text[i], "+._-")))
            return false;
        word = !separator;
    }
    return word;
}

static bool is_encoded(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_one_of(text[i], "=_-") && !(text[i] >= 'A' && text[i] <= 'Z'))
            return false;
    return len > 0;
}

static const struct algorithm *find_algorithm(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (strlen(algorithms[i].name) == len && memcmp(algorithms[i].name, name, len) == 0)
            return &algorithms[i];
    return NULL;
}

static enum ecr_status check_digits(const struct algorithm *algorithm, const char *digits,
                                    size_t len, struct ecr_error *error)
{
    if (len != algorithm->digits)
        return ecr_fail(error, ECR_INPUT, "digest", "a %s digest has %zu digits, this one %zu",
                        algorithm->name, algorithm->digits, len);
    for (size_t i = 0; i < len; i++)
        if (!strchr("0123456789abcdef", digits[i]))
            return ecr_fail(error, ECR_INPUT, "digest",
                            "a %s digest is lower-case hexadecimal; character %zu is not",
                            algorithm->name, i + 1);
    return ECR_OK;
}

enum ecr_status ecr_digest_check(const char *text, size_t len, struct ecr_error *error)
{
    const char *colon = memchr(text, ':', len);
    size_t name = colon ? (size_t)(colon - text) : 0;
    if (!colon || !is_algorithm(text, name) || !is_encoded(colon + 1, len - name - 1))
        return ecr_fail(error, ECR_INPUT, "digest",
                        "a digest is an algorithm, a colon and digits, such as sha256:0123...");
    const struct algorithm *algorithm = find_algorithm(text, name);
    return algorithm ? check_digits(algorithm, colon + 1, len - name - 1, error) : ECR_OK;
}

enum ecr_status ecr_digest_verify(const char *text, size_t len, const void *bytes, size_t size,
                                  struct ecr_error *error)
{
    unsigned char hash[ECR_SHA512_SIZE];
    char actual[2 * ECR_SHA512_SIZE + 1];
    enum ecr_status status = ecr_digest_check(text, len, error);
    if (status != ECR_OK)
        return status;
    size_t name = strcspn(text, ":");
    const struct algorithm *algorithm = find_algorithm(text, name);
    if (!algorithm)
        return ecr_fail(error, ECR_INTEGRITY, "digest", "digests of kind %.*s cannot be verified",
                        (int)(name > 40 ? 40 : name), text);
    status = algorithm->hash(bytes, size, hash);
    if (status != ECR_OK)
        return ecr_fail(error, status, "libcrypto", "libcrypto cannot compute a %s",
                        algorithm->name);
    ecr_hex(hash, algorithm->digits / 2, actual);
    if (memcmp(actual, text + name + 1, algorithm->digits) == 0)
        return ECR_OK;
    return ecr_fail(error, ECR_INTEGRITY, "digest", "%zu bytes are %s:%.20s..., not %.27s...", size,
                    algorithm->name, actual, text);
}

enum ecr_status ecr_digest_sha256(const void *bytes, size_t size,
                                  char digest[ECR_DIGEST_SHA256_SIZE])
{
    unsigned char hash[ECR_SHA256_SIZE];
    enum ecr_status status = ecr_sha256(bytes, size, hash);
    if (status != ECR_OK)
        return status;
    memcpy(digest, "sha256:", 7);
    ecr_hex(hash, sizeof hash, digest + 7);
    return ECR_OK;
}
