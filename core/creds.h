/* SPDX-License-Identifier: MIT */
/* AWS credentials: an access key id, its secret key, perhaps a session token. Opaque and without a
 * getter for Lua; the signer is the only reader. Reference-counted: a request in flight keeps its
 * own. */
#pragma once

#include <stddef.h>

#include "error.h"
#include "secret.h"

struct ecr_creds;

/* Copies all three; `token` may be NULL. ECR_INPUT when an id or key is empty or holds a byte that
 * no key has (they go into a header). */
enum ecr_status ecr_creds_new(const char *id, const struct ecr_secret *key,
                              const struct ecr_secret *token, const char *source,
                              struct ecr_creds **creds, struct ecr_error *error);
/* From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN (or AWS_SECURITY_TOKEN). An
 * empty or missing id leaves *creds NULL and is no error; an id without its key is ECR_AUTH. */
enum ecr_status ecr_creds_from_environment(struct ecr_creds **creds, struct ecr_error *error);

struct ecr_creds *ecr_creds_ref(struct ecr_creds *creds);
void ecr_creds_free(struct ecr_creds *creds);

/* Borrowed while a reference is held. `token` is NULL where there is none. */
const char *ecr_creds_id(const struct ecr_creds *creds);
const struct ecr_secret *ecr_creds_key(const struct ecr_creds *creds);
const struct ecr_secret *ecr_creds_token(const struct ecr_creds *creds);
/* Where they came from: "static", "environment". Never secret. */
const char *ecr_creds_source(const struct ecr_creds *creds);
