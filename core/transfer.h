/* SPDX-License-Identifier: MIT */
/* One request of HTTP with everything it owns while it is in flight: the easy handle, the signed
 * headers, the body, the answer so far. Only http.c sees one. */
#pragma once

#include "curl.h"
#include "flight.h"
#include "head.h"
#include "lines.h"
#include "trust.h"

struct ecr_transfer {
    struct ecr_flight flight; /* the first, so that one is the other */
    const struct ecr_curl *curl;
    CURL *easy;
    CURLM *multi; /* that it is in; NULL = none */
    struct ecr_lines lines;
    struct ecr_buf body;
    bool sealed_body;
    struct ecr_secret *hidden[ECR_HTTP_HIDDEN]; /* NULL after the last */
    struct ecr_head head;
    bool begun;             /* the sink knows the status */
    unsigned long failures; /* of memory, in this thread, when it began */
    char reason[CURL_ERROR_SIZE];
};

/* Makes a transfer ready to be added to a multi handle; *transfer is NULL on failure. */
enum ecr_status ecr_transfer_new(const struct ecr_curl *curl, const struct ecr_trust *trust,
                                 const struct ecr_http_request *request,
                                 struct ecr_transfer **transfer, struct ecr_error *error);
/* Adds it to a multi handle, which must live until the transfer has ended or was freed. */
enum ecr_status ecr_transfer_launch(struct ecr_transfer *transfer, CURLM *multi,
                                    struct ecr_error *error);
/* libcurl says it is over: fills status and error of the answer and leaves the multi handle. */
void ecr_transfer_end(struct ecr_transfer *transfer, CURLcode code);
