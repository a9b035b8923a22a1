/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

/* Parses a copy that ends where the text ends, with no NUL behind it. */
static enum ecr_status parse(const char *text, struct ecr_reference *reference)
{
    struct ecr_error error;
    size_t len = strlen(text);
    char *copy = malloc(len);
    if (!copy)
        return ECR_NOMEM;
    memcpy(copy, text, len);
    enum ecr_status status = ecr_reference_parse(copy, len, reference, &error);
    free(copy);
    return status;
}

TEST(reads_no_byte_behind_the_text)
{
    struct ecr_reference reference;
    CHECK(parse("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", &reference) ==
          ECR_INPUT);
    CHECK(parse("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", &reference) ==
          ECR_OK);
    CHECK(parse("public.ecr.aws/x/y", &reference) == ECR_OK && reference.public);
}

/* "<account>.<form>.<region>.<suffix>", in every form of every partition. */
static const struct {
    const char *form, *region, *suffix;
    bool fips, dual_stack;
} registries[] = {
    {"dkr.ecr", "us-east-1", "amazonaws.com", false, false},
    {"dkr.ecr-fips", "us-east-1", "amazonaws.com", true, false},
    {"dkr-ecr", "us-east-1", "on.aws", false, true},
    {"dkr-ecr-fips", "us-east-1", "on.aws", true, true},
    {"dkr.ecr", "us-gov-west-1", "amazonaws.com", false, false},
    {"dkr.ecr-fips", "us-gov-west-1", "amazonaws.com", true, false},
    {"dkr-ecr", "us-gov-west-1", "on.aws", false, true},
    {"dkr-ecr-fips", "us-gov-west-1", "on.aws", true, true},
    {"dkr.ecr", "cn-north-1", "amazonaws.com.cn", false, false},
    {"dkr-ecr", "cn-north-1", "on.amazonwebservices.com.cn", false, true},
    {"dkr.ecr", "us-iso-east-1", "c2s.ic.gov", false, false},
    {"dkr.ecr", "us-isob-east-1", "sc2s.sgov.gov", false, false},
    {"dkr.ecr", "eu-isoe-west-1", "cloud.adc-e.uk", false, false},
    {"dkr.ecr", "us-isof-south-1", "csp.hci.ic.gov", false, false},
    {"dkr.ecr", "eusc-de-east-1", "amazonaws.eu", false, false},
    {"dkr.ecr", "x", "amazonaws.com", false, false},
    {"dkr.ecr", "a23456789-123456789-123456789-123456789-123456789-123456789-123", "amazonaws.com",
     false, false},
};

static void check_registry(size_t i, const char *port)
{
    char text[300];
    struct ecr_reference reference;
    snprintf(text, sizeof text, "123456789012.%s.%s.%s%s/team/app:v1", registries[i].form,
             registries[i].region, registries[i].suffix, port);
    CHECK(parse(text, &reference) == ECR_OK);
    CHECK_TEXT(reference.account, "123456789012");
    CHECK_TEXT(reference.region, registries[i].region);
    CHECK(reference.fips == registries[i].fips);
    CHECK(reference.dual_stack == registries[i].dual_stack);
    CHECK(!reference.public);
    CHECK_TEXT(reference.repository, "team/app");
    CHECK(strlen(reference.host) == strlen(text) - strlen(port) - strlen("/team/app:v1"));
}

TEST(knows_every_registry)
{
    for (size_t i = 0; i < sizeof registries / sizeof *registries; i++) {
        check_registry(i, "");
        check_registry(i, ":443");
    }
}

TEST(knows_a_registry_in_capitals)
{
    struct ecr_reference reference;
    CHECK(parse("123456789012.DKR.ECR-FIPS.US-EAST-1.AMAZONAWS.COM:443/a", &reference) == ECR_OK);
    CHECK_TEXT(reference.host, "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com");
    CHECK_TEXT(reference.region, "us-east-1");
    CHECK(reference.fips);
    CHECK(parse("ECR-PUBLIC.aws.com:443/a/b", &reference) == ECR_OK && reference.public);
}

