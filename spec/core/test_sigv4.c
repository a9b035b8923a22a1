/* SPDX-License-Identifier: MIT */
#include "sigv4.h"

#include <openssl/crypto.h>

#include "alloc.h"
#include "sigv4_vectors.h"
#include "unit.h"
#include "wipe.h"

#define MAX_SWEPT 2000

static struct ecr_creds *make_creds(const char *token)
{
    struct ecr_creds *creds = NULL;
    struct ecr_secret *key = ecr_secret_new(VECTOR_KEY, strlen(VECTOR_KEY));
    struct ecr_secret *sealed = token ? ecr_secret_new(token, strlen(token)) : NULL;
    struct ecr_creds_parts parts = {.id = VECTOR_ID,
                                    .key = key,
                                    .token = sealed,
                                    .expires = ECR_CREDS_NEVER,
                                    .source = "static"};
    ecr_creds_new(&parts, &creds, NULL);
    ecr_secret_free(key);
    ecr_secret_free(sealed);
    return creds;
}

static size_t fill_headers(const struct vector *vector, struct ecr_sigv4_header *headers)
{
    size_t count = 0;
    for (; vector->headers[2 * count]; count++)
        headers[count] =
            (struct ecr_sigv4_header){vector->headers[2 * count], vector->headers[2 * count + 1]};
    return count;
}

static struct ecr_sigv4 request_of(const struct vector *vector, const struct ecr_uri *uri,
                                   struct ecr_sigv4_header *headers)
{
    return (struct ecr_sigv4){.method = vector->method,
                              .uri = uri,
                              .headers = headers,
                              .header_count = fill_headers(vector, headers),
                              .body = vector->body,
                              .body_len = strlen(vector->body),
                              .region = vector->region,
                              .service = vector->service,
                              .now = VECTOR_NOW};
}

static void check_vector(const struct vector *vector)
{
    struct ecr_uri uri;
    struct ecr_sigv4_header headers[8];
    struct ecr_sigv4_result result;
    struct ecr_error error;
    struct ecr_buf canonical, to_sign;
    ecr_buf_init(&canonical, 100000);
    ecr_buf_init(&to_sign, 100000);
    CHECK(ecr_uri_parse(vector->url, &uri, &error) == ECR_OK);
    struct ecr_creds *creds = make_creds(vector->token);
    struct ecr_sigv4 what = request_of(vector, &uri, headers);
    CHECK(ecr_sigv4_explain(&what, creds, &canonical, &to_sign, &error) == ECR_OK);
    CHECK_TEXT(canonical.data, vector->canonical);
    CHECK_TEXT(to_sign.data, vector->to_sign);
    CHECK(ecr_sigv4_sign(&what, creds, &result, &error) == ECR_OK);
    CHECK_TEXT(result.authorization.data, vector->authorization);
    CHECK_TEXT(result.date, "20260102T030405Z");
    ecr_buf_clear(&result.authorization);
    ecr_buf_clear(&canonical);
    ecr_buf_clear(&to_sign);
    ecr_creds_free(creds);
    ecr_uri_clear(&uri);
}

TEST(signs_as_published)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        check_vector(&vectors[i]);
}

static const char *signature_of(const char *url)
{
    const char *at = strstr(url, "X-Amz-Signature=");
    return at ? at + 16 : "(none)";
}

TEST(presigns_as_botocore)
{
    for (size_t i = 0; i < sizeof presigned / sizeof *presigned; i++) {
        struct ecr_uri uri;
        struct ecr_error error;
        struct ecr_buf url;
        ecr_buf_init_secret(&url, 100000);
        CHECK(ecr_uri_parse(presigned[i].url, &uri, &error) == ECR_OK);
        struct ecr_creds *creds = make_creds(presigned[i].token);
        struct ecr_sigv4 what = {.method = "GET",
                                 .uri = &uri,
                                 .body = "",
                                 .region = presigned[i].region,
                                 .service = presigned[i].service,
                                 .now = VECTOR_NOW};
        CHECK(ecr_sigv4_presign(&what, creds, presigned[i].expires, &url, &error) == ECR_OK);
        CHECK_TEXT(signature_of(url.data), signature_of(presigned[i].result));
        CHECK(strlen(url.data) == strlen(presigned[i].result));
        ecr_buf_clear(&url);
        ecr_creds_free(creds);
        ecr_uri_clear(&uri);
    }
}

/* Either the published signature or lack of memory, and no block is left. True when the n-th
 * allocation was reached. */
