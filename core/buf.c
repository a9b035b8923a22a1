/* SPDX-License-Identifier: MIT */
/* The growing buffer: doubling, capped, wiped when secret. */
#include "buf.h"

#include <string.h>

#include "alloc.h"
#include "secret.h"

void ecr_buf_init(struct ecr_buf *buf, size_t max)
{
    *buf = (struct ecr_buf){.max = max};
}

void ecr_buf_init_secret(struct ecr_buf *buf, size_t max)
{
    *buf = (struct ecr_buf){.max = max, .secret = true};
}

static void release(struct ecr_buf *buf)
{
    if (buf->secret && buf->data)
        ecr_wipe(buf->data, buf->cap);
    ecr_free(buf->data);
}

void ecr_buf_clear(struct ecr_buf *buf)
{
    release(buf);
    *buf = (struct ecr_buf){.max = buf->max, .secret = buf->secret};
}

void ecr_buf_reset(struct ecr_buf *buf)
{
    buf->len = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

/* A secret buffer never passes through realloc, which would leave the old bytes in the heap. */
static char *moved(struct ecr_buf *buf, size_t cap)
{
    if (!buf->secret)
        return ecr_realloc(buf->data, cap);
    char *data = ecr_alloc(cap);
    if (!data)
        return NULL;
    if (buf->data)
        memcpy(data, buf->data, buf->len + 1);
    release(buf);
    return data;
}

static enum ecr_status grow(struct ecr_buf *buf, size_t len)
{
    if (len > buf->max || buf->len > buf->max - len)
        return ECR_PROTOCOL;
    size_t need = buf->len + len + 1;
    if (need <= buf->cap)
        return ECR_OK;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need)
        cap *= 2;
    char *data = moved(buf, cap);
    if (!data)
        return ECR_NOMEM;
    buf->data = data;
    buf->cap = cap;
    buf->data[buf->len] = '\0';
    return ECR_OK;
}

enum ecr_status ecr_buf_append(struct ecr_buf *buf, const void *bytes, size_t len)
{
    enum ecr_status status = grow(buf, len);
    if (status != ECR_OK)
        return status;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return ECR_OK;
}

enum ecr_status ecr_buf_text(struct ecr_buf *buf, const char *text)
{
    return ecr_buf_append(buf, text, strlen(text));
}

enum ecr_status ecr_buf_byte(struct ecr_buf *buf, char byte)
{
    return ecr_buf_append(buf, &byte, 1);
}

char *ecr_buf_reserve(struct ecr_buf *buf, size_t len)
{
    return grow(buf, len) == ECR_OK ? buf->data + buf->len : NULL;
}
