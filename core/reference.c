/* SPDX-License-Identifier: MIT */
/* Taking a reference apart, from its end: digest, tag, host, repository. A host is ECR's only if
 * all of it is: a suffix or prefix more, and it is somebody else's. */
#include "reference.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "digest.h"
#include "name.h"

#define MAX_REFERENCE 1024

/* A piece of the text. */
struct part {
    const char *at;
    size_t len;
};

static enum ecr_status refuse(struct ecr_error *error, const char *why)
{
    return ecr_fail(error, ECR_INPUT, "reference", "%s", why);
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static void copy(char *to, struct part part)
{
    memcpy(to, part.at, part.len);
    to[part.len] = '\0';
}

/* --- digest and tag --- */

static enum ecr_status take_digest(struct part *rest, struct ecr_reference *reference,
                                   struct ecr_error *error)
{
    const char *at = memchr(rest->at, '@', rest->len);
    if (!at)
        return ECR_OK;
    struct part digest = {at + 1, rest->len - (size_t)(at - rest->at) - 1};
    if (digest.len >= sizeof reference->digest)
        return refuse(error, "the digest after \"@\" is too long");
    if (memcmp(digest.at, "sha256:", digest.len < 7 ? digest.len : 7) != 0 &&
        memcmp(digest.at, "sha512:", digest.len < 7 ? digest.len : 7) != 0)
        return refuse(error, "a digest begins with sha256: or sha512:");
    enum ecr_status status = ecr_digest_check(digest.at, digest.len, error);
    if (status != ECR_OK)
        return status;
    copy(reference->digest, digest);
    rest->len = (size_t)(at - rest->at);
    return ECR_OK;
}

/* The last colon starts a tag unless a slash follows it: then it was a port. */
static enum ecr_status take_tag(struct part *rest, struct ecr_reference *reference,
                                struct ecr_error *error)
{
    const char *colon = memrchr(rest->at, ':', rest->len);
    if (!colon || memchr(colon, '/', rest->len - (size_t)(colon - rest->at)))
        return ECR_OK;
    struct part tag = {colon + 1, rest->len - (size_t)(colon - rest->at) - 1};
    enum ecr_status status = ecr_name_tag(tag.at, tag.len, error);
    if (status != ECR_OK)
        return status;
    copy(reference->tag, tag);
    rest->len = (size_t)(colon - rest->at);
    return ECR_OK;
}

/* --- host --- */

/* The first component is a host only if it looks like one. */
static bool looks_like_host(struct part first)
{
    if (first.len == 9 && memcmp(first.at, "localhost", 9) == 0)
        return true;
    for (size_t i = 0; i < first.len; i++)
        if (first.at[i] == '.' || first.at[i] == ':' || (first.at[i] >= 'A' && first.at[i] <= 'Z'))
            return true;
    return false;
}

static bool is_host_label(struct part label)
{
    for (size_t i = 0; i < label.len; i++)
        if (!isalnum((unsigned char)label.at[i]) && label.at[i] != '-')
            return false;
    return label.len > 0 && label.at[0] != '-' && label.at[label.len - 1] != '-';
}

static bool is_port(struct part port)
{
    for (size_t i = 0; i < port.len; i++)
        if (port.at[i] < '0' || port.at[i] > '9')
            return false;
    return port.len > 0 && port.len <= 5;
}

static bool is_ipv6(struct part host)
{
    for (size_t i = 1; i + 1 < host.len; i++)
        if (!isxdigit((unsigned char)host.at[i]) && host.at[i] != ':')
            return false;
    return host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']';
}

static bool is_host_name(struct part host)
{
    if (host.len && host.at[0] == '[')
        return is_ipv6(host);
    while (true) {
        const char *dot = memchr(host.at, '.', host.len);
        struct part label = {host.at, dot ? (size_t)(dot - host.at) : host.len};
        if (!is_host_label(label))
            return false;
        if (!dot)
            return true;
        host = (struct part){dot + 1, host.len - label.len - 1};
    }
}

static bool is_host(struct part host)
{
    const char *colon = memrchr(host.at, ':', host.len);
    const char *bracket = memrchr(host.at, ']', host.len);
    if (!colon || (bracket && bracket > colon))
        return is_host_name(host);
    struct part name = {host.at, (size_t)(colon - host.at)};
    struct part port = {colon + 1, host.len - name.len - 1};
    return is_host_name(name) && is_port(port);
}

static const char *const suffixes[] = {
    "amazonaws.com", "amazonaws.com.cn", "amazonaws.eu",
    "on.aws",        "c2s.ic.gov",       "on.amazonwebservices.com.cn",
    "sc2s.sgov.gov", "cloud.adc-e.uk",   "csp.hci.ic.gov",
};

static bool skip(const char **at, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool is_suffix(const char *text)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcmp(suffixes[i], text) == 0)
            return true;
    return false;
}

