/* SPDX-License-Identifier: MIT */
/* Hashes, from libcrypto. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ECR_SHA256_SIZE 32
#define ECR_SHA512_SIZE 64

/* All give false only when libcrypto itself fails. */
bool ecr_sha256(const void *bytes, size_t len, unsigned char out[ECR_SHA256_SIZE]);
bool ecr_sha512(const void *bytes, size_t len, unsigned char out[ECR_SHA512_SIZE]);
bool ecr_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                     unsigned char out[ECR_SHA256_SIZE]);

/* Lower-case digits and a NUL: 2 * len + 1 bytes at `out`. */
void ecr_hex(const unsigned char *bytes, size_t len, char *out);
