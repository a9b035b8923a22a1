/* SPDX-License-Identifier: MIT */
/* Sorting, trimming and joining what is signed. */
#include "canonical.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PARAMS 64

bool ecr_canonical_is_signed(const char *name)
{
    static const char *const never[] = {
        "authorization",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    };
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcasecmp(never[i], name) == 0)
            return false;
    return true;
}

enum ecr_status ecr_canonical_add(struct ecr_canonical_headers *headers, const char *name,
                                  const char *value, struct ecr_error *error)
{
    if (headers->count == ECR_SIGV4_MAX_HEADERS)
        return ecr_fail(error, ECR_INPUT, NULL, "more than %d headers to sign",
                        ECR_SIGV4_MAX_HEADERS);
    headers->list[headers->count++] = (struct ecr_sigv4_header){name, value};
    return ECR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcasecmp(((const struct ecr_sigv4_header *)a)->name,
                      ((const struct ecr_sigv4_header *)b)->name);
}

static enum ecr_status append_lower(struct ecr_buf *buf, const char *text)
{
    enum ecr_status status = ECR_OK;
    for (; *text && status == ECR_OK; text++)
        status = ecr_buf_byte(buf, (char)tolower((unsigned char)*text));
    return status;
}

/* Trimmed, runs of spaces as one. */
static enum ecr_status append_collapsed(struct ecr_buf *buf, const char *text)
{
    enum ecr_status status = ECR_OK;
    text += strspn(text, " \t");
    while (*text && status == ECR_OK) {
        size_t run = strcspn(text, " \t");
        size_t gap = strspn(text + run, " \t");
        status = ecr_buf_append(buf, text, run);
        if (status == ECR_OK && gap && text[run + gap])
            status = ecr_buf_byte(buf, ' ');
        text += run + gap;
    }
    return status;
}

static enum ecr_status write_one(const struct ecr_sigv4_header *header, struct ecr_buf *text)
{
    enum ecr_status status = append_lower(text, header->name);
    if (status == ECR_OK)
        status = ecr_buf_byte(text, ':');
    if (status == ECR_OK)
        status = append_collapsed(text, header->value);
    return status == ECR_OK ? ecr_buf_byte(text, '\n') : status;
}

enum ecr_status ecr_canonical_write(struct ecr_canonical_headers *headers, struct ecr_buf *text,
                                    struct ecr_buf *names)
{
    enum ecr_status status = ECR_OK;
    qsort(headers->list, headers->count, sizeof *headers->list, by_name);
    for (size_t i = 0; i < headers->count && status == ECR_OK; i++) {
        status = write_one(&headers->list[i], text);
        if (status == ECR_OK && i > 0)
            status = ecr_buf_byte(names, ';');
        if (status == ECR_OK)
            status = append_lower(names, headers->list[i].name);
    }
    return status;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum ecr_status append_param(struct ecr_buf *query, const char *param)
{
    enum ecr_status status = query->len ? ecr_buf_byte(query, '&') : ECR_OK;
    if (status == ECR_OK)
        status = ecr_buf_text(query, param);
    return status == ECR_OK && !strchr(param, '=') ? ecr_buf_byte(query, '=') : status;
}

enum ecr_status ecr_canonical_query(char *text, struct ecr_buf *query, struct ecr_error *error)
{
    char *params[MAX_PARAMS], *left = NULL;
    size_t count = 0;
    for (char *param = strtok_r(text, "&", &left); param; param = strtok_r(NULL, "&", &left)) {
        if (count == MAX_PARAMS)
            return ecr_fail(error, ECR_INPUT, NULL, "more than %d query parameters", MAX_PARAMS);
        params[count++] = param;
    }
    qsort(params, count, sizeof *params, by_text);
    enum ecr_status status = ECR_OK;
    for (size_t i = 0; i < count && status == ECR_OK; i++)
        status = append_param(query, params[i]);
    return status;
}
