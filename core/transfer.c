/* SPDX-License-Identifier: MIT */
/* Building a transfer, taking its bytes in, and saying how it ended. The Content-Type and Host that
 * are signed must be what libcurl sends, so headers are made here once and never touched again. */
#include "transfer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "clock.h"
#include "ending.h"
#include "scrub.h"
#include "secret.h"
#include "sigv4.h"
#include "uri.h"
#include "wipe.h"

#define SLOWEST    1024L /* bytes a second; a download that is slower for its stall time is none */
#define MAX_BODY   ((size_t)64 * 1024 * 1024)
#define MAX_SIGNED 16

/* --- answers coming in; no Lua runs in any of these --- */

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct ecr_transfer *transfer = user;
    struct ecr_error *error = &transfer->flight.answer.error;
    size_t len = size * count;
    return ecr_head_line(&transfer->head, line, len, error) == ECR_OK ? len : 0;
}

static enum ecr_status begin(struct ecr_transfer *transfer)
{
    struct ecr_http_answer *answer = &transfer->flight.answer;
    if (transfer->begun)
        return ECR_OK;
    transfer->begun = true;
    transfer->curl->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    return ecr_sink_begin(&answer->sink, answer->status,
                          ecr_head_find(&answer->headers, "content-range"), &answer->error);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct ecr_transfer *transfer = user;
    struct ecr_http_answer *answer = &transfer->flight.answer;
    size_t len = size * count;
    if (begin(transfer) != ECR_OK)
        return 0;
    return ecr_sink_write(&answer->sink, bytes, len, &answer->error) == ECR_OK ? len : 0;
}

/* --- how it ended --- */

/* The size alone would count what was said to a proxy before its tunnel stood. */
static bool was_sent(const struct ecr_transfer *transfer)
{
    long bytes = 0;
    curl_off_t ready = 0; /* connection, tunnel and TLS stood after so many microseconds */
    transfer->curl->easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes);
    transfer->curl->easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    return bytes > 0 && ready > 0;
}

static void fail(struct ecr_transfer *transfer, CURLcode code)
{
    const char *reason = transfer->reason;
    if (code == CURLE_OUT_OF_MEMORY && ecr_wiping_failures() != transfer->failures) {
        ecr_fail_nomem(&transfer->flight.answer.error);
        return;
    }
    const struct ecr_ending *ending = ecr_ending_of(code, was_sent(transfer), reason);
    if (ending->words || !reason[0])
        reason = ending->words ? ending->words : transfer->curl->easy_strerror(code);
    ecr_fail(&transfer->flight.answer.error, ending->status, ending->name, "%s", reason);
}

/* A refusal may quote what we sent. */
static void scrub(const struct ecr_transfer *transfer, struct ecr_buf *text)
{
    ecr_lines_scrub(&transfer->lines, text->data, text->len);
    if (transfer->sealed_body)
        ecr_scrub(text->data, text->len, transfer->body.data, transfer->body.len);
    for (size_t i = 0; i < ECR_HTTP_HIDDEN && transfer->hidden[i]; i++)
        ecr_scrub(text->data, text->len, ecr_secret_bytes(transfer->hidden[i]),
                  ecr_secret_len(transfer->hidden[i]));
}

/* Before it is decoded, and then without what XML or JSON may have escaped. */
static void finish_refusal(struct ecr_transfer *transfer)
{
    struct ecr_http_answer *answer = &transfer->flight.answer;
    scrub(transfer, &answer->sink.raw);
    ecr_sink_finish(&answer->sink, &answer->error);
    scrub(transfer, &answer->sink.tape.text);
}

static void leave(struct ecr_transfer *transfer)
{
    if (transfer->multi)
        transfer->curl->multi_remove_handle(transfer->multi, transfer->easy);
    transfer->multi = NULL;
}

static void conclude(struct ecr_transfer *transfer, CURLcode code)
{
    struct ecr_http_answer *answer = &transfer->flight.answer;
    transfer->curl->easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer->status);
    if (answer->error.status != ECR_OK)
        return; /* a callback of ours stopped it and said why */
    if (code != CURLE_OK)
        fail(transfer, code);
    else if (begin(transfer) == ECR_OK && answer->sink.refused)
        finish_refusal(transfer);
    else if (answer->error.status == ECR_OK)
        ecr_sink_finish(&answer->sink, &answer->error);
}

void ecr_transfer_end(struct ecr_transfer *transfer, CURLcode code)
{
    conclude(transfer, code);
    leave(transfer);
}

/* --- making one --- */

static enum ecr_status add_signature(struct ecr_lines *lines,
                                     const struct ecr_http_request *request, const char *date,
                                     const struct ecr_buf *authorization, struct ecr_error *error)
{
    const struct ecr_secret *token = ecr_creds_token(request->creds);
    enum ecr_status status = ecr_lines_add(lines, "X-Amz-Date", date, false, error);
    if (status == ECR_OK && token)
        status = ecr_lines_add(lines, "X-Amz-Security-Token", ecr_secret_bytes(token), true, error);
    if (status == ECR_OK)
        status = ecr_lines_add(lines, "Authorization", authorization->data, true, error);
    return status;
}

