/* SPDX-License-Identifier: MIT */
#include "ec.h"

#include <stdbool.h>

#include "alloc.h"
#include "base64.h"
#include "dpop.h"
#include "ec_key.h"
#include "unit.h"

static void check_url_base64(const char *bytes, size_t len, const char *expected)
{
    struct ecr_buf buf;
    ecr_buf_init(&buf, 100);
    CHECK(ecr_base64url_encode(&buf, bytes, len) == ECR_OK);
    CHECK_TEXT(len ? buf.data : "", expected);
    ecr_buf_clear(&buf);
}

/* RFC 7515, appendix C; RFC 4648, section 10 without the padding. */
TEST(encodes_for_addresses)
{
    check_url_base64("\x03\xec\xff\xe0\xc1", 5, "A-z_4ME");
    check_url_base64("", 0, "");
    check_url_base64("f", 1, "Zg");
    check_url_base64("fo", 2, "Zm8");
    check_url_base64("foo", 3, "Zm9v");
    check_url_base64("foob", 4, "Zm9vYg");
}

static void check_point(const char *pem)
{
    unsigned char x[ECR_EC_SIZE], y[ECR_EC_SIZE];
    struct ecr_ec_key *key;
    struct ecr_error error;
    CHECK(ecr_ec_read(pem, strlen(pem), &key, &error) == ECR_OK);
    if (!key)
        return;
    CHECK(ecr_ec_point(key, x, y, &error) == ECR_OK);
    check_url_base64((const char *)x, sizeof x, EC_KEY_X);
    check_url_base64((const char *)y, sizeof y, EC_KEY_Y);
    ecr_ec_free(key);
}

TEST(knows_the_public_point)
{
    check_point(EC_KEY_SEC1);
    check_point(EC_KEY_SEC1_SHORT);
    check_point(EC_KEY_PKCS8);
}

static void check_refused(const char *pem, size_t len)
{
    struct ecr_ec_key *key;
    struct ecr_error error;
    CHECK(ecr_ec_read(pem, len, &key, &error) == ECR_AUTH && !key);
    CHECK_TEXT(error.code, "dpop_key");
}

TEST(refuses_what_is_no_key)
{
    static const char cut[] = EC_KEY_PKCS8;
    check_refused("", 0);
    check_refused("canary", 6);
    check_refused("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", 65);
    for (size_t len = 0; len < sizeof cut - 2; len++)
        check_refused(cut, len);
}

TEST(signs_anew_each_time)
{
    unsigned char first[2 * ECR_EC_SIZE], second[2 * ECR_EC_SIZE];
    struct ecr_ec_key *key;
    struct ecr_error error;
    CHECK(ecr_ec_read(EC_KEY_SEC1, strlen(EC_KEY_SEC1), &key, &error) == ECR_OK);
    CHECK(ecr_ec_sign(key, "x", 1, first, &error) == ECR_OK);
    CHECK(ecr_ec_sign(key, "x", 1, second, &error) == ECR_OK);
    CHECK(memcmp(first, second, sizeof first) != 0);
    ecr_ec_free(key);
}

TEST(leaves_nothing_behind_without_memory)
{
    struct ecr_buf token;
    struct ecr_error error;
    long n = 1;
    ecr_buf_init_secret(&token, ECR_DPOP_MAX);
    for (bool reached = true; reached; n++) {
        long live = ecr_alloc_live();
        ecr_alloc_fail_at(n);
        enum ecr_status status = ecr_dpop_append(&token, EC_KEY_SEC1, strlen(EC_KEY_SEC1),
                                                 "https://a.example/", 18, 0, &error);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == (reached ? ECR_NOMEM : ECR_OK));
        ecr_buf_clear(&token);
        CHECK(ecr_alloc_live() == live);
    }
    CHECK(n > 3);
}

int main(void)
{
    RUN("base64 for addresses has no padding", encodes_for_addresses);
    RUN("a key's public point is the published one", knows_the_public_point);
    RUN("what is no key is refused", refuses_what_is_no_key);
    RUN("two signatures of the same bytes differ", signs_anew_each_time);
    RUN("a proof leaves nothing behind without memory", leaves_nothing_behind_without_memory);
    return unit_end();
}
