/* SPDX-License-Identifier: MIT */
/* Requests in flight: libcurl's multi interface driven by its socket actions, and programs whose
 * output is the answer, under one epoll descriptor, so that a foreign event loop can watch one
 * number. A request is submitted and gives a ticket; polling moves bytes; what has ended stays
 * until the caller has made something of it and drops it. Each ends exactly once: dropped,
 * cancelled, or freed with the handle. Redirects are never followed and certificates always
 * checked. Not for several threads at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "creds.h"
#include "error.h"
#include "sink.h"

struct ecr_http;

struct ecr_http_options {
    const char *ca_bundle;  /* file or hashed directory; NULL = the system's trust */
    const char *proxy;      /* NULL = what the environment says, "" = none */
    const char *user_agent; /* NULL = none */
    long max_connections;   /* to one host; 0 = 50 */
};

#define ECR_HTTP_HIDDEN 4

struct ecr_http_header {
    const char *name, *value;
    bool sealed; /* the value is a secret: a refusal that repeats it is scrubbed of it */
};

struct ecr_http_request {
    /* A program instead of a request of HTTP; ends with NULL. Then only `timeout`, `body` (its
     * standard input, a secret), `sink` (no file), `shape` and, for ECR_SINK_RAW, `max_body` count,
     * and libcurl is not needed. */
    const char *const *argv;
    const char *method;
    const char *url;
    const struct ecr_http_header *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
    bool sealed_body;
    /* What a refusal may quote besides, such as the parts of a sealed body: a reference to each is
     * taken. */
    struct ecr_secret *const *hidden;
    size_t hidden_count; /* at most ECR_HTTP_HIDDEN */
    /* Signed when `creds` is not NULL; then region and service must be there. */
    struct ecr_creds *creds;
    const char *region, *service;
    double clock_offset;             /* seconds added to the wall clock for the signature */
    double connect_timeout, timeout; /* seconds, more than 0 */
    enum ecr_sink_kind sink;
    const struct ecr_shape *shape;
    const struct ecr_file_target *file; /* for ECR_SINK_FILE */
    size_t max_body;                    /* 0 = 64 MiB, of a program 64 KiB */
    double stall;                       /* seconds without a byte that end it; 0 = any */
    bool https_only;
    bool direct;            /* through no proxy, whatever the handle says */
    const char *user_agent; /* instead of the handle's; NULL = that */
    bool sealed;            /* the URL is a secret, and the other side's words may repeat it */
    /* On a connection of its own: when one that was used before turns out to be dead, libcurl sends
     * again by itself, although the other side may have read the request. */
    bool once;
};

/* What has ended. `error.status` is ECR_OK when an answer was read whole, whatever its status; an
 * answer that could not be read has both a status and an error. A program that exits with another
 * code than 0 has that code and an error. */
struct ecr_http_answer {
    uint64_t ticket;
    long status;            /* 0 = no answer */
    bool exited;            /* a program: `status` is its exit code, 0 too */
    bool sealed;            /* as the request says */
    struct ecr_buf headers; /* "name\0value\0"..., names in lower case */
    struct ecr_sink sink;
    struct ecr_error error;
};

/* Cheap: libcurl is loaded at the first submit. The options' text is copied. */
enum ecr_status ecr_http_new(const struct ecr_http_options *options, struct ecr_http **http,
                             struct ecr_error *error);
/* Cancels what is in flight. NULL is fine. */
void ecr_http_free(struct ecr_http *http);

/* Copies everything it needs. An error here means that nothing was sent. */
enum ecr_status ecr_http_submit(struct ecr_http *http, const struct ecr_http_request *request,
                                uint64_t *ticket, struct ecr_error *error);
/* Waits at most `seconds` (0 = not at all), moves bytes, returns when something has ended, time is
 * up or a signal came. */
enum ecr_status ecr_http_poll(struct ecr_http *http, double seconds, struct ecr_error *error);
/* What has ended, oldest first: the first (`after` is NULL) or the next one; NULL = that was all.
 * Lent until it is dropped, cancelled, or freed with the handle. */
struct ecr_http_answer *ecr_http_next(const struct ecr_http *http,
                                      const struct ecr_http_answer *after);
/* Nothing can be made of the answer for lack of memory: frees what it holds, and it becomes that
 * error. */
void ecr_http_give_up(struct ecr_http_answer *answer);
/* All that has ended has been taken. */
void ecr_http_drop(struct ecr_http *http);
/* True when the ticket was in flight or had ended and was not dropped. */
bool ecr_http_cancel(struct ecr_http *http, uint64_t ticket);
/* Bytes of the body that a ticket has so far, of a file all that are there; false when there is no
 * such ticket. */
bool ecr_http_progress(const struct ecr_http *http, uint64_t ticket, uint64_t *bytes);

/* For a foreign loop: readable when a poll would do something, and how long until one must be made
 * anyway (seconds; negative = no need). */
int ecr_http_fd(const struct ecr_http *http);
double ecr_http_timeout(const struct ecr_http *http);
size_t ecr_http_in_flight(const struct ecr_http *http);
