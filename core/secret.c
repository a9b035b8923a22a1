/* SPDX-License-Identifier: MIT */
/* Secret bytes, counted and wiped. Not for use by several threads at once: a Lua state owns them.
 */
#include "secret.h"

#include <string.h>
#include <openssl/crypto.h>

#include "alloc.h"

struct ecr_secret {
    size_t references;
    size_t len;
    char bytes[];
};

void ecr_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}

struct ecr_secret *ecr_secret_new(const void *bytes, size_t len)
{
    struct ecr_secret *secret = ecr_alloc(sizeof *secret + len + 1);
    if (!secret)
        return NULL;
    secret->references = 1;
    secret->len = len;
    if (len)
        memcpy(secret->bytes, bytes, len);
    secret->bytes[len] = '\0';
    return secret;
}

struct ecr_secret *ecr_secret_ref(struct ecr_secret *secret)
{
    if (secret)
        secret->references++;
    return secret;
}

void ecr_secret_free(struct ecr_secret *secret)
{
    if (!secret || --secret->references > 0)
        return;
    ecr_wipe(secret->bytes, secret->len);
    ecr_free(secret);
}

const char *ecr_secret_bytes(const struct ecr_secret *secret)
{
    return secret->bytes;
}

size_t ecr_secret_len(const struct ecr_secret *secret)
{
    return secret->len;
}

bool ecr_secret_equal(const struct ecr_secret *a, const struct ecr_secret *b)
{
    return a->len == b->len && CRYPTO_memcmp(a->bytes, b->bytes, a->len) == 0;
}
