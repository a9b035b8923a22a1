/* SPDX-License-Identifier: MIT */
/* ES256 over libcrypto's EVP. What libcrypto keeps of the key, it wipes: a BIGNUM by itself, the
 * rest by the allocators that our binary gives it.
 *
 * Its decoders try one form after the other, and lack of memory in one of them ends as
 * "unsupported" like text that is no key, or as a key that cannot do everything. So it is counted
 * where memory is given, from the reading of the key on; in a host with allocators of its own
 * libcrypto's error queue has to do. */
#include "ec.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "alloc.h"
#include "wipe.h"

#define MAX_DER 80 /* of a signature: two integers of at most 33 bytes in a sequence */

struct ecr_ec_key {
    EVP_PKEY *key;
    unsigned long failures; /* how often memory had been short before it was read */
};

/* Why something failed that was done with the key. */
static enum ecr_status why(const struct ecr_ec_key *key, const char *what, struct ecr_error *error)
{
    bool no_memory = ecr_wiping_failures() != key->failures;
    for (unsigned long code = ERR_get_error(); code; code = ERR_get_error())
        no_memory |= ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    return no_memory ? ecr_fail_nomem(error) : ecr_fail(error, ECR_AUTH, "dpop_key", "%s", what);
}

/* Nobody is asked for the password of an encrypted key. */
static int no_password(char *text, int size, int writing, void *user)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)user;
    return -1;
}

static bool is_p256(const EVP_PKEY *key)
{
    char name[32];
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
           strcmp(name, SN_X9_62_prime256v1) == 0;
}

/* NULL when it is no private key on a curve. Asked for no other algorithm's, libcrypto looks at a
 * part of its decoders. */
static EVP_PKEY *read_pem(const char *pem, size_t len)
{
    EVP_PKEY *key = NULL;
    const unsigned char *bytes = (const unsigned char *)pem;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, "EC", EVP_PKEY_KEYPAIR, NULL, NULL);
    bool ok = decoder && OSSL_DECODER_CTX_set_pem_password_cb(decoder, no_password, NULL) == 1 &&
              OSSL_DECODER_from_data(decoder, &bytes, &len) == 1;
    OSSL_DECODER_CTX_free(decoder);
    if (ok)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

enum ecr_status ecr_ec_read(const char *pem, size_t len, struct ecr_ec_key **key,
                            struct ecr_error *error)
{
    struct ecr_ec_key *made = ecr_alloc(sizeof *made);
    *key = NULL;
    if (!made)
        return ecr_fail_nomem(error);
    ERR_clear_error();
    made->failures = ecr_wiping_failures();
    made->key = read_pem(pem, len);
    if (made->key && is_p256(made->key)) {
        *key = made;
        return ECR_OK;
    }
    enum ecr_status status = why(made, "the key is no private key on the curve P-256", error);
    ecr_ec_free(made);
    return status;
}

static bool read_coordinate(const EVP_PKEY *key, const char *name, unsigned char out[ECR_EC_SIZE])
{
    BIGNUM *number = NULL;
    bool ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
              BN_bn2binpad(number, out, ECR_EC_SIZE) == ECR_EC_SIZE;
    BN_free(number);
    return ok;
}

enum ecr_status ecr_ec_point(const struct ecr_ec_key *key, unsigned char x[ECR_EC_SIZE],
                             unsigned char y[ECR_EC_SIZE], struct ecr_error *error)
{
    ERR_clear_error();
    if (read_coordinate(key->key, OSSL_PKEY_PARAM_EC_PUB_X, x) &&
        read_coordinate(key->key, OSSL_PKEY_PARAM_EC_PUB_Y, y))
        return ECR_OK;
    return why(key, "the key has no public point", error);
}

static bool sign(EVP_PKEY *key, const void *bytes, size_t len, unsigned char der[MAX_DER],
                 size_t *der_len)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    *der_len = MAX_DER;
    bool ok = state && EVP_DigestSignInit(state, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(state, der, der_len, bytes, len) == 1;
    EVP_MD_CTX_free(state);
    return ok;
}

/* From the form of certificates to that of web tokens. */
static bool unwrap(const unsigned char *der, size_t len, unsigned char raw[2 * ECR_EC_SIZE])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool ok =
        signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, ECR_EC_SIZE) == ECR_EC_SIZE &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + ECR_EC_SIZE, ECR_EC_SIZE) == ECR_EC_SIZE;
    ECDSA_SIG_free(signature);
    return ok;
}

enum ecr_status ecr_ec_sign(const struct ecr_ec_key *key, const void *bytes, size_t len,
                            unsigned char signature[2 * ECR_EC_SIZE], struct ecr_error *error)
{
    unsigned char der[MAX_DER];
    size_t der_len;
    ERR_clear_error();
    if (sign(key->key, bytes, len, der, &der_len) && unwrap(der, der_len, signature))
        return ECR_OK;
    return why(key, "the key cannot sign", error);
}

void ecr_ec_free(struct ecr_ec_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->key);
    ecr_free(key);
}
