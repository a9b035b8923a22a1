/* SPDX-License-Identifier: MIT */
/* Heads of answers. Source of the framing rules: RFC 9112, sections 6.1 and 6.3. */
#include "head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct field {
    const char *name, *value; /* not terminated */
    size_t name_len, value_len;
};

void ecr_head_init(struct ecr_head *head, struct ecr_buf *headers)
{
    *head = (struct ecr_head){.headers = headers};
}

static bool split(const char *line, size_t len, struct field *field)
{
    const char *colon = memchr(line, ':', len);
    if (!colon || memchr(line, '\0', len))
        return false;
    const char *value = colon + 1, *stop = line + len;
    while (value < stop && (*value == ' ' || *value == '\t'))
        value++;
    while (stop > value && isspace((unsigned char)stop[-1]))
        stop--;
    *field = (struct field){line, value, (size_t)(colon - line), (size_t)(stop - value)};
    return true;
}

static bool is_named(const struct field *field, const char *name)
{
    return field->name_len == strlen(name) && strncasecmp(field->name, name, field->name_len) == 0;
}

static bool has_value(const struct field *field, const char *value)
{
    return field->value_len == strlen(value) &&
           strncasecmp(field->value, value, field->value_len) == 0;
}

static enum ecr_status check_length(struct ecr_head *head, const struct field *field,
                                    struct ecr_error *error)
{
    bool whole = field->value_len > 0 && field->value_len < sizeof head->length;
    for (size_t i = 0; i < field->value_len; i++)
        whole = whole && isdigit((unsigned char)field->value[i]);
    if (!whole)
        return ecr_fail(error, ECR_PROTOCOL, "reply", "the answer's Content-Length is no number");
    if (head->length[0] && !has_value(field, head->length))
        return ecr_fail(error, ECR_PROTOCOL, "reply", "the answer has two lengths");
    memcpy(head->length, field->value, field->value_len);
    head->length[field->value_len] = '\0';
    return ECR_OK;
}

/* What the two headers that frame a body may say. */
static enum ecr_status check_framing(struct ecr_head *head, const struct field *field,
                                     struct ecr_error *error)
{
    if (is_named(field, "content-length"))
        return check_length(head, field, error);
    if (is_named(field, "transfer-encoding") && !has_value(field, "chunked"))
        return ecr_fail(error, ECR_PROTOCOL, "reply",
                        "the answer has a transfer coding that nobody asked for");
    return ECR_OK;
}

static enum ecr_status keep(struct ecr_buf *headers, const struct field *field)
{
    size_t name_at = headers->len;
    enum ecr_status status = ecr_buf_append(headers, field->name, field->name_len);
    for (size_t i = name_at; i < headers->len; i++)
        headers->data[i] = (char)tolower((unsigned char)headers->data[i]);
    if (status == ECR_OK)
        status = ecr_buf_byte(headers, '\0');
    if (status == ECR_OK)
        status = ecr_buf_append(headers, field->value, field->value_len);
    return status == ECR_OK ? ecr_buf_byte(headers, '\0') : status;
}

static bool is_empty(const char *line, size_t len)
{
    return len == 0 || line[0] == '\n' || (len == 2 && line[0] == '\r');
}

static void begin(struct ecr_head *head)
{
    ecr_buf_reset(head->headers);
    head->length[0] = '\0';
    head->open = true;
}

enum ecr_status ecr_head_line(struct ecr_head *head, const char *line, size_t len,
                              struct ecr_error *error)
{
    struct field field;
    head->bytes += len;
    if (head->bytes > ECR_HEAD_MAX)
        return ecr_fail(error, ECR_PROTOCOL, "too_large",
                        "the answer's headers are larger than %d bytes", ECR_HEAD_MAX);
    if (!head->open && len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        begin(head);
        return ECR_OK;
    }
    if (is_empty(line, len))
        head->open = false;
    if (!split(line, len, &field))
        return ECR_OK;
    enum ecr_status status = check_framing(head, &field, error);
    if (status == ECR_OK && keep(head->headers, &field) == ECR_NOMEM)
        return ecr_fail_nomem(error);
    return status;
}

const char *ecr_head_find(const struct ecr_buf *headers, const char *name)
{
    for (size_t at = 0; at < headers->len;) {
        const char *found = headers->data + at, *value = found + strlen(found) + 1;
        if (strcmp(found, name) == 0)
            return value;
        at = (size_t)(value - headers->data) + strlen(value) + 1;
    }
    return NULL;
}
