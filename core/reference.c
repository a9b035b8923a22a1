/* SPDX-License-Identifier: MIT */
/* Taking a reference apart, from its end: digest, tag, host, repository. A host is ECR's only if
 * all of it is: a suffix or prefix more, and it is somebody else's. */
#include "reference.h"

#include <stdio.h>
#include <string.h>

#include "digest.h"
#include "name.h"

#define MAX_REFERENCE 1024
#define MAX_LABEL     63 /* of a host name */

/* A piece of the text. */
struct part {
    const char *at;
    size_t len;
};

static enum ecr_status refuse(struct ecr_error *error, const char *why)
{
    return ecr_fail(error, ECR_INPUT, "reference", "%s", why);
}

/* Letters are ASCII's, whatever locale a script has set. */
static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
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
        if (!is_lower_or_digit(lower(label.at[i])) && label.at[i] != '-')
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
    for (size_t i = 1; i + 1 < host.len; i++) {
        char c = lower(host.at[i]);
        if (c != ':' && (!is_lower_or_digit(c) || c > 'f'))
            return false;
    }
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

/* Registry hosts end in one of these, by the form: dual-stack ones are named apart. */
static const struct {
    const char *text;
    bool dual_stack;
} suffixes[] = {
    {"amazonaws.com", false},
    {"amazonaws.com.cn", false},
    {"amazonaws.eu", false},
    {"c2s.ic.gov", false},
    {"sc2s.sgov.gov", false},
    {"cloud.adc-e.uk", false},
    {"csp.hci.ic.gov", false},
    {"on.aws", true},
    {"on.amazonwebservices.com.cn", true},
};

static bool skip(const char **at, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool equals(struct part part, const char *text)
{
    return part.len == strlen(text) && memcmp(part.at, text, part.len) == 0;
}

static bool is_suffix(struct part part, bool dual_stack)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (suffixes[i].dual_stack == dual_stack && equals(part, suffixes[i].text))
            return true;
    return false;
}

/* The length of a region at `at` with a dot behind it; 0 = none. */
static size_t region_length(const char *at)
{
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return is_lower_or_digit(at[0]) && len <= MAX_LABEL && at[len] == '.' ? len : 0;
}

/* "<account>.dkr.ecr[-fips].<region>.<suffix>", or "dkr-ecr" for dual-stack. The name ends before
 * the port of https. */
static void read_registry(struct ecr_reference *reference, struct part name)
{
    const char *at = name.at;
    size_t digits = strspn(at, "0123456789");
    if (digits != 12 || !(at += digits, skip(&at, ".dkr")))
        return;
    bool dual_stack = *at == '-';
    if (!skip(&at, dual_stack ? "-ecr" : ".ecr"))
        return;
    bool fips = skip(&at, "-fips");
    if (!skip(&at, "."))
        return;
    struct part region = {at, region_length(at)};
    if (region.len == 0)
        return;
    at += region.len + 1;
    if (!is_suffix((struct part){at, (size_t)(name.at + name.len - at)}, dual_stack))
        return;
    copy(reference->account, (struct part){name.at, 12});
    copy(reference->region, region);
    reference->fips = fips;
    reference->dual_stack = dual_stack;
}

/* AWS's hosts lose the port of https, which says nothing; any other keeps its port. */
static void read_host(struct ecr_reference *reference)
{
    char *port = strstr(reference->host, ":443");
    bool https = port && port[4] == '\0';
    size_t len = https ? (size_t)(port - reference->host) : strlen(reference->host);
    struct part name = {reference->host, len};
    reference->public = equals(name, "public.ecr.aws") || equals(name, "ecr-public.aws.com");
    read_registry(reference, name);
    if (https && (reference->public || reference->account[0]))
        memset(port, 0, strlen(":443"));
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
        *c = lower(*c);
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
