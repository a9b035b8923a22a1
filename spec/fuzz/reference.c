/* SPDX-License-Identifier: MIT */
/* Fuzzing target: image references. The input is the text itself. What is accepted is held against
 * the published grammar, written here as regular expressions, in both directions: a parser that
 * refuses a good name breaks a promise too. */
#include "reference.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

#include "fuzz.h"

/* The pieces of the registry project's grammar. */
#define WORD      "[a-z0-9]+"
#define COMPONENT WORD "((\\.|_|__|-+)" WORD ")*"
#define PLAIN     WORD "((_|__|-+)" WORD ")*" /* a component that is not taken for a host */
#define LABEL     "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
#define HOST_NAME LABEL "(\\." LABEL ")*"
#define HOST      "(" HOST_NAME "|\\[[a-fA-F0-9:]+\\])(:[0-9]{1,5})?"
#define PATH      COMPONENT "(/" COMPONENT ")*"
#define TAG       "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
#define DIGEST    "(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})"
#define REST      "(:" TAG ")?(@" DIGEST ")?"

/* ECR's registry hosts. */
#define REGION "[a-z0-9][a-z0-9-]{0,62}"
#define IPV4                                                                                       \
    "(amazonaws\\.(com|com\\.cn|eu)|c2s\\.ic\\.gov|sc2s\\.sgov\\.gov|cloud\\.adc-e\\.uk|"          \
    "csp\\.hci\\.ic\\.gov)"
#define DUAL "on\\.(aws|amazonwebservices\\.com\\.cn)"

enum { WITH_HOST, WITHOUT_HOST, REPOSITORY, TAGGED, DIGESTED, HOSTED, PRIVATE, PUBLIC, ID, RULES };

static const char *const rules[RULES] = {
    [WITH_HOST] = "^" HOST "/" PATH REST "$",
    [WITHOUT_HOST] = "^(" COMPONENT "|" PLAIN "(/" COMPONENT ")+)" REST "$",
    [REPOSITORY] = "^" PATH "$",
    [TAGGED] = "^(" TAG ")?$",
    [DIGESTED] = "^(" DIGEST ")?$",
    [HOSTED] = "^(" HOST ")?$",
    [PRIVATE] = "^[0-9]{12}\\.dkr(\\.ecr(-fips)?\\." REGION "\\." IPV4 "|-ecr(-fips)?\\." REGION
                "\\." DUAL ")$",
    [PUBLIC] = "^(public\\.ecr\\.aws|ecr-public\\.aws\\.com)$",
    [ID] = "^[0-9a-f]{64}$",
};

static bool matches(int rule, const char *text)
{
    static regex_t compiled[RULES];
    static bool ready[RULES];
    if (!ready[rule])
        MUST(regcomp(&compiled[rule], rules[rule], REG_EXTENDED | REG_NOSUB) == 0);
    ready[rule] = true;
    return regexec(&compiled[rule], text, 0, NULL, 0) == 0;
}

/* Does the first component mean a host? Only then is it none of the name's. */
static bool names_a_host(const char *text)
{
    size_t first = strcspn(text, "/@");
    if (text[first] != '/')
        return false;
    if (first == strlen("localhost") && memcmp(text, "localhost", first) == 0)
        return true;
    for (size_t i = 0; i < first; i++)
        if (strchr(".:", text[i]) || (text[i] >= 'A' && text[i] <= 'Z'))
            return true;
    return false;
}

/* The grammar's verdict and the limits: 255 characters of host, 256 of repository. */
static bool is_reference(const char *text)
{
    bool hosted = names_a_host(text);
    if (!matches(hosted ? WITH_HOST : WITHOUT_HOST, text))
        return false;
    const char *name = hosted ? strchr(text, '/') + 1 : text;
    size_t len = strcspn(name, ":@");
    if (len > 256 || (hosted && name - text - 1 > 255))
        return false;
    char repository[257];
    memcpy(repository, name, len);
    repository[len] = '\0';
    return hosted || !matches(ID, repository);
}

static void check_host(const struct ecr_reference *reference)
{
    const char *host = reference->host;
    MUST(matches(HOSTED, host));
    for (size_t i = 0; host[i]; i++)
        MUST(!isupper((unsigned char)host[i]));
    MUST(reference->public == matches(PUBLIC, host));
    MUST((reference->account[0] != 0) == matches(PRIVATE, host));
}

/* Account and region come together and are what the host says. */
static void check_registry(const struct ecr_reference *reference)
{
    char start[sizeof reference->host];
    const char *account = reference->account, *region = reference->region;
    if (!account[0]) {
        MUST(!region[0] && !reference->fips && !reference->dual_stack);
        return;
    }
    MUST(strlen(account) == 12 && strspn(account, "0123456789") == 12);
    snprintf(start, sizeof start, "%s.dkr%cecr%s.%s.", account, reference->dual_stack ? '-' : '.',
             reference->fips ? "-fips" : "", region);
    MUST(strncmp(reference->host, start, strlen(start)) == 0);
}

/* A single word is a host by its capitals alone, and `host` has none: written back it is part of
 * the name. */
static bool is_lost_in_lower_case(const char *host)
{
    return host[0] && !strpbrk(host, ".:") && strcmp(host, "localhost") != 0;
}

static void check_round_trip(const struct ecr_reference *reference)
{
    char text[1025];
    struct ecr_reference again;
    struct ecr_error error;
    if (is_lost_in_lower_case(reference->host))
        return;
    int len =
        snprintf(text, sizeof text, "%s%s%s%s%s%s%s", reference->host,
                 reference->host[0] ? "/" : "", reference->repository, reference->tag[0] ? ":" : "",
                 reference->tag, reference->digest[0] ? "@" : "", reference->digest);
    MUST(ecr_reference_parse(text, (size_t)len, &again, &error) == ECR_OK);
    MUST(memcmp(reference, &again, sizeof again) == 0);
}

/* Each part is a piece of the text: nothing is made up. */
static void check_origin(const struct ecr_reference *reference, const char *text)
{
    MUST(strstr(text, reference->repository));
    MUST(strstr(text, reference->tag) && strstr(text, reference->digest));
    MUST(strncasecmp(text, reference->host, strlen(reference->host)) == 0);
}

static void check_parts(const struct ecr_reference *reference, const char *text)
{
    MUST(matches(REPOSITORY, reference->repository));
    MUST(matches(TAGGED, reference->tag));
    MUST(matches(DIGESTED, reference->digest));
    check_host(reference);
    check_registry(reference);
    check_origin(reference, text);
    check_round_trip(reference);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1025];
    struct ecr_reference first, second;
    struct ecr_error error = {.status = ECR_OK};
    memset(&first, 0x55, sizeof first);
    memset(&second, 0xaa, sizeof second);
    enum ecr_status status = ecr_reference_parse((const char *)data, size, &first, &error);
    MUST(status == ECR_OK || (status == ECR_INPUT && error.status == ECR_INPUT));
    MUST(status == ECR_OK || error.message[0]);
    MUST(ecr_reference_parse((const char *)data, size, &second, &error) == status);
    MUST(status != ECR_OK || memcmp(&first, &second, sizeof first) == 0);
    if (size == 0 || size >= sizeof text || memchr(data, '\0', size)) {
        MUST(status == ECR_INPUT);
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    MUST(is_reference(text) == (status == ECR_OK));
    if (status == ECR_OK)
        check_parts(&first, text);
    return 0;
}