static enum ecr_status sign(struct ecr_transfer *transfer, const struct ecr_http_request *request,
                            const struct ecr_uri *uri, struct ecr_error *error)
{
    struct ecr_sigv4_header headers[MAX_SIGNED];
    struct ecr_sigv4_result result = {0};
    if (request->header_count > MAX_SIGNED)
        return ecr_fail(error, ECR_INPUT, NULL, "more than %d headers to sign", MAX_SIGNED);
    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = (struct ecr_sigv4_header){request->headers[i].name, request->headers[i].value};
    struct ecr_sigv4 what = {
        .method = request->method,
        .uri = uri,
        .headers = headers,
        .header_count = request->header_count,
        .body = transfer->body.data ? transfer->body.data : "",
        .body_len = transfer->body.len,
        .region = request->region,
        .service = request->service,
        .now = (int64_t)floor(ecr_clock_wall() + request->clock_offset),
    };
    enum ecr_status status = ecr_sigv4_sign(&what, request->creds, &result, error);
    if (status == ECR_OK)
        status =
            add_signature(&transfer->lines, request, result.date, &result.authorization, error);
    ecr_buf_clear(&result.authorization);
    return status;
}

/* Opens the file, and asks for what it does not have yet. */
static enum ecr_status open_file(struct ecr_transfer *transfer,
                                 const struct ecr_http_request *request, struct ecr_error *error)
{
    char range[48];
    struct ecr_sink *sink = &transfer->flight.answer.sink;
    if (request->sink != ECR_SINK_FILE)
        return ECR_OK;
    enum ecr_status status = ecr_file_open(request->file, &sink->file, error);
    if (status != ECR_OK || ecr_file_have(sink->file) == 0)
        return status;
    snprintf(range, sizeof range, "bytes=%" PRIu64 "-", ecr_file_have(sink->file));
    return ecr_lines_add(&transfer->lines, "Range", range, false, error);
}

static enum ecr_status make_headers(struct ecr_transfer *transfer,
                                    const struct ecr_http_request *request, struct ecr_error *error)
{
    struct ecr_uri uri = {0};
    enum ecr_status status = ecr_uri_parse(request->url, &uri, error);
    if (status == ECR_OK && request->https_only && !uri.https)
        status =
            ecr_fail(error, ECR_PROTOCOL, "insecure", "the address that was given is not https");
    if (status == ECR_OK)
        status = open_file(transfer, request, error);
    for (size_t i = 0; i < request->header_count && status == ECR_OK; i++)
        status = ecr_lines_add(&transfer->lines, request->headers[i].name,
                               request->headers[i].value, request->headers[i].sealed, error);
    if (status == ECR_OK) /* libcurl adds it to large bodies and then waits for an answer to it */
        status = ecr_lines_without(&transfer->lines, "Expect", error);
    if (status == ECR_OK && request->creds)
        status = sign(transfer, request, &uri, error);
    ecr_uri_clear(&uri);
    return status;
}

static long milliseconds(double seconds)
{
    return seconds >= 1e6 ? 1000000000L : (long)fmax(1, ceil(seconds * 1000));
}

/* Keeps the first thing that went wrong. */
static void keep(CURLcode *bad, CURLcode code)
{
    if (*bad == CURLE_OK)
        *bad = code;
}

static CURLcode set_trust(struct ecr_transfer *transfer, const struct ecr_trust *trust,
                          const struct ecr_http_request *request)
{
    const struct ecr_curl *curl = transfer->curl;
    const char *proxy = request->direct ? "" : trust->proxy;
    const char *user_agent = request->user_agent ? request->user_agent : trust->user_agent;
    CURLcode bad = CURLE_OK;
    if (trust->ca_file || trust->ca_directory) { /* replaces both defaults of the library */
        keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_CAINFO, trust->ca_file));
        keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_CAPATH, trust->ca_directory));
    }
    if (proxy)
        keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_PROXY, proxy));
    if (user_agent)
        keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_USERAGENT, user_agent));
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, 1L));
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, 2L));
    keep(&bad,
         curl->easy_setopt(transfer->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    return bad;
}

/* What libcurl may refuse by the announced length alone. It does not look at the status first, and
 * a refusal may be larger than what was wanted. */
static curl_off_t largest(const struct ecr_sink *sink)
{
    return (curl_off_t)(sink->max > ECR_SINK_REFUSAL ? sink->max : ECR_SINK_REFUSAL);
}

static CURLcode set_callbacks(struct ecr_transfer *transfer)
{
    const struct ecr_curl *curl = transfer->curl;
    CURLcode bad = curl->easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer));
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, on_header));
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer));
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_MAXFILESIZE_LARGE,
                                 largest(&transfer->flight.answer.sink)));
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->reason));
    keep(&bad, curl->easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer));
    return bad;
}