/* Hosts of somebody else, or of nobody. */
static const char *const others[] = {
    "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.org",
    "evil.org.123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "x123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "1234567890123.dkr.ecr.us-east-1.amazonaws.com",
    "12345678901.dkr.ecr.us-east-1.amazonaws.com",
    "123456789012-dkr.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.evil.amazonaws.com",
    "123456789012.dkr.ecr.us.east.1.amazonaws.com",
    "123456789012.dkr.ecr.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.evilamazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com.c",
    "123456789012.dkr.ecr.us-east-1.amazonaws.co",
    "123456789012.dkr.ecr.us-east-1.amazonaws",
    "123456789012.dkr.ecr.us-east-1.amazonaws-com",
    "123456789012.dkr.ecr-fipsx.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr-fip.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.fips.us-east-1.amazonaws.com",
    "123456789012.dkr-fips.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr--fips.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr-fips-fips.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr-fips.amazonaws.com",
    "123456789012.dkrecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecrus-east-1.amazonaws.com",
    "123456789012.ecr.us-east-1.amazonaws.com",
    "api.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.on.aws",
    "123456789012.dkr.ecr-fips.us-east-1.on.aws",
    "123456789012.dkr-ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.cn-north-1.on.amazonwebservices.com.cn",
    "123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu",
    "123456789012.dkr-ecr.us-east-1.on.aws.com",
    "123456789012.dkr-ecr.us-east-1.aws",
    "123456789012.dkr-ecr.us-east-1.lambda-url.on.aws",
    "123456789012.dkr.ecr.a23456789-123456789-123456789-123456789-123456789-123456789-1234"
    ".amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com:8443",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com:80",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com:4430",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com:0443",
    "public.ecr.aws:8443",
    "public.ecr.aws.evil.org",
    "xpublic.ecr.aws",
    "public.ecr.aws.com",
    "ecr-public.aws",
    "ecr-public.us-east-1.aws.com",
};

TEST(takes_no_look_alike_for_a_registry)
{
    char text[300];
    struct ecr_reference reference;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(text, sizeof text, "%s/app", others[i]);
        CHECK(parse(text, &reference) == ECR_OK);
        CHECK_TEXT(reference.host, others[i]);
        CHECK(!reference.account[0] && !reference.region[0] && !reference.public);
        CHECK(!reference.fips && !reference.dual_stack);
    }
}

#define REGISTRY "123456789012.dkr.ecr.us-east-1.amazonaws.com"

/* A name for another host in an address, or no host at all. */
static const char *const tricks[] = {
    REGISTRY "./app",
    REGISTRY "@evil.org/app",
    REGISTRY ":443@evil.org/app",
    REGISTRY ":x/app",
    REGISTRY ":/app",
    REGISTRY ":443:443/app",
    REGISTRY "\\.evil.org/app",
    REGISTRY "#.evil.org/app",
    REGISTRY "?.evil.org/app",
    REGISTRY "%2eevil.org/app",
    REGISTRY " /app",
    REGISTRY "\t/app",
    " " REGISTRY "/app",
    "AWS:secret@" REGISTRY "/app",
    "." REGISTRY "/app",
    "https://" REGISTRY "/app",
    "http://" REGISTRY "/app",
    "HTTP://" REGISTRY "/app",
    "//" REGISTRY "/app",
    "123456789012..dkr.ecr.us-east-1.amazonaws.com/app",
    "123456789012.dkr.ecr.us-east-1-.amazonaws.com/app",
    "123456789012.dkr.ecr.-us-east-1.amazonaws.com/app",
    "123456789012.dkr.ecr..amazonaws.com/app",
    "123456789012.dkr.ecr.us_east_1.amazonaws.com/app",
    "123456789012.dkr.ecr.us-east-1.amazon\xc3\xa4ws.com/app", /* a letter that is not ASCII */
    "123456789012.dkr.ecr.us-east-1.am\xd0\xb0zonaws.com/app", /* a Cyrillic a */
    "123456789012.dkr.ecr.us-east-1\xe3\x80\x82"
    "amazonaws.com/app", /* an ideographic full stop */
    "\xef\xbc\x91"
    "23456789012.dkr.ecr.us-east-1.amazonaws.com/app", /* a full-width 1 */
    "123456789012.dkr.ecr.us-east-1.amazonaws.com\xe9/app",
};

TEST(refuses_tricks_with_addresses)
{
    struct ecr_reference reference;
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++)
        CHECK(parse(tricks[i], &reference) == ECR_INPUT);
}

int main(void)
{
    RUN("reads no byte behind the text, which need not end with a NUL",
        reads_no_byte_behind_the_text);
    RUN("knows the registries of every partition, with the port of https and without",
        knows_every_registry);
    RUN("knows a registry in capitals", knows_a_registry_in_capitals);
    RUN("takes no look-alike for a registry", takes_no_look_alike_for_a_registry);
    RUN("refuses tricks with addresses", refuses_tricks_with_addresses);
    return unit_end();
}