static bool sign_with_failure(const struct ecr_sigv4 *what, const struct ecr_creds *creds, long n,
                              bool all)
{
    struct ecr_sigv4_result result;
    struct ecr_error error;
    long live = ecr_alloc_live();
    all ? ecr_alloc_fail_from(n) : ecr_alloc_fail_at(n);
    enum ecr_status status = ecr_sigv4_sign(what, creds, &result, &error);
    bool reached = ecr_alloc_counted() >= n;
    ecr_alloc_fail_at(0);
    CHECK(status == ECR_OK || (status == ECR_NOMEM && error.status == ECR_NOMEM && reached));
    if (status == ECR_OK)
        CHECK_TEXT(result.authorization.data, vectors[1].authorization);
    ecr_buf_clear(&result.authorization);
    CHECK(ecr_alloc_live() == live);
    return reached;
}

static bool presign_with_failure(const struct ecr_sigv4 *what, const struct ecr_creds *creds,
                                 long n, bool all)
{
    struct ecr_buf url;
    struct ecr_error error;
    long live = ecr_alloc_live();
    ecr_buf_init_secret(&url, 100000);
    all ? ecr_alloc_fail_from(n) : ecr_alloc_fail_at(n);
    enum ecr_status status = ecr_sigv4_presign(what, creds, presigned[0].expires, &url, &error);
    bool reached = ecr_alloc_counted() >= n;
    ecr_alloc_fail_at(0);
    CHECK(status == ECR_OK || (status == ECR_NOMEM && error.status == ECR_NOMEM && reached));
    if (status == ECR_OK)
        CHECK_TEXT(signature_of(url.data), signature_of(presigned[0].result));
    ecr_buf_clear(&url);
    CHECK(ecr_alloc_live() == live);
    return reached;
}

typedef bool attempt(const struct ecr_sigv4 *what, const struct ecr_creds *creds, long n, bool all);

static void sweep(attempt *sign, const struct ecr_sigv4 *what, const char *token)
{
    struct ecr_creds *creds = make_creds(token);
    sign(what, creds, MAX_SWEPT, false); /* nothing fails; libcrypto initialises itself */
    for (int all = 0; all <= 1; all++) {
        long n = 1;
        while (n < MAX_SWEPT && sign(what, creds, n, all))
            n++;
        CHECK(n > 10 && n < MAX_SWEPT);
    }
    ecr_creds_free(creds);
}

TEST(survives_every_failing_allocation)
{
    const struct vector *vector = &vectors[1];
    struct ecr_uri uri;
    struct ecr_sigv4_header headers[8];
    CHECK(ecr_uri_parse(vector->url, &uri, NULL) == ECR_OK);
    struct ecr_sigv4 what = request_of(vector, &uri, headers);
    sweep(sign_with_failure, &what, vector->token);
    ecr_uri_clear(&uri);
}

TEST(presigns_or_lacks_memory)
{
    struct ecr_uri uri;
    CHECK(ecr_uri_parse(presigned[0].url, &uri, NULL) == ECR_OK);
    struct ecr_sigv4 what = {.method = "GET",
                             .uri = &uri,
                             .body = "",
                             .region = presigned[0].region,
                             .service = presigned[0].service,
                             .now = VECTOR_NOW};
    sweep(presign_with_failure, &what, presigned[0].token);
    ecr_uri_clear(&uri);
}

TEST(refuses_more_headers_than_it_holds)
{
    struct ecr_uri uri;
    struct ecr_sigv4_header headers[40];
    struct ecr_sigv4_result result;
    struct ecr_error error;
    for (size_t i = 0; i < 40; i++)
        headers[i] = (struct ecr_sigv4_header){"x-a", "b"};
    CHECK(ecr_uri_parse("https://a.example/", &uri, &error) == ECR_OK);
    struct ecr_creds *creds = make_creds(NULL);
    struct ecr_sigv4 what = {.method = "POST",
                             .uri = &uri,
                             .headers = headers,
                             .header_count = 40,
                             .body = "",
                             .region = "us-east-1",
                             .service = "ecr"};
    CHECK(ecr_sigv4_sign(&what, creds, &result, &error) == ECR_INPUT);
    ecr_buf_clear(&result.authorization);
    ecr_creds_free(creds);
    ecr_uri_clear(&uri);
}

int main(void)
{
    CRYPTO_set_mem_functions(ecr_wiping_crypto_malloc, ecr_wiping_crypto_realloc,
                             ecr_wiping_crypto_free);
    RUN("signs every published vector, canonical request and string to sign included",
        signs_as_published);
    RUN("presigns as botocore does", presigns_as_botocore);
    RUN("signs, or lacks memory and leaves nothing, when any allocation fails",
        survives_every_failing_allocation);
    RUN("presigns, or lacks memory and leaves nothing, when any allocation fails",
        presigns_or_lacks_memory);
    RUN("refuses more headers than it holds", refuses_more_headers_than_it_holds);
    return unit_end();
}
