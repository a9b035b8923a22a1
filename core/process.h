/* SPDX-License-Identifier: MIT */
/* A program in flight: what it is to read is written as it takes it, its output goes into the sink
 * as it comes, its end is the answer. Its descriptors are in the epoll set that it is made with.
 * Only http.c sees one. */
#pragma once

#include "child.h"
#include "flight.h"
#include "remark.h"

/* The events of its descriptors have this as data.fd: any of them means that a step is due, of
 * which process does not matter. */
#define ECR_PROCESS_EVENT (-1)

struct ecr_process {
    struct ecr_flight flight; /* the first, so that one is the other */
    struct ecr_child child;
    int epoll;
    double timeout, deadline; /* seconds; monotonic */
    struct ecr_remark remark;
    struct ecr_buf input; /* for it to read, of which `fed` bytes are written */
    size_t fed;
    struct ecr_secret *hidden[ECR_HTTP_HIDDEN]; /* that no message may show either; NULL ends it */
};

/* Starts it; *process is NULL on failure. Of the request counts what a program has. */
enum ecr_status ecr_process_new(int epoll, const struct ecr_http_request *request,
                                struct ecr_process **process, struct ecr_error *error);
/* Takes what is there to take and waits for nothing. True when the process has ended: then the
 * answer is whole and nothing of it runs or is open. */
bool ecr_process_step(struct ecr_process *process);
