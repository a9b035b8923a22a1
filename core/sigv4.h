/* SPDX-License-Identifier: MIT */
/* AWS Signature Version 4. A request is described, its canonical form is built and hashed, a key is
 * derived from the secret for date, region and service, and the hash of both is the signature.
 * Every derived key is wiped. Source: "Signature Version 4 signing process", AWS General Reference.
 */
#pragma once

#include <stdint.h>

#include "buf.h"
#include "creds.h"
#include "uri.h"

struct ecr_sigv4_header {
    const char *name, *value;
};

struct ecr_sigv4 {
    const char *method;
    const struct ecr_uri *uri;
    /* Without Host, X-Amz-Date and X-Amz-Security-Token, which the signer adds. */
    const struct ecr_sigv4_header *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
    const char *payload; /* instead of the body's hash ("UNSIGNED-PAYLOAD"); NULL = hash the body */
    const char *region, *service;
    int64_t now; /* seconds since the epoch */
};

#define ECR_SIGV4_DATE        17 /* "20260102T030405Z" and a NUL */
#define ECR_SIGV4_MAX_HEADERS 32

struct ecr_sigv4_result {
    char date[ECR_SIGV4_DATE]; /* for X-Amz-Date */
    struct ecr_buf
        authorization; /* for Authorization; the caller clears it, also after a failure */
};

/* Header signing. ECR_INPUT when there are too many headers; else only lack of memory. */
enum ecr_status ecr_sigv4_sign(const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                               struct ecr_sigv4_result *result, struct ecr_error *error);
/* A presigned URL, appended to `url` (make it a secret buffer: who has it may use it). */
enum ecr_status ecr_sigv4_presign(const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                                  unsigned expires_seconds, struct ecr_buf *url,
                                  struct ecr_error *error);
/* The two intermediate texts of header signing, for comparing with another implementation. */
enum ecr_status ecr_sigv4_explain(const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                                  struct ecr_buf *canonical, struct ecr_buf *to_sign,
                                  struct ecr_error *error);
