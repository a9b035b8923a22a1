/* SPDX-License-Identifier: MIT */
/* SHA-2 and HMAC over libcrypto's one-shot functions. */
#include "hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

bool ecr_sha256(const void *bytes, size_t len, unsigned char out[ECR_SHA256_SIZE])
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1;
}

bool ecr_sha512(const void *bytes, size_t len, unsigned char out[ECR_SHA512_SIZE])
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha512(), NULL) == 1;
}

bool ecr_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                     unsigned char out[ECR_SHA256_SIZE])
{
    return HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL) != NULL;
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
