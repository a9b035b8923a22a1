/* SPDX-License-Identifier: MIT */
/* SHA-2, SHA-1 and HMAC over libcrypto's functions. They say no more than that they failed. Of
 * the two reasons there are, a configuration without the hash is always in the error queue
 * ("unsupported"); lack of memory is there in many words and sometimes in none, and where the
 * lookup of the hash itself ran out of memory, besides "unsupported". */
#include "hash.h"

#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "alloc.h"

struct ecr_hasher {
    const EVP_MD *kind;
    EVP_MD_CTX *state;
};

static enum ecr_status why(void)
{
    bool unsupported = false, no_memory = false;
    for (unsigned long code = ERR_get_error(); code; code = ERR_get_error()) {
        unsupported |= ERR_GET_REASON(code) == ERR_R_UNSUPPORTED;
        no_memory |= ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    }
    return unsupported && !no_memory ? ECR_CONFIG : ECR_NOMEM;
}

enum ecr_status ecr_sha256(const void *bytes, size_t len, unsigned char out[ECR_SHA256_SIZE])
{
    ERR_clear_error();
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1 ? ECR_OK : why();
}

enum ecr_status ecr_sha512(const void *bytes, size_t len, unsigned char out[ECR_SHA512_SIZE])
{
    ERR_clear_error();
    return EVP_Digest(bytes, len, out, NULL, EVP_sha512(), NULL) == 1 ? ECR_OK : why();
}

enum ecr_status ecr_sha1(const void *bytes, size_t len, unsigned char out[ECR_SHA1_SIZE])
{
    ERR_clear_error();
    return EVP_Digest(bytes, len, out, NULL, EVP_sha1(), NULL) == 1 ? ECR_OK : why();
}

enum ecr_status ecr_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                                unsigned char out[ECR_SHA256_SIZE])
{
    ERR_clear_error();
    return HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL) ? ECR_OK : why();
}

enum ecr_status ecr_hasher_new(enum ecr_hash hash, struct ecr_hasher **hasher)
{
    struct ecr_hasher *made = *hasher = ecr_alloc(sizeof *made);
    if (!made)
        return ECR_NOMEM;
    *made = (struct ecr_hasher){.kind = hash == ECR_SHA512 ? EVP_sha512() : EVP_sha256(),
                                .state = EVP_MD_CTX_new()};
    enum ecr_status status = made->state ? ecr_hasher_restart(made) : ECR_NOMEM;
    if (status != ECR_OK) {
        ecr_hasher_free(made);
        *hasher = NULL;
    }
    return status;
}

enum ecr_status ecr_hasher_restart(struct ecr_hasher *hasher)
{
    ERR_clear_error();
    return EVP_DigestInit_ex(hasher->state, hasher->kind, NULL) == 1 ? ECR_OK : why();
}

enum ecr_status ecr_hasher_add(struct ecr_hasher *hasher, const void *bytes, size_t len)
{
    ERR_clear_error();
    return EVP_DigestUpdate(hasher->state, bytes, len) == 1 ? ECR_OK : why();
}

enum ecr_status ecr_hasher_finish(struct ecr_hasher *hasher, unsigned char *out)
{
    ERR_clear_error();
    return EVP_DigestFinal_ex(hasher->state, out, NULL) == 1 ? ECR_OK : why();
}

void ecr_hasher_free(struct ecr_hasher *hasher)
{
    if (!hasher)
        return;
    EVP_MD_CTX_free(hasher->state);
    ecr_free(hasher);
}

void ecr_hex(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}
