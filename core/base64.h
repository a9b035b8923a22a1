/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648, section 4), with padding; and section 5, without. */
#pragma once

#include "buf.h"

/* Appends. ECR_NOMEM, or ECR_PROTOCOL past the buffer's maximum. */
enum ecr_status ecr_base64_encode(struct ecr_buf *buf, const void *bytes, size_t len);
/* The same with "-" and "_" for "+" and "/", and no padding. */
enum ecr_status ecr_base64url_encode(struct ecr_buf *buf, const void *bytes, size_t len);
/* Appends. ECR_INPUT for anything but canonical base64: wrong characters, missing padding, bits
 * that are not zero after the last byte. */
enum ecr_status ecr_base64_decode(struct ecr_buf *buf, const char *text, size_t len);
