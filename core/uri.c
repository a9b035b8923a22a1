/* SPDX-License-Identifier: MIT */
/* Parsing and encoding of endpoint addresses. */
#include "uri.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "secret.h"

#define MAX_HOST 255

static enum ecr_status refuse(struct ecr_error *error, const char *why)
{
    return ecr_fail(error, ECR_CONFIG, "url", "%s", why);
}

static enum ecr_status check_bytes(const char *text, struct ecr_error *error)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7f || strchr("\\\"<>^`{|}", *text))
            return refuse(error, "it holds a character that no URL has");
    return ECR_OK;
}

static enum ecr_status read_scheme(const char **at, struct ecr_uri *uri, struct ecr_error *error)
{
    uri->https = strncasecmp(*at, "https://", 8) == 0;
    if (!uri->https && strncasecmp(*at, "http://", 7) != 0)
        return refuse(error, "it must begin with https:// or http://");
    *at += uri->https ? 8 : 7;
    return ECR_OK;
}

/* The length of the host at `at`, 0 when it is none. */
static size_t host_length(const char *at)
{
    if (*at == '[') {
        size_t len = 1 + strspn(at + 1, "0123456789abcdefABCDEF:.");
        return len > 2 && at[len] == ']' ? len + 1 : 0;
    }
    return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
}

static enum ecr_status read_host(const char **at, struct ecr_uri *uri, struct ecr_error *error)
{
    size_t len = host_length(*at);
    if (len == 0 || len > MAX_HOST)
        return refuse(error, "it has no host");
    uri->host = ecr_strndup(*at, len);
    if (!uri->host)
        return ecr_fail_nomem(error);
    for (char *c = uri->host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *at += len;
    return ECR_OK;
}

static enum ecr_status read_port(const char **at, struct ecr_uri *uri, struct ecr_error *error)
{
    if (**at != ':')
        return ECR_OK;
    size_t digits = strspn(*at + 1, "0123456789");
    unsigned long port = strtoul(*at + 1, NULL, 10);
    if (digits == 0 || digits > 5 || port < 1 || port > 65535)
        return refuse(error, "its port is not a number from 1 to 65535");
    uri->port = port == (uri->https ? 443u : 80u) ? 0 : (uint16_t)port;
    *at += 1 + digits;
    return ECR_OK;
}

static enum ecr_status read_rest(const char *at, struct ecr_uri *uri, struct ecr_error *error)
{
    if (*at && *at != '/' && *at != '?')
        return refuse(error, "its host is not followed by a port, a path or a query");
    if (strchr(at, '#'))
        return refuse(error, "it has a fragment (#)");
    size_t path = strcspn(at, "?");
    uri->path = path ? ecr_strndup(at, path) : ecr_strndup("/", 1);
    uri->query = at[path] ? ecr_strndup(at + path + 1, strlen(at + path + 1)) : ecr_strndup("", 0);
    return uri->path && uri->query ? ECR_OK : ecr_fail_nomem(error);
}

enum ecr_status ecr_uri_parse(const char *text, struct ecr_uri *uri, struct ecr_error *error)
{
    const char *at = text;
    *uri = (struct ecr_uri){0};
    enum ecr_status status = check_bytes(text, error);
    if (status == ECR_OK)
        status = read_scheme(&at, uri, error);
    if (status == ECR_OK && memchr(at, '@', strcspn(at, "/?#")))
        status = refuse(error, "it holds a user name or password");
    if (status == ECR_OK)
        status = read_host(&at, uri, error);
    if (status == ECR_OK)
        status = read_port(&at, uri, error);
    if (status == ECR_OK)
        status = read_rest(at, uri, error);
    if (status != ECR_OK)
        ecr_uri_clear(uri);
    return status;
}

static void wipe(char *text)
{
    if (text)
        ecr_wipe(text, strlen(text));
    ecr_free(text);
}

/* A presigned address is a secret: whoever has its query has what it gives. */
void ecr_uri_clear(struct ecr_uri *uri)
{
    ecr_free(uri->host);
    wipe(uri->path);
    wipe(uri->query);
    *uri = (struct ecr_uri){0};
}

enum ecr_status ecr_uri_host(const struct ecr_uri *uri, struct ecr_buf *buf)
{
    char port[8] = "";
    if (uri->port)
        snprintf(port, sizeof port, ":%u", uri->port);
    enum ecr_status status = ecr_buf_text(buf, uri->host);
    return status == ECR_OK ? ecr_buf_text(buf, port) : status;
}

static bool is_unreserved(unsigned char byte)
{
    return isalnum(byte) || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

enum ecr_status ecr_uri_encode(struct ecr_buf *buf, const char *text, size_t len, bool keep_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    enum ecr_status status = ECR_OK;
    for (size_t i = 0; i < len && status == ECR_OK; i++) {
        unsigned char byte = (unsigned char)text[i];
        const char escape[] = {'%', hex[byte >> 4], hex[byte & 15]};
        if (is_unreserved(byte) || (keep_slash && byte == '/'))
            status = ecr_buf_byte(buf, (char)byte);
        else
            status = ecr_buf_append(buf, escape, sizeof escape);
    }
    return status;
}
