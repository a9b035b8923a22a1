/* SPDX-License-Identifier: MIT */
/* One request with everything it owns while it is in flight: the easy handle, the signed headers,
 * the body, the answer so far. http.c keeps them in a list; nobody else sees one. */
#pragma once

#include "curl.h"
#include "head.h"
#include "http.h"
#include "lines.h"
#include "trust.h"

struct ecr_transfer {
    struct ecr_transfer *next, *previous;
    const struct ecr_curl *curl;
    CURL *easy;
    struct ecr_lines lines;
    struct ecr_buf body;
    bool sealed_body;
    struct ecr_http_answer answer;
    struct ecr_head head;
    bool begun;             /* the sink knows the status */
    unsigned long failures; /* of memory, in this thread, when it began */
    char reason[CURL_ERROR_SIZE];
};

/* Makes a transfer ready to be added to a multi handle; *transfer is NULL on failure. */
enum ecr_status ecr_transfer_new(const struct ecr_curl *curl, const struct ecr_trust *trust,
                                 const struct ecr_http_request *request,
                                 struct ecr_transfer **transfer, struct ecr_error *error);
/* libcurl says it is over: fills answer.status and answer.error. */
void ecr_transfer_end(struct ecr_transfer *transfer, CURLcode code);
/* Frees what the answer holds of headers and body. */
void ecr_transfer_clear(struct ecr_http_answer *answer);
/* Wipes and frees; the easy handle must no longer be in a multi. NULL is fine. */
void ecr_transfer_free(struct ecr_transfer *transfer);