/* "<account>.dkr.ecr[-fips].<region>.<suffix>", or "dkr-ecr" for dual-stack; no port. */
static void read_registry(struct ecr_reference *reference)
{
    const char *at = reference->host;
    size_t digits = strspn(at, "0123456789");
    if (digits != 12 || !(at += digits, skip(&at, ".dkr")))
        return;
    bool dual_stack = *at == '-';
    if (!skip(&at, dual_stack ? "-ecr" : ".ecr"))
        return;
    bool fips = skip(&at, "-fips");
    if (!skip(&at, "."))
        return;
    size_t region = strcspn(at, ".");
    if (region < 2 || region >= sizeof reference->region || !is_lower_or_digit(at[0]) ||
        strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-") < region || at[region] != '.' ||
        !is_suffix(at + region + 1))
        return;
    copy(reference->account, (struct part){reference->host, 12});
    copy(reference->region, (struct part){at, region});
    reference->fips = fips;
    reference->dual_stack = dual_stack;
}

static bool is_aws(struct ecr_reference *reference)
{
    read_registry(reference);
    reference->public = strcmp(reference->host, "public.ecr.aws") == 0 ||
                        strcmp(reference->host, "ecr-public.aws.com") == 0;
    return reference->account[0] || reference->public;
}

/* AWS's hosts lose the port of https, which says nothing; any other keeps its port. */
static void read_host(struct ecr_reference *reference)
{
    char *port = strrchr(reference->host, ':');
    if (is_aws(reference) || !port || strcmp(port, ":443") != 0)
        return;
    *port = '\0';
    if (is_aws(reference))
        memset(port + 1, 0, strlen("443"));
    else
        *port = ':';
}

static enum ecr_status take_host(struct part *rest, struct ecr_reference *reference,
                                 struct ecr_error *error)
{
    const char *slash = memchr(rest->at, '/', rest->len);
    struct part first = {rest->at, slash ? (size_t)(slash - rest->at) : 0};
    if (!slash || !looks_like_host(first))
        return ECR_OK;
    if (first.len >= sizeof reference->host || !is_host(first))
        return refuse(error, "what stands before the first \"/\" is no host name");
    copy(reference->host, first);
    for (char *c = reference->host; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *rest = (struct part){slash + 1, rest->len - first.len - 1};
    read_host(reference);
    return ECR_OK;
}

/* --- repository --- */

/* The length of a separator at `at`: one ".", one or two "_", any run of "-"; 0 = none. */
static size_t separator(const char *at, size_t left)
{
    size_t run = 0;
    if (left == 0 || !strchr("._-", at[0]))
        return 0;
    while (run < left && at[run] == at[0])
        run++;
    return at[0] == '-' || run == 1 || (at[0] == '_' && run == 2) ? run : 0;
}

/* One component; its length, 0 when there is none. Stops before "/" or what does not belong. */
static size_t component(const char *at, size_t left)
{
    size_t len = 0;
    while (true) {
        size_t word = len;
        while (word < left && is_lower_or_digit(at[word]))
            word++;
        if (word == len)
            return 0; /* nothing, or a separator at the end */
        len = word;
        size_t step = separator(at + len, left - len);
        if (step == 0)
            return len;
        len += step;
    }
}

static enum ecr_status refuse_repository(struct part rest, size_t at, struct ecr_error *error)
{
    for (size_t i = 0; i < rest.len; i++)
        if (rest.at[i] >= 'A' && rest.at[i] <= 'Z')
            return refuse(error, "a repository name is in lower case");
    return ecr_fail(
        error, ECR_INPUT, "reference",
        "a repository name is words of a-z and 0-9 joined by \".\", \"_\", \"__\", \"-\" or "
        "\"/\"; character %zu of it breaks the rule",
        at + 1);
}

static bool is_image_id(struct part name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_lower_or_digit(name.at[i]) || name.at[i] > 'f')
            return false;
    return name.len == 64;
}

static enum ecr_status take_repository(struct part rest, struct ecr_reference *reference,
                                       struct ecr_error *error)
{
    size_t at = 0;
    if (rest.len < 1 || rest.len > 256)
        return refuse(error, "a repository name has 1 to 256 characters");
    if (!reference->host[0] && is_image_id(rest))
        return refuse(error, "64 hexadecimal digits are an image's id, not its name");
    while (true) {
        size_t len = component(rest.at + at, rest.len - at);
        if (len == 0)
            return refuse_repository(rest, at, error);
        at += len;
        if (at == rest.len)
            break;
        if (rest.at[at] != '/')
            return refuse_repository(rest, at, error);
        at++;
    }
    copy(reference->repository, rest);
    return ECR_OK;
}

enum ecr_status ecr_reference_parse(const char *text, size_t len, struct ecr_reference *reference,
                                    struct ecr_error *error)
{
    struct part rest = {text, len};
    memset(reference, 0, sizeof *reference);
    if (len == 0 || len > MAX_REFERENCE)
        return refuse(error, "an image name has 1 to 1024 characters");
    if (memchr(text, '\0', len))
        return refuse(error, "it holds a zero byte");
    if (len > 7 && (memcmp(text, "http://", 7) == 0 || memcmp(text, "https:/", 7) == 0))
        return refuse(error, "an image name has no http:// or https:// in front");
    enum ecr_status status = take_digest(&rest, reference, error);
    if (status == ECR_OK)
        status = take_tag(&rest, reference, error);
    if (status == ECR_OK)
        status = take_host(&rest, reference, error);
    return status == ECR_OK ? take_repository(rest, reference, error) : status;
}
