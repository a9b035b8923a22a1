/* SPDX-License-Identifier: MIT */
/* Signatures with a key on the curve P-256, as JSON Web Signatures have them (RFC 7518, ES256). */
#pragma once

#include <stddef.h>

#include "error.h"

#define ECR_EC_SIZE 32 /* of a coordinate, and of each half of a signature */

struct ecr_ec_key;

/* From PEM text: "EC PRIVATE KEY" (SEC 1) or "PRIVATE KEY" (PKCS #8), the first thing there and not
 * encrypted. ECR_AUTH "dpop_key" when it is none on this curve; says nothing of what is in the
 * text. *key is NULL on failure. */
enum ecr_status ecr_ec_read(const char *pem, size_t len, struct ecr_ec_key **key,
                            struct ecr_error *error);
/* The public point. */
enum ecr_status ecr_ec_point(const struct ecr_ec_key *key, unsigned char x[ECR_EC_SIZE],
                             unsigned char y[ECR_EC_SIZE], struct ecr_error *error);
/* ECDSA with SHA-256 over the bytes: r and s, one after the other. */
enum ecr_status ecr_ec_sign(const struct ecr_ec_key *key, const void *bytes, size_t len,
                            unsigned char signature[2 * ECR_EC_SIZE], struct ecr_error *error);
/* NULL is fine. */
void ecr_ec_free(struct ecr_ec_key *key);
