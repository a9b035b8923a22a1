/* SPDX-License-Identifier: MIT */
/* AWS credentials: an access key id, its secret key, perhaps a session token, until when they are
 * good and whose account they are of. Opaque and without a getter for Lua of what is secret; the
 * signer and the export are the only readers. Reference-counted: a request in flight keeps its own.
 */
#pragma once

#include <math.h>
#include <stddef.h>

#include "error.h"
#include "secret.h"

#define ECR_CREDS_NEVER INFINITY /* the expiry of those that have none */

struct ecr_creds;

/* What credentials are made of. All of it is borrowed and copied. */
struct ecr_creds_parts {
    const char *id;
    const struct ecr_secret *key;
    const struct ecr_secret *token; /* or NULL */
    double expires;                 /* seconds since the epoch, or ECR_CREDS_NEVER */
    const char *account;            /* twelve digits; "" or NULL = not known */
    const char *source;             /* where they came from; cut after 63 bytes */
};

/* ECR_INPUT when an id, key or token is empty or holds a byte that none has (they go into a
 * header), or when the expiry is no time or the account no account. */
enum ecr_status ecr_creds_new(const struct ecr_creds_parts *parts, struct ecr_creds **creds,
                              struct ecr_error *error);
/* From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (or AWS_SECURITY_TOKEN),
 * AWS_CREDENTIAL_EXPIRATION and AWS_ACCOUNT_ID. An empty or missing id leaves *creds NULL and is no
 * error; an id without its key and an expiry that is no time are ECR_AUTH. AWS_ACCOUNT_ID is a name
 * that scripts use for purposes of their own: what is no account there counts as not known. */
enum ecr_status ecr_creds_from_environment(struct ecr_creds **creds, struct ecr_error *error);

struct ecr_creds *ecr_creds_ref(struct ecr_creds *creds);
void ecr_creds_free(struct ecr_creds *creds);

/* Borrowed while a reference is held. `token` is NULL where there is none. */
const char *ecr_creds_id(const struct ecr_creds *creds);
const struct ecr_secret *ecr_creds_key(const struct ecr_creds *creds);
const struct ecr_secret *ecr_creds_token(const struct ecr_creds *creds);
/* Where they came from: "static", "environment". Never secret. */
const char *ecr_creds_source(const struct ecr_creds *creds);
/* ECR_CREDS_NEVER where there is none. */
double ecr_creds_expires(const struct ecr_creds *creds);
/* "" where it is not known. */
const char *ecr_creds_account(const struct ecr_creds *creds);
