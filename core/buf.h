/* SPDX-License-Identifier: MIT */
/* A growing run of bytes with a maximum chosen at birth. Always followed by one NUL that `len` does
 * not count, so `data` can be handed to C string functions once something was appended. A buffer
 * made with ecr_buf_init_secret wipes what it leaves behind when it grows and when it dies. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct ecr_buf {
    char *data; /* NULL until the first append */
    size_t len;
    size_t cap;
    size_t max;
    bool secret;
};

void ecr_buf_init(struct ecr_buf *buf, size_t max);
void ecr_buf_init_secret(struct ecr_buf *buf, size_t max);
/* Releases the bytes (wiping them if secret) and leaves an empty buffer of the same kind. */
void ecr_buf_clear(struct ecr_buf *buf);
/* Forgets the content, keeps the room. */
void ecr_buf_reset(struct ecr_buf *buf);

/* ECR_NOMEM, or ECR_PROTOCOL past `max`: who appends for another reason translates. `error` is not
 * taken: both cases need no words. */
enum ecr_status ecr_buf_append(struct ecr_buf *buf, const void *bytes, size_t len);
enum ecr_status ecr_buf_text(struct ecr_buf *buf, const char *text);
enum ecr_status ecr_buf_byte(struct ecr_buf *buf, char byte);
/* Makes room for `len` more bytes and returns where they go (advance `len` yourself), or NULL. */
char *ecr_buf_reserve(struct ecr_buf *buf, size_t len);
