/* SPDX-License-Identifier: MIT */
/* The proof that whoever asks for new tokens has the key the session began with: a JSON web token
 * made for one POST to one address (RFC 9449). */
#pragma once

#include "buf.h"

/* What the token needs at most: an address has at most 2048 bytes. */
#define ECR_DPOP_MAX ((size_t)20 * 1024)

/* Appends the token. `now` is in seconds since the epoch. ECR_AUTH "dpop_key" for a key that is
 * none; ECR_INPUT for an address that is no text or too long. */
enum ecr_status ecr_dpop_append(struct ecr_buf *token, const char *pem, size_t pem_len,
                                const char *url, size_t url_len, double now,
                                struct ecr_error *error);
