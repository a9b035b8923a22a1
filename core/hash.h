/* SPDX-License-Identifier: MIT */
/* Hashes, from libcrypto. */
#pragma once

#include <stddef.h>

#include "error.h"

#define ECR_SHA256_SIZE 32
#define ECR_SHA512_SIZE 64

/* ECR_NOMEM, or ECR_CONFIG when libcrypto is configured to have no such hash. */
enum ecr_status ecr_sha256(const void *bytes, size_t len, unsigned char out[ECR_SHA256_SIZE]);
enum ecr_status ecr_sha512(const void *bytes, size_t len, unsigned char out[ECR_SHA512_SIZE]);
enum ecr_status ecr_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                                unsigned char out[ECR_SHA256_SIZE]);

/* Lower-case digits and a NUL: 2 * len + 1 bytes at `out`. */
void ecr_hex(const unsigned char *bytes, size_t len, char *out);
