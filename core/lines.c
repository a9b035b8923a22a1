/* SPDX-License-Identifier: MIT */
/* A line is "name: value". libcurl has two other forms: "name;" sends an empty value, "name:" keeps
 * the header from being sent. */
#include "lines.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "scrub.h"
#include "secret.h"

#define MAX_LINE ((size_t)1024 * 1024)

void ecr_lines_init(struct ecr_lines *lines, const struct ecr_curl *curl)
{
    *lines = (struct ecr_lines){.curl = curl};
}

void ecr_lines_clear(struct ecr_lines *lines)
{
    for (struct curl_slist *line = lines->list; line; line = line->next)
        ecr_wipe(line->data, strlen(line->data));
    lines->curl->slist_free_all(lines->list);
    ecr_lines_init(lines, lines->curl);
}

static enum ecr_status append(struct ecr_lines *lines, const char *line, struct ecr_error *error)
{
    if (lines->count == ECR_LINES_MAX)
        return ecr_fail(error, ECR_INPUT, NULL, "more than %d headers", ECR_LINES_MAX);
    struct curl_slist *list = lines->curl->slist_append(lines->list, line);
    if (!list)
        return ecr_fail_nomem(error);
    lines->list = list;
    lines->count++;
    return ECR_OK;
}

static bool is_always_hidden(const char *name)
{
    return strcasecmp(name, "Authorization") == 0 || strcasecmp(name, "X-Amz-Security-Token") == 0;
}

enum ecr_status ecr_lines_add(struct ecr_lines *lines, const char *name, const char *value,
                              bool hidden, struct ecr_error *error)
{
    struct ecr_buf line;
    ecr_buf_init_secret(&line, MAX_LINE);
    enum ecr_status status = ecr_buf_text(&line, name);
    if (status == ECR_OK)
        status = ecr_buf_text(&line, value[0] ? ": " : ";");
    if (status == ECR_OK)
        status = ecr_buf_text(&line, value);
    if (status == ECR_PROTOCOL)
        status = ecr_fail(error, ECR_INPUT, NULL, "the header %s is too long", name);
    else if (status != ECR_OK)
        ecr_fail_nomem(error);
    else
        status = append(lines, line.data, error);
    if (status == ECR_OK && (hidden || is_always_hidden(name)))
        lines->hidden |= UINT64_C(1) << (lines->count - 1);
    ecr_buf_clear(&line);
    return status;
}

enum ecr_status ecr_lines_without(struct ecr_lines *lines, const char *name,
                                  struct ecr_error *error)
{
    char line[64];
    snprintf(line, sizeof line, "%s:", name);
    return append(lines, line, error);
}

void ecr_lines_scrub(const struct ecr_lines *lines, char *bytes, size_t len)
{
    uint64_t hidden = lines->hidden;
    for (struct curl_slist *line = lines->list; line; line = line->next, hidden >>= 1) {
        const char *value = hidden & 1 ? strstr(line->data, ": ") : NULL;
        if (value)
            ecr_scrub(bytes, len, value + 2, strlen(value + 2));
    }
}
