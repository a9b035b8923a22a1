/* SPDX-License-Identifier: MIT */
/* SHA-2 and HMAC over libcrypto's one-shot functions. They say no more than that they failed. Of
 * the two reasons there are, a configuration without the hash is always in the error queue
 * ("unsupported"); lack of memory is there in many words and sometimes in none, and where the
 * lookup of the hash itself ran out of memory, besides "unsupported". */
#include "hash.h"

#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

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

enum ecr_status ecr_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                                unsigned char out[ECR_SHA256_SIZE])
{
    ERR_clear_error();
    return HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL) ? ECR_OK : why();
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
