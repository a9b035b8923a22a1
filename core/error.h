/* SPDX-License-Identifier: MIT */
/* How a fallible function of the core says what went wrong: a status to branch on, and a struct the
 * caller owns with a sentence for a person. The statuses are the `kind`s of Lua's error object that
 * C can find by itself; what AWS answers is classified above the seam, in Lua. */
#pragma once

#include <stdarg.h>

enum ecr_status {
    ECR_OK = 0,
    ECR_NOMEM,     /* no memory: the binding raises Lua's own memory error */
    ECR_CONFIG,    /* a setting or the environment is wrong */
    ECR_INPUT,     /* the caller's value breaks a rule */
    ECR_AUTH,      /* credentials are missing, partial or unreadable */
    ECR_NETWORK,   /* no answer: name, connection, TLS, reset */
    ECR_TIMEOUT,   /* no answer in time */
    ECR_INTEGRITY, /* bytes are not what their digest says */
    ECR_PROTOCOL,  /* an answer that cannot be read, or too large */
    ECR_CANCELLED, /* withdrawn by the caller */
};

struct ecr_error {
    enum ecr_status status;
    char code[48];     /* a short name for programs ("connect", "tls", "too_large"); may be empty */
    char message[320]; /* for people; never holds a secret */
};

/* The Lua name of a status: "config", "input", ... */
const char *ecr_status_name(enum ecr_status status);

/* Fills `error` (which may be NULL) and returns `status`, so that a caller can `return
 * ecr_fail(...)`. `code` may be NULL. Messages are cut to fit. */
enum ecr_status ecr_fail(struct ecr_error *error, enum ecr_status status, const char *code,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ecr_fail for the case that needs no words. */
enum ecr_status ecr_fail_nomem(struct ecr_error *error);
