/* SPDX-License-Identifier: MIT */
#include "creds.h"

#include <stdlib.h>

#include "timestamp.h"
#include "unit.h"

static void set(const char *id, const char *key, const char *token, const char *legacy)
{
    const char *const pairs[][2] = {
        {"AWS_ACCESS_KEY_ID", id},           {"AWS_SECRET_ACCESS_KEY", key},
        {"AWS_SESSION_TOKEN", token},        {"AWS_SECURITY_TOKEN", legacy},
        {"AWS_CREDENTIAL_EXPIRATION", NULL}, {"AWS_ACCOUNT_ID", NULL}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (pairs[i][1])
            setenv(pairs[i][0], pairs[i][1], 1);
        else
            unsetenv(pairs[i][0]);
    }
}

TEST(reads_the_environment)
{
    struct ecr_creds *creds;
    struct ecr_error error;
    set("AKIDEXAMPLE", "secret", "token", NULL);
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_OK && creds);
    CHECK_TEXT(ecr_creds_id(creds), "AKIDEXAMPLE");
    CHECK_TEXT(ecr_secret_bytes(ecr_creds_key(creds)), "secret");
    CHECK_TEXT(ecr_secret_bytes(ecr_creds_token(creds)), "token");
    CHECK_TEXT(ecr_creds_source(creds), "environment");
    ecr_creds_free(creds);
    set("AKIDEXAMPLE", "secret", NULL, "legacy");
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_OK && creds);
    CHECK_TEXT(ecr_secret_bytes(ecr_creds_token(creds)), "legacy");
    ecr_creds_free(creds);
}

TEST(finds_nothing_in_an_empty_environment)
{
    struct ecr_creds *creds;
    struct ecr_error error;
    set("", "secret", NULL, NULL);
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_OK && !creds);
    set(NULL, NULL, NULL, NULL);
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_OK && !creds);
}

TEST(calls_half_a_pair_an_error)
{
    struct ecr_creds *creds;
    struct ecr_error error;
    set("AKIDEXAMPLE", NULL, NULL, NULL);
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_AUTH && !creds);
    CHECK_TEXT(error.code, "partial_credentials");
    set("AKIDEXAMPLE", "with\nbreak", NULL, NULL);
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_AUTH && !creds);
    CHECK(strstr(error.message, "with") == NULL);
    set(NULL, NULL, NULL, NULL);
}

/* The environment has a pair of keys, this expiry and this account. */
static void check_rest(const char *expiration, const char *account, double expires,
                       const char *expected_account)
{
    struct ecr_creds *creds;
    struct ecr_error error;
    set("AKIDEXAMPLE", "secret", NULL, NULL);
    setenv("AWS_CREDENTIAL_EXPIRATION", expiration, 1);
    setenv("AWS_ACCOUNT_ID", account, 1);
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_OK && creds);
    CHECK(ecr_creds_expires(creds) == expires);
    CHECK_TEXT(ecr_creds_account(creds), expected_account);
    ecr_creds_free(creds);
    set(NULL, NULL, NULL, NULL);
}

/* Seconds by `date -u -d 2026-01-02T03:04:05Z +%s`. */
TEST(reads_expiry_and_account)
{
    check_rest("2026-01-02T03:04:05Z", "123456789012", 1767323045, "123456789012");
    check_rest("2026-01-02T03:04:05+00:00", "", 1767323045, "");
    check_rest("", "1234-5678-9012", ECR_CREDS_NEVER, "");
}

TEST(calls_an_unreadable_expiry_an_error)
{
    struct ecr_creds *creds;
    struct ecr_error error;
    set("AKIDEXAMPLE", "secret", NULL, NULL);
    setenv("AWS_CREDENTIAL_EXPIRATION", "tomorrow", 1);
    CHECK(ecr_creds_from_environment(&creds, &error) == ECR_AUTH && !creds);
    CHECK_TEXT(error.code, "expiration");
    CHECK(strstr(error.message, "tomorrow") == NULL);
    set(NULL, NULL, NULL, NULL);
}

static void check_written(double seconds, const char *expected)
{
    char text[ECR_TIMESTAMP_SIZE];
    double again;
    CHECK(ecr_timestamp_is(seconds));
    ecr_timestamp_format(seconds, text);
    CHECK_TEXT(text, expected);
    CHECK(ecr_timestamp_parse(text, strlen(text), &again));
}

/* By Python's datetime.fromtimestamp(seconds, timezone.utc).isoformat(). */
TEST(writes_times)
{
    check_written(0, "1970-01-01T00:00:00+00:00");
    check_written(1767323045.75, "2026-01-02T03:04:05+00:00");
    check_written(951782400, "2000-02-29T00:00:00+00:00");
    check_written(-0.5, "1969-12-31T23:59:59+00:00");
    check_written(-62135596800.0, "0001-01-01T00:00:00+00:00");
    check_written(253402300799.5, "9999-12-31T23:59:59+00:00");
    CHECK(!ecr_timestamp_is(253402300800.0));
    CHECK(!ecr_timestamp_is(-62135596801.0));
    CHECK(!ecr_timestamp_is(NAN));
}

int main(void)
{
    RUN("credentials are read from the environment", reads_the_environment);
    RUN("an empty key id is no credentials and no error", finds_nothing_in_an_empty_environment);
    RUN("a key id without a usable key is an error that does not show it",
        calls_half_a_pair_an_error);
    RUN("an expiry and an account are read from the environment", reads_expiry_and_account);
    RUN("an expiry that is no time is an error that does not show it",
        calls_an_unreadable_expiry_an_error);
    RUN("times are written as Python writes them, and read back", writes_times);
    return unit_end();
}
