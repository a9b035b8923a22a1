/* SPDX-License-Identifier: MIT */
/* Signing in four steps over one state: canonical request, string to sign, key, signature. The
 * canonical request holds the session token, so it is a secret buffer. */
#include "sigv4.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "canonical.h"
#include "hash.h"

#define MAX_TEXT ((size_t)64 * 1024 * 1024)
#define HEX_SIZE (2 * ECR_SHA256_SIZE + 1)

struct state {
    const struct ecr_sigv4 *what;
    const struct ecr_creds *creds;
    char date[ECR_SIGV4_DATE];
    char payload[HEX_SIZE]; /* hash of the body */
    struct ecr_buf scope;   /* "20260102/us-east-1/ecr/aws4_request" */
    struct ecr_buf host;
    struct ecr_buf names; /* signed headers, joined by ";" */
    struct ecr_buf query; /* canonical */
    struct ecr_buf canonical;
    struct ecr_buf to_sign;
    struct ecr_canonical_headers headers;
    struct ecr_error *error;
};

static void init(struct state *state, const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                 struct ecr_error *error)
{
    *state = (struct state){.what = what, .creds = creds, .error = error};
    ecr_buf_init(&state->scope, MAX_TEXT);
    ecr_buf_init(&state->host, MAX_TEXT);
    ecr_buf_init(&state->names, MAX_TEXT);
    ecr_buf_init_secret(&state->query, MAX_TEXT);
    ecr_buf_init_secret(&state->canonical, MAX_TEXT);
    ecr_buf_init(&state->to_sign, MAX_TEXT);
}

static void clear(struct state *state)
{
    ecr_buf_clear(&state->scope);
    ecr_buf_clear(&state->host);
    ecr_buf_clear(&state->names);
    ecr_buf_clear(&state->query);
    ecr_buf_clear(&state->canonical);
    ecr_buf_clear(&state->to_sign);
}

/* Appends texts up to a NULL. */
static enum ecr_status join(struct ecr_buf *buf, const char *const *texts)
{
    enum ecr_status status = ECR_OK;
    for (; *texts && status == ECR_OK; texts++)
        status = ecr_buf_text(buf, *texts);
    return status;
}
#define JOIN(buf, ...) join(buf, (const char *const[]){__VA_ARGS__, NULL})

/* What libcrypto says of a hash, with words. */
static enum ecr_status hashed(struct state *state, enum ecr_status status)
{
    if (status == ECR_OK)
        return ECR_OK;
    return ecr_fail(state->error, status, "libcrypto", "libcrypto cannot compute a SHA-256");
}

static enum ecr_status set_times(struct state *state)
{
    struct tm calendar;
    time_t now = (time_t)state->what->now;
    char day[9];
    gmtime_r(&now, &calendar);
    strftime(state->date, sizeof state->date, "%Y%m%dT%H%M%SZ", &calendar);
    memcpy(day, state->date, 8);
    day[8] = '\0';
    return JOIN(&state->scope, day, "/", state->what->region, "/", state->what->service,
                "/aws4_request");
}

static enum ecr_status hash_hex(struct state *state, const void *bytes, size_t len,
                                char hex[HEX_SIZE])
{
    unsigned char hash[ECR_SHA256_SIZE];
    enum ecr_status status = hashed(state, ecr_sha256(bytes, len, hash));
    if (status == ECR_OK)
        ecr_hex(hash, sizeof hash, hex);
    return status;
}

/* --- headers and query --- */

static enum ecr_status add_header(struct state *state, const char *name, const char *value)
{
    return ecr_canonical_add(&state->headers, name, value, state->error);
}

/* `presigned`: date and token travel in the query instead. */
static enum ecr_status collect_headers(struct state *state, bool presigned)
{
    const struct ecr_secret *token = ecr_creds_token(state->creds);
    enum ecr_status status = ecr_uri_host(state->what->uri, &state->host);
    if (status == ECR_OK)
        status = add_header(state, "host", state->host.data);
    if (status == ECR_OK && !presigned)
        status = add_header(state, "x-amz-date", state->date);
    if (status == ECR_OK && !presigned && token)
        status = add_header(state, "x-amz-security-token", ecr_secret_bytes(token));
    for (size_t i = 0; i < state->what->header_count && status == ECR_OK; i++)
        if (ecr_canonical_is_signed(state->what->headers[i].name))
            status = add_header(state, state->what->headers[i].name, state->what->headers[i].value);
    return status;
}

