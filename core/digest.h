/* SPDX-License-Identifier: MIT */
/* Content digests, "algorithm:encoded", by the OCI image specification. sha256 and sha512 can be
 * verified; another algorithm can only be well-formed, and saying "verified" of it is an error. */
#pragma once

#include <stddef.h>

#include "error.h"

#define ECR_DIGEST_SHA256_SIZE (7 + 64 + 1) /* "sha256:", digits, NUL */

/* Strict syntax; for sha256 and sha512 also length and lower case. ECR_INPUT otherwise. */
enum ecr_status ecr_digest_check(const char *text, size_t len, struct ecr_error *error);
/* ECR_INTEGRITY, naming both digests, when the bytes are not its bytes; also for an algorithm that
 * cannot be verified. */
enum ecr_status ecr_digest_verify(const char *text, size_t len, const void *bytes, size_t size,
                                  struct ecr_error *error);
/* The same while the bytes come. */
struct ecr_digest;

enum ecr_status ecr_digest_new(const char *text, size_t len, struct ecr_digest **digest,
                               struct ecr_error *error);
enum ecr_status ecr_digest_restart(struct ecr_digest *digest, struct ecr_error *error);
enum ecr_status ecr_digest_add(struct ecr_digest *digest, const void *bytes, size_t size,
                               struct ecr_error *error);
/* Once, after the last byte. */
enum ecr_status ecr_digest_finish(struct ecr_digest *digest, struct ecr_error *error);
/* NULL is fine. */
void ecr_digest_free(struct ecr_digest *digest);

/* The sha256 digest of some bytes. ECR_NOMEM, or ECR_CONFIG when libcrypto has no SHA-256. */
enum ecr_status ecr_digest_sha256(const void *bytes, size_t size,
                                  char digest[ECR_DIGEST_SHA256_SIZE]);
