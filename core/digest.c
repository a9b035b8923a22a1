/* SPDX-License-Identifier: MIT */
/* Syntax and verification of digests. */
#include "digest.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "hash.h"

struct algorithm {
    const char *name;
    size_t digits;
    enum ecr_hash hash;
    enum ecr_status (*at_once)(const void *bytes, size_t len, unsigned char *out);
};

struct ecr_digest {
    const struct algorithm *algorithm;
    struct ecr_hasher *hasher;
    uint64_t size; /* of what was added */
    char digits[2 * ECR_SHA512_SIZE + 1];
};

static const struct algorithm algorithms[] = {
    {"sha256", 2 * ECR_SHA256_SIZE, ECR_SHA256, ecr_sha256},
    {"sha512", 2 * ECR_SHA512_SIZE, ECR_SHA512, ecr_sha512},
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

static enum ecr_status choose_algorithm(const char *text, size_t len,
                                        const struct algorithm **algorithm, struct ecr_error *error)
{
    enum ecr_status status = ecr_digest_check(text, len, error);
    if (status != ECR_OK)
        return status;
    size_t name = strcspn(text, ":");
    *algorithm = find_algorithm(text, name);
    if (*algorithm)
        return ECR_OK;
    return ecr_fail(error, ECR_INTEGRITY, "digest", "digests of kind %.*s cannot be verified",
                    (int)(name > 40 ? 40 : name), text);
}

static enum ecr_status cannot(const struct algorithm *algorithm, enum ecr_status status,
                              struct ecr_error *error)
{
    return ecr_fail(error, status, "libcrypto", "libcrypto cannot compute a %s", algorithm->name);
}

/* Whether a hash has these digits. */
static enum ecr_status compare(const struct algorithm *algorithm, const unsigned char *hash,
                               const char *digits, uint64_t size, struct ecr_error *error)
{
    char actual[2 * ECR_SHA512_SIZE + 1];
    ecr_hex(hash, algorithm->digits / 2, actual);
    if (memcmp(actual, digits, algorithm->digits) == 0)
        return ECR_OK;
    return ecr_fail(error, ECR_INTEGRITY, "digest",
                    "%" PRIu64 " bytes are %s:%.20s..., not %s:%.20s...", size, algorithm->name,
                    actual, algorithm->name, digits);
}

enum ecr_status ecr_digest_verify(const char *text, size_t len, const void *bytes, size_t size,
                                  struct ecr_error *error)
{
    unsigned char hash[ECR_SHA512_SIZE];
    const struct algorithm *algorithm;
    enum ecr_status status = choose_algorithm(text, len, &algorithm, error);
    if (status != ECR_OK)
        return status;
    status = algorithm->at_once(bytes, size, hash);
    if (status != ECR_OK)
        return cannot(algorithm, status, error);
    return compare(algorithm, hash, text + strlen(algorithm->name) + 1, size, error);
}

enum ecr_status ecr_digest_new(const char *text, size_t len, struct ecr_digest **digest,
                               struct ecr_error *error)
{
    const struct algorithm *algorithm;
    *digest = NULL;
    enum ecr_status status = choose_algorithm(text, len, &algorithm, error);
    if (status != ECR_OK)
        return status;
    *digest = ecr_alloc(sizeof **digest);
    if (!*digest)
        return ecr_fail_nomem(error);
    **digest = (struct ecr_digest){.algorithm = algorithm};
    memcpy((*digest)->digits, text + strlen(algorithm->name) + 1, algorithm->digits);
    status = ecr_hasher_new(algorithm->hash, &(*digest)->hasher);
    if (status == ECR_OK)
        return ECR_OK;
    ecr_digest_free(*digest);
    *digest = NULL;
    return cannot(algorithm, status, error);
}

enum ecr_status ecr_digest_restart(struct ecr_digest *digest, struct ecr_error *error)
{
    digest->size = 0;
    enum ecr_status status = ecr_hasher_restart(digest->hasher);
    return status == ECR_OK ? ECR_OK : cannot(digest->algorithm, status, error);
}

enum ecr_status ecr_digest_add(struct ecr_digest *digest, const void *bytes, size_t size,
                               struct ecr_error *error)
{
    digest->size += size;
    enum ecr_status status = ecr_hasher_add(digest->hasher, bytes, size);
    return status == ECR_OK ? ECR_OK : cannot(digest->algorithm, status, error);
}

enum ecr_status ecr_digest_finish(struct ecr_digest *digest, struct ecr_error *error)
{
    unsigned char hash[ECR_SHA512_SIZE];
    enum ecr_status status = ecr_hasher_finish(digest->hasher, hash);
    if (status != ECR_OK)
        return cannot(digest->algorithm, status, error);
    return compare(digest->algorithm, hash, digest->digits, digest->size, error);
}

void ecr_digest_free(struct ecr_digest *digest)
{
    if (!digest)
        return;
    ecr_hasher_free(digest->hasher);
    ecr_free(digest);
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