static enum ecr_status append_param(struct ecr_buf *query, const char *name, const char *value)
{
    enum ecr_status status = JOIN(query, query->len ? "&" : "", name, "=");
    return status == ECR_OK ? ecr_uri_encode(query, value, strlen(value), false) : status;
}

/* What presigning adds to the query. */
static enum ecr_status append_signing_params(struct state *state, struct ecr_buf *query,
                                             unsigned expires)
{
    char seconds[16];
    struct ecr_buf credential;
    const struct ecr_secret *token = ecr_creds_token(state->creds);
    ecr_buf_init(&credential, MAX_TEXT);
    snprintf(seconds, sizeof seconds, "%u", expires);
    enum ecr_status status = JOIN(&credential, ecr_creds_id(state->creds), "/", state->scope.data);
    if (status == ECR_OK)
        status = append_param(query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    if (status == ECR_OK)
        status = append_param(query, "X-Amz-Credential", credential.data);
    if (status == ECR_OK)
        status = append_param(query, "X-Amz-Date", state->date);
    if (status == ECR_OK)
        status = append_param(query, "X-Amz-Expires", seconds);
    if (status == ECR_OK && token)
        status = append_param(query, "X-Amz-Security-Token", ecr_secret_bytes(token));
    if (status == ECR_OK)
        status = append_param(query, "X-Amz-SignedHeaders", state->names.data);
    ecr_buf_clear(&credential);
    return status;
}

/* --- the steps --- */

static enum ecr_status build_canonical(struct state *state)
{
    const struct ecr_sigv4 *what = state->what;
    enum ecr_status status = JOIN(&state->canonical, what->method, "\n");
    if (status == ECR_OK)
        status = ecr_uri_encode(&state->canonical, what->uri->path, strlen(what->uri->path), true);
    if (status == ECR_OK)
        status = JOIN(&state->canonical, "\n", state->query.data ? state->query.data : "", "\n");
    ecr_buf_reset(&state->names);
    if (status == ECR_OK)
        status = ecr_canonical_write(&state->headers, &state->canonical, &state->names);
    return status == ECR_OK ? JOIN(&state->canonical, "\n", state->names.data, "\n",
                                   what->payload ? what->payload : state->payload)
                            : status;
}

static enum ecr_status build_to_sign(struct state *state)
{
    char hash[HEX_SIZE];
    enum ecr_status status = hash_hex(state, state->canonical.data, state->canonical.len, hash);
    return status == ECR_OK ? JOIN(&state->to_sign, "AWS4-HMAC-SHA256\n", state->date, "\n",
                                   state->scope.data, "\n", hash)
                            : status;
}

/* HMAC over HMAC: date, region, service, "aws4_request", and the string to sign last. */
static enum ecr_status compute_signature(struct state *state, char signature[HEX_SIZE])
{
    unsigned char key[ECR_SHA256_SIZE];
    char day[9];
    const struct ecr_secret *secret = ecr_creds_key(state->creds);
    struct ecr_buf first;
    snprintf(day, sizeof day, "%.8s", state->date);
    const char *const parts[] = {day, state->what->region, state->what->service, "aws4_request",
                                 state->to_sign.data};
    ecr_buf_init_secret(&first, MAX_TEXT);
    enum ecr_status status = ecr_buf_text(&first, "AWS4");
    if (status == ECR_OK)
        status = ecr_buf_append(&first, ecr_secret_bytes(secret), ecr_secret_len(secret));
    for (size_t i = 0; i < sizeof parts / sizeof *parts && status == ECR_OK; i++) {
        const void *with = i ? (const void *)key : first.data;
        size_t len = i ? sizeof key : first.len;
        status = hashed(state, ecr_hmac_sha256(with, len, parts[i], strlen(parts[i]), key));
    }
    if (status == ECR_OK)
        ecr_hex(key, sizeof key, signature);
    ecr_wipe(key, sizeof key);
    ecr_buf_clear(&first);
    return status;
}

static enum ecr_status prepare(struct state *state, bool presigned)
{
    enum ecr_status status = set_times(state);
    if (status == ECR_OK && !state->what->payload)
        status = hash_hex(state, state->what->body, state->what->body_len, state->payload);
    return status == ECR_OK ? collect_headers(state, presigned) : status;
}

static enum ecr_status canonical_query(struct state *state, struct ecr_buf *raw)
{
    return raw->len ? ecr_canonical_query(raw->data, &state->query, state->error) : ECR_OK;
}

static enum ecr_status steps(struct state *state)
{
    struct ecr_buf raw;
    ecr_buf_init(&raw, MAX_TEXT);
    enum ecr_status status = prepare(state, false);
    if (status == ECR_OK)
        status = ecr_buf_text(&raw, state->what->uri->query);
    if (status == ECR_OK)
        status = canonical_query(state, &raw);
    if (status == ECR_OK)
        status = build_canonical(state);
    if (status == ECR_OK)
        status = build_to_sign(state);
    ecr_buf_clear(&raw);
    return status;
}

/* Failures without words yet are failures of buffers: memory. */
static enum ecr_status explained(struct state *state, enum ecr_status status)
{
    if (status == ECR_NOMEM || status == ECR_PROTOCOL)
        return ecr_fail_nomem(state->error);
    return status;
}

enum ecr_status ecr_sigv4_sign(const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                               struct ecr_sigv4_result *result, struct ecr_error *error)
{
    struct state state;
    char signature[HEX_SIZE];
    init(&state, what, creds, error);
    ecr_buf_init(&result->authorization, MAX_TEXT);
    enum ecr_status status = steps(&state);
    if (status == ECR_OK)
        status = compute_signature(&state, signature);
    if (status == ECR_OK)
        status =
            JOIN(&result->authorization, "AWS4-HMAC-SHA256 Credential=", ecr_creds_id(creds), "/",
                 state.scope.data, ", SignedHeaders=", state.names.data, ", Signature=", signature);
    memcpy(result->date, state.date, sizeof result->date);
    clear(&state);
    return explained(&state, status);
}

/* The names of the signed headers must be known before the query, which names them. */
static enum ecr_status name_headers(struct state *state)
{
    enum ecr_status status = ecr_canonical_write(&state->headers, &state->canonical, &state->names);
    ecr_buf_reset(&state->canonical);
    return status;
}

static enum ecr_status presign_steps(struct state *state, unsigned expires, struct ecr_buf *raw)
{
    enum ecr_status status = prepare(state, true);
    if (status == ECR_OK)
        status = name_headers(state);
    if (status == ECR_OK)
        status = ecr_buf_text(raw, state->what->uri->query);
    if (status == ECR_OK)
        status = append_signing_params(state, raw, expires);
    if (status == ECR_OK)
        status = canonical_query(state, raw);
    if (status == ECR_OK)
        status = build_canonical(state);
    return status == ECR_OK ? build_to_sign(state) : status;
}

enum ecr_status ecr_sigv4_presign(const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                                  unsigned expires_seconds, struct ecr_buf *url,
                                  struct ecr_error *error)
{
    struct state state;
    struct ecr_buf raw;
    char signature[HEX_SIZE];
    init(&state, what, creds, error);
    ecr_buf_init_secret(&raw, MAX_TEXT);
    enum ecr_status status = presign_steps(&state, expires_seconds, &raw);
    if (status == ECR_OK)
        status = compute_signature(&state, signature);
    if (status == ECR_OK)
        status = JOIN(url, what->uri->https ? "https://" : "http://", state.host.data,
                      what->uri->path, "?", state.query.data, "&X-Amz-Signature=", signature);
    ecr_buf_clear(&raw);
    clear(&state);
    return explained(&state, status);
}

enum ecr_status ecr_sigv4_explain(const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                                  struct ecr_buf *canonical, struct ecr_buf *to_sign,
                                  struct ecr_error *error)
{
    struct state state;
    init(&state, what, creds, error);
    enum ecr_status status = steps(&state);
    if (status == ECR_OK)
        status = ecr_buf_append(canonical, state.canonical.data, state.canonical.len);
    if (status == ECR_OK)
        status = ecr_buf_append(to_sign, state.to_sign.data, state.to_sign.len);
    clear(&state);
    return explained(&state, status);
}
