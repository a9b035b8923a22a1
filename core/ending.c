/* SPDX-License-Identifier: MIT */
/* The table of endings. The first row that fits counts, so the particular stand before the general.
 */
#include "ending.h"

#include <string.h>

#define CURLE_TOO_LARGE ((CURLcode)100) /* since 8.6; CURLE_OUT_OF_MEMORY before */

#define CHUNKS "the answer's chunks cannot be read"
#define LINE   "a line in the head of the answer is too long"
#define FOLDED "the head of the answer begins with the continuation of a line"
#define BODY   "the answer is announced as larger than allowed"

enum moment { ANY, UNSENT, SENT };

struct row {
    CURLcode code;
    enum moment moment;
    const char *said; /* a part of libcurl's text, where its code alone is too coarse */
    struct ecr_ending ending;
};

/* "connect_timeout" is apart from "timeout" since a write that was not sent may be sent again.
 * "certificate" is the one network failure that no repetition mends. */
static const struct row rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ANY, NULL, {ECR_NETWORK, "dns", NULL}},
    {CURLE_COULDNT_RESOLVE_PROXY, ANY, NULL, {ECR_NETWORK, "proxy", NULL}},
    {CURLE_PROXY, ANY, NULL, {ECR_NETWORK, "proxy", NULL}},
    {CURLE_COULDNT_CONNECT, ANY, NULL, {ECR_NETWORK, "connect", NULL}},
    {CURLE_OPERATION_TIMEDOUT, UNSENT, NULL, {ECR_TIMEOUT, "connect_timeout", NULL}},
    {CURLE_OPERATION_TIMEDOUT, ANY, NULL, {ECR_TIMEOUT, "timeout", NULL}},
    {CURLE_SSL_CONNECT_ERROR, ANY, NULL, {ECR_NETWORK, "tls", NULL}},
    {CURLE_PEER_FAILED_VERIFICATION, ANY, NULL, {ECR_NETWORK, "certificate", NULL}},
    {CURLE_SSL_ISSUER_ERROR, ANY, NULL, {ECR_NETWORK, "certificate", NULL}},
    {CURLE_SSL_INVALIDCERTSTATUS, ANY, NULL, {ECR_NETWORK, "certificate", NULL}},
    {CURLE_SSL_CACERT_BADFILE, ANY, NULL, {ECR_CONFIG, "ca_bundle", NULL}},
    {CURLE_GOT_NOTHING, ANY, NULL, {ECR_NETWORK, "empty", NULL}},
    {CURLE_PARTIAL_FILE, ANY, NULL, {ECR_NETWORK, "truncated", NULL}},
    {CURLE_RECV_ERROR, ANY, "chunked-encoding", {ECR_PROTOCOL, "reply", CHUNKS}},
    {CURLE_RECV_ERROR, UNSENT, NULL, {ECR_NETWORK, "proxy", NULL}}, /* it refuses the tunnel */
    {CURLE_RECV_ERROR, ANY, NULL, {ECR_NETWORK, "reset", NULL}},
    {CURLE_SEND_ERROR, ANY, NULL, {ECR_NETWORK, "reset", NULL}},
    {CURLE_HTTP2, ANY, NULL, {ECR_NETWORK, "reset", NULL}},
    {CURLE_HTTP2_STREAM, ANY, NULL, {ECR_NETWORK, "reset", NULL}},
    {CURLE_WEIRD_SERVER_REPLY, ANY, NULL, {ECR_PROTOCOL, "reply", NULL}},
    {CURLE_UNSUPPORTED_PROTOCOL, ANY, NULL, {ECR_PROTOCOL, "reply", NULL}},
    {CURLE_BAD_CONTENT_ENCODING, ANY, NULL, {ECR_PROTOCOL, "reply", NULL}},
    {CURLE_BAD_FUNCTION_ARGUMENT, SENT, NULL, {ECR_PROTOCOL, "reply", FOLDED}},
    {CURLE_FILESIZE_EXCEEDED, ANY, NULL, {ECR_PROTOCOL, "too_large", BODY}},
    {CURLE_TOO_LARGE, ANY, NULL, {ECR_PROTOCOL, "too_large", LINE}},
    {CURLE_OUT_OF_MEMORY, SENT, NULL, {ECR_PROTOCOL, "too_large", LINE}},
    {CURLE_OUT_OF_MEMORY, ANY, NULL, {ECR_NOMEM, "", NULL}},
    {CURLE_URL_MALFORMAT, ANY, NULL, {ECR_CONFIG, "url", NULL}},
};

static bool fits(const struct row *row, CURLcode code, bool sent, const char *reason)
{
    if (row->code != code || (row->moment != ANY && (row->moment == SENT) != sent))
        return false;
    return !row->said || strstr(reason, row->said);
}

const struct ecr_ending *ecr_ending_of(CURLcode code, bool sent, const char *reason)
{
    static const struct ecr_ending other = {ECR_NETWORK, "transport", NULL};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (fits(&rows[i], code, sent, reason))
            return &rows[i].ending;
    return &other;
}
