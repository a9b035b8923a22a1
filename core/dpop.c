/* SPDX-License-Identifier: MIT */
/* Header, payload and signature, each in base64 for addresses. */
#include "dpop.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/random.h>

#include "base64.h"
#include "ec.h"
#include "json.h"

#define MAX_URL   2048
#define UUID_SIZE sizeof "00000000-0000-4000-8000-000000000000"

/* A proof in the making. */
struct proof {
    struct ecr_ec_key *key;
    struct ecr_buf json; /* the part that comes next */
    struct ecr_buf *token;
    size_t start; /* of ours in the token */
};

/* Of what is appended only an address that is no UTF-8 can be refused. */
static enum ecr_status appended(enum ecr_status status, struct ecr_error *error)
{
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    return status == ECR_OK ? ECR_OK
                            : ecr_fail(error, ECR_INPUT, "url", "the address is no UTF-8 text");
}

/* The JSON becomes a part of the token, and its room is free again. */
static enum ecr_status append_part(struct proof *proof, struct ecr_error *error)
{
    enum ecr_status status = ECR_OK;
    if (proof->token->len > proof->start)
        status = ecr_buf_byte(proof->token, '.');
    if (status == ECR_OK)
        status = ecr_base64url_encode(proof->token, proof->json.data, proof->json.len);
    ecr_buf_reset(&proof->json);
    return appended(status, error);
}

/* ,"name":"base64 of the coordinate" */
static enum ecr_status add_coordinate(struct ecr_buf *json, const char *opening,
                                      const unsigned char bytes[ECR_EC_SIZE])
{
    enum ecr_status status = ecr_buf_text(json, opening);
    if (status == ECR_OK)
        status = ecr_base64url_encode(json, bytes, ECR_EC_SIZE);
    return status == ECR_OK ? ecr_buf_byte(json, '"') : status;
}

static enum ecr_status append_header(struct proof *proof, struct ecr_error *error)
{
    unsigned char x[ECR_EC_SIZE], y[ECR_EC_SIZE];
    struct ecr_buf *json = &proof->json;
    enum ecr_status status = ecr_ec_point(proof->key, x, y, error);
    if (status != ECR_OK)
        return status;
    status = ecr_buf_text(json, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\"");
    if (status == ECR_OK)
        status = add_coordinate(json, ",\"x\":\"", x);
    if (status == ECR_OK)
        status = add_coordinate(json, ",\"y\":\"", y);
    if (status == ECR_OK)
        status = ecr_buf_text(json, ",\"crv\":\"P-256\"}}");
    return status == ECR_OK ? append_part(proof, error) : appended(status, error);
}

/* A random UUID (RFC 9562, version 4): no two proofs are the same. */
static enum ecr_status make_uuid(char text[UUID_SIZE], struct ecr_error *error)
{
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
        return ecr_fail(error, ECR_CONFIG, "random", "the system gives no random bytes");
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, UUID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    return ECR_OK;
}

static enum ecr_status append_payload(struct proof *proof, const char *url, size_t url_len,
                                      double now, struct ecr_error *error)
{
    char uuid[UUID_SIZE], rest[100];
    enum ecr_status status = make_uuid(uuid, error);
    if (status != ECR_OK)
        return status;
    snprintf(rest, sizeof rest, ",\"iat\":%" PRId64 ",\"jti\":\"%s\"}", (int64_t)floor(now), uuid);
    status = ecr_buf_text(&proof->json, "{\"htm\":\"POST\",\"htu\":");
    if (status == ECR_OK)
        status = ecr_json_quote(&proof->json, url, url_len);
    if (status == ECR_OK)
        status = ecr_buf_text(&proof->json, rest);
    return status == ECR_OK ? append_part(proof, error) : appended(status, error);
}

static enum ecr_status append_signature(struct proof *proof, struct ecr_error *error)
{
    unsigned char signature[2 * ECR_EC_SIZE];
    enum ecr_status status = ecr_ec_sign(proof->key, proof->token->data + proof->start,
                                         proof->token->len - proof->start, signature, error);
    if (status == ECR_OK)
        status = appended(ecr_buf_append(&proof->json, signature, sizeof signature), error);
    return status == ECR_OK ? append_part(proof, error) : status;
}

enum ecr_status ecr_dpop_append(struct ecr_buf *token, const char *pem, size_t pem_len,
                                const char *url, size_t url_len, double now,
                                struct ecr_error *error)
{
    struct proof proof = {.token = token, .start = token->len};
    if (url_len > MAX_URL)
        return ecr_fail(error, ECR_INPUT, "url", "the address is longer than %d bytes", MAX_URL);
    ecr_buf_init_secret(&proof.json, ECR_DPOP_MAX);
    enum ecr_status status = ecr_ec_read(pem, pem_len, &proof.key, error);
    if (status == ECR_OK)
        status = append_header(&proof, error);
    if (status == ECR_OK)
        status = append_payload(&proof, url, url_len, now, error);
    if (status == ECR_OK)
        status = append_signature(&proof, error);
    ecr_ec_free(proof.key);
    ecr_buf_clear(&proof.json);
    return status;
}