static CURLcode set_request(struct ecr_transfer *transfer, const struct ecr_http_request *request)
{
    const struct ecr_curl *curl = transfer->curl;
    CURL *easy = transfer->easy;
    CURLcode bad = curl->easy_setopt(easy, CURLOPT_URL, request->url);
    keep(&bad, curl->easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->lines.list));
    if (strcmp(request->method, "GET") != 0) {
        keep(&bad, curl->easy_setopt(easy, CURLOPT_POST, 1L));
        keep(&bad, curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method));
        keep(&bad, curl->easy_setopt(easy, CURLOPT_POSTFIELDS,
                                     transfer->body.data ? transfer->body.data : ""));
        keep(&bad,
             curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body.len));
    }
    keep(&bad, curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                 milliseconds(request->connect_timeout)));
    keep(&bad, curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request->timeout)));
    if (request->stall > 0) {
        keep(&bad, curl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOWEST));
        keep(&bad, curl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)ceil(request->stall)));
    }
    keep(&bad, curl->easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)request->once));
    keep(&bad, curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                                 request->https_only ? "https" : "http,https"));
    keep(&bad, curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
    keep(&bad, curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    keep(&bad, curl->easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L));
    keep(&bad, curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    keep(&bad, curl->easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
    return bad;
}

static enum ecr_status prepare(struct ecr_transfer *transfer, const struct ecr_trust *trust,
                               const struct ecr_http_request *request, struct ecr_error *error)
{
    if (ecr_buf_append(&transfer->body, request->body, request->body_len) != ECR_OK)
        return ecr_fail_nomem(error);
    enum ecr_status status = make_headers(transfer, request, error);
    if (status != ECR_OK)
        return status;
    transfer->easy = transfer->curl->easy_init();
    if (!transfer->easy)
        return ecr_fail_nomem(error);
    CURLcode bad = set_request(transfer, request);
    keep(&bad, set_trust(transfer, trust, request));
    keep(&bad, set_callbacks(transfer));
    if (bad == CURLE_OUT_OF_MEMORY)
        return ecr_fail_nomem(error);
    return bad ? ecr_fail(error, ECR_CONFIG, "libcurl", "libcurl refuses an option we need")
               : ECR_OK;
}

/* Wipes what it sent. */
static void free_transfer(struct ecr_flight *flight)
{
    struct ecr_transfer *transfer = (struct ecr_transfer *)flight;
    leave(transfer);
    if (transfer->easy)
        transfer->curl->easy_cleanup(transfer->easy);
    for (size_t i = 0; i < ECR_HTTP_HIDDEN; i++)
        ecr_secret_free(transfer->hidden[i]);
    ecr_lines_clear(&transfer->lines);
    ecr_buf_clear(&transfer->body);
    ecr_flight_clear(&flight->answer);
    ecr_free(transfer);
}

enum ecr_status ecr_transfer_new(const struct ecr_curl *curl, const struct ecr_trust *trust,
                                 const struct ecr_http_request *request,
                                 struct ecr_transfer **transfer, struct ecr_error *error)
{
    *transfer = ecr_alloc(sizeof **transfer);
    if (!*transfer)
        return ecr_fail_nomem(error);
    **transfer = (struct ecr_transfer){
        .flight.free = free_transfer, .curl = curl, .failures = ecr_wiping_failures()};
    (*transfer)->flight.answer.sealed = request->sealed;
    (*transfer)->sealed_body = request->sealed_body;
    for (size_t i = 0; i < request->hidden_count; i++)
        (*transfer)->hidden[i] = ecr_secret_ref(request->hidden[i]);
    ecr_lines_init(&(*transfer)->lines, curl);
    ecr_buf_init_secret(&(*transfer)->body, request->body_len);
    ecr_buf_init(&(*transfer)->flight.answer.headers, ECR_HEAD_MAX);
    ecr_head_init(&(*transfer)->head, &(*transfer)->flight.answer.headers);
    ecr_sink_init(&(*transfer)->flight.answer.sink, request->sink, request->shape,
                  request->max_body ? request->max_body : MAX_BODY);
    enum ecr_status status = prepare(*transfer, trust, request, error);
    if (status != ECR_OK) {
        free_transfer(&(*transfer)->flight);
        *transfer = NULL;
    }
    return status;
}

enum ecr_status ecr_transfer_launch(struct ecr_transfer *transfer, CURLM *multi,
                                    struct ecr_error *error)
{
    if (transfer->curl->multi_add_handle(multi, transfer->easy) != CURLM_OK)
        return ecr_fail_nomem(error);
    transfer->multi = multi;
    return ECR_OK;
}
