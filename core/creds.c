/* SPDX-License-Identifier: MIT */
/* Credentials: made, counted, wiped. */
#include "creds.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "timestamp.h"

#define MAX_ID         128
#define ACCOUNT_DIGITS 12

struct ecr_creds {
    size_t references;
    char id[MAX_ID + 1];
    char source[64];
    char account[ACCOUNT_DIGITS + 1];
    double expires;
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

static bool is_account(const char *text)
{
    return strlen(text) == ACCOUNT_DIGITS && strspn(text, "0123456789") == ACCOUNT_DIGITS;
}

static enum ecr_status check_rest(const struct ecr_creds_parts *parts, struct ecr_error *error)
{
    const char *account = parts->account;
    if (parts->expires != ECR_CREDS_NEVER && !ecr_timestamp_is(parts->expires))
        return ecr_fail(error, ECR_INPUT, "credentials", "the expiry is no time");
    if (account && account[0] && !is_account(account))
        return ecr_fail(error, ECR_INPUT, "credentials", "the account id is not twelve digits");
    return ECR_OK;
}

static enum ecr_status check(const struct ecr_creds_parts *parts, struct ecr_error *error)
{
    enum ecr_status status = check_id(parts->id, error);
    if (status == ECR_OK)
        status = check_secret(parts->key, "secret access key", error);
    if (status == ECR_OK && parts->token)
        status = check_secret(parts->token, "session token", error);
    return status == ECR_OK ? check_rest(parts, error) : status;
}

static struct ecr_secret *copy(const struct ecr_secret *secret)
{
    return ecr_secret_new(ecr_secret_bytes(secret), ecr_secret_len(secret));
}

static enum ecr_status fill(struct ecr_creds *creds, const struct ecr_creds_parts *parts,
                            struct ecr_error *error)
{
    *creds = (struct ecr_creds){.references = 1, .expires = parts->expires};
    strcpy(creds->id, parts->id);
    strcpy(creds->account, parts->account ? parts->account : "");
    strncpy(creds->source, parts->source, sizeof creds->source - 1);
    creds->key = copy(parts->key);
    creds->token = parts->token ? copy(parts->token) : NULL;
    return creds->key && (creds->token || !parts->token) ? ECR_OK : ecr_fail_nomem(error);
}

enum ecr_status ecr_creds_new(const struct ecr_creds_parts *parts, struct ecr_creds **creds,
                              struct ecr_error *error)
{
    *creds = NULL;
    enum ecr_status status = check(parts, error);
    if (status != ECR_OK)
        return status;
    *creds = ecr_alloc(sizeof **creds);
    if (!*creds)
        return ecr_fail_nomem(error);
    status = fill(*creds, parts, error);
    if (status != ECR_OK) {
        ecr_creds_free(*creds);
        *creds = NULL;
    }
    return status;
}

/* --- the environment --- */

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

static enum ecr_status read_key(struct ecr_secret **key, struct ecr_error *error)
{
    enum ecr_status status = read_variable("AWS_SECRET_ACCESS_KEY", key, error);
    if (status == ECR_OK && !*key)
        return ecr_fail(error, ECR_AUTH, "partial_credentials",
                        "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
    return status;
}

static enum ecr_status read_token(struct ecr_secret **token, struct ecr_error *error)
{
    enum ecr_status status = read_variable("AWS_SESSION_TOKEN", token, error);
    if (status == ECR_OK && !*token)
        return read_variable("AWS_SECURITY_TOKEN", token, error);
    return status;
}

static enum ecr_status read_expiry(double *expires, struct ecr_error *error)
{
    const char *text = getenv("AWS_CREDENTIAL_EXPIRATION");
    *expires = ECR_CREDS_NEVER;
    if (!text || !text[0] || ecr_timestamp_parse(text, strlen(text), expires))
        return ECR_OK;
    return ecr_fail(error, ECR_AUTH, "expiration",
                    "AWS_CREDENTIAL_EXPIRATION is no time of the form 2026-01-02T03:04:05Z");
}

enum ecr_status ecr_creds_from_environment(struct ecr_creds **creds, struct ecr_error *error)
{
    struct ecr_secret *key = NULL, *token = NULL;
    const char *account = getenv("AWS_ACCOUNT_ID");
    struct ecr_creds_parts parts = {.id = getenv("AWS_ACCESS_KEY_ID"), .source = "environment"};
    *creds = NULL;
    if (!parts.id || !parts.id[0])
        return ECR_OK;
    enum ecr_status status = read_key(&key, error);
    if (status == ECR_OK)
        status = read_token(&token, error);
    if (status == ECR_OK)
        status = read_expiry(&parts.expires, error);
    if (status == ECR_OK) {
        parts.key = key;
        parts.token = token;
        parts.account = account && is_account(account) ? account : NULL;
        status = as_auth(ecr_creds_new(&parts, creds, error), error);
    }
    ecr_secret_free(key);
    ecr_secret_free(token);
    return status;
}

/* --- sharing and reading --- */

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

double ecr_creds_expires(const struct ecr_creds *creds)
{
    return creds->expires;
}

const char *ecr_creds_account(const struct ecr_creds *creds)
{
    return creds->account;
}
