/* SPDX-License-Identifier: MIT */
/* A server of canned answers on 127.0.0.1, for the allocation sweep. It is a process of its own:
 * its memory and descriptors are then no part of what the sweep counts, and it ends with its
 * parent. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define CANNED_TOGETHER 3 /* requests that are answered in one go, once asked to */

struct canned {
    pid_t process;
    int control;
    int port;
};

bool canned_start(struct canned *canned);
/* Whether all requests that are to be answered together have arrived. Does not wait. */
bool canned_is_full(const struct canned *canned);
/* Answers them; when it returns the answers are in the client's sockets. */
void canned_release(const struct canned *canned);
void canned_stop(const struct canned *canned);
