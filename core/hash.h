/* SPDX-License-Identifier: MIT */
/* Hashes, from libcrypto. */
#pragma once

#include <stddef.h>

#include "error.h"

#define ECR_SHA1_SIZE   20
#define ECR_SHA256_SIZE 32
#define ECR_SHA512_SIZE 64

/* ECR_NOMEM, or ECR_CONFIG when libcrypto is configured to have no such hash. */
enum ecr_status ecr_sha256(const void *bytes, size_t len, unsigned char out[ECR_SHA256_SIZE]);
enum ecr_status ecr_sha512(const void *bytes, size_t len, unsigned char out[ECR_SHA512_SIZE]);
/* For the names that AWS's tools give to files, and for nothing that must be safe. */
enum ecr_status ecr_sha1(const void *bytes, size_t len, unsigned char out[ECR_SHA1_SIZE]);
enum ecr_status ecr_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                                unsigned char out[ECR_SHA256_SIZE]);

/* The same piece by piece. */
struct ecr_hasher;
enum ecr_hash { ECR_SHA256, ECR_SHA512 };

enum ecr_status ecr_hasher_new(enum ecr_hash hash, struct ecr_hasher **hasher);
/* Forgets what was added; a hasher that was finished needs it too. */
enum ecr_status ecr_hasher_restart(struct ecr_hasher *hasher);
enum ecr_status ecr_hasher_add(struct ecr_hasher *hasher, const void *bytes, size_t len);
/* As many bytes as the hash has. */
enum ecr_status ecr_hasher_finish(struct ecr_hasher *hasher, unsigned char *out);
/* NULL is fine. */
void ecr_hasher_free(struct ecr_hasher *hasher);

/* Lower-case digits and a NUL: 2 * len + 1 bytes at `out`. */
void ecr_hex(const unsigned char *bytes, size_t len, char *out);
