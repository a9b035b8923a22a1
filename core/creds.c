/* SPDX-License-Identifier: MIT */
/* Credentials: made, counted, wiped. */
#include "creds.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define MAX_ID 128

struct ecr_creds {
    size_t references;
    char id[MAX_ID + 1];
    char source[32];
    struct ecr_secret *key;
    struct ecr_secret *token; /* or NULL */
};

/* Everything goes into a header or a hash: printable ASCII without spaces. */
static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return true;
}

static enum ecr_status check_id(const char *id, struct ecr_error *error)
{
    size_t len = strlen(id);
    if (len == 0 || len > MAX_ID || !is_plain(id, len))
        return ecr_fail(
            error, ECR_INPUT, "credentials",
            "the access key id is empty, too long or holds a space or control character");
    return ECR_OK;
}

static enum ecr_status check_secret(const struct ecr_secret *secret, const char *what,
                                    struct ecr_error *error)
{
    size_t len = ecr_secret_len(secret);
    if (len == 0 || !is_plain(ecr_secret_bytes(secret), len))
        return ecr_fail(error, ECR_INPUT, "credentials",
                        "the %s is empty or holds a space or control character", what);
    return ECR_OK;
}

static struct ecr_secret *copy(const struct ecr_secret *secret)
{
    return ecr_secret_new(ecr_secret_bytes(secret), ecr_secret_len(secret));
}

static enum ecr_status fill(struct ecr_creds *creds, const char *id, const struct ecr_secret *key,
                            const struct ecr_secret *token, const char *source,
                            struct ecr_error *error)
{
    *creds = (struct ecr_creds){.references = 1};
    strcpy(creds->id, id);
    strncpy(creds->source, source, sizeof creds->source - 1);
    creds->key = copy(key);
    creds->token = token ? copy(token) : NULL;
    return creds->key && (creds->token || !token) ? ECR_OK : ecr_fail_nomem(error);
}

enum ecr_status ecr_creds_new(const char *id, const struct ecr_secret *key,
                              const struct ecr_secret *token, const char *source,
                              struct ecr_creds **creds, struct ecr_error *error)
{
    *creds = NULL;
    enum ecr_status status = check_id(id, error);
    if (status == ECR_OK)
        status = check_secret(key, "secret access key", error);
    if (status == ECR_OK && token)
        status = check_secret(token, "session token", error);
    if (status != ECR_OK)
        return status;
    *creds = ecr_alloc(sizeof **creds);
    if (!*creds)
        return ecr_fail_nomem(error);
    status = fill(*creds, id, key, token, source, error);
    if (status != ECR_OK) {
        ecr_creds_free(*creds);
        *creds = NULL;
    }
    return status;
}

/* A variable's value as a secret; NULL when it is unset or empty. */
static enum ecr_status read_variable(const char *name, struct ecr_secret **secret,
                                     struct ecr_error *error)
{
    const char *value = getenv(name);
    *secret = NULL;
    if (!value || !value[0])
        return ECR_OK;
    *secret = ecr_secret_new(value, strlen(value));
    return *secret ? ECR_OK : ecr_fail_nomem(error);
}

static enum ecr_status as_auth(enum ecr_status status, struct ecr_error *error)
{
    if (status == ECR_INPUT) {
        error->status = ECR_AUTH;
        return ECR_AUTH;
    }
    return status;
}

enum ecr_status ecr_creds_from_environment(struct ecr_creds **creds, struct ecr_error *error)
{
    struct ecr_secret *key = NULL, *token = NULL;
    const char *id = getenv("AWS_ACCESS_KEY_ID");
    *creds = NULL;
    if (!id || !id[0])
        return ECR_OK;
    enum ecr_status status = read_variable("AWS_SECRET_ACCESS_KEY", &key, error);
    if (status == ECR_OK && !key)
        status = ecr_fail(error, ECR_AUTH, "partial_credentials",
                          "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
    if (status == ECR_OK)
        status = read_variable("AWS_SESSION_TOKEN", &token, error);
    if (status == ECR_OK && !token)
        status = read_variable("AWS_SECURITY_TOKEN", &token, error);
    if (status == ECR_OK)
        status = as_auth(ecr_creds_new(id, key, token, "environment", creds, error), error);
    ecr_secret_free(key);
    ecr_secret_free(token);
    return status;
}

struct ecr_creds *ecr_creds_ref(struct ecr_creds *creds)
{
    if (creds)
        creds->references++;
    return creds;
}

void ecr_creds_free(struct ecr_creds *creds)
{
    if (!creds || --creds->references > 0)
        return;
    ecr_secret_free(creds->key);
    ecr_secret_free(creds->token);
    ecr_free(creds);
}

const char *ecr_creds_id(const struct ecr_creds *creds)
{
    return creds->id;
}

const struct ecr_secret *ecr_creds_key(const struct ecr_creds *creds)
{
    return creds->key;
}

const struct ecr_secret *ecr_creds_token(const struct ecr_creds *creds)
{
    return creds->token;
}

const char *ecr_creds_source(const struct ecr_creds *creds)
{
    return creds->source;
}
