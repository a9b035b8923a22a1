/* SPDX-License-Identifier: MIT */
/* Names and filling of the core's error struct. */
#include "error.h"

#include <stdio.h>

static const char *const names[] = {
    [ECR_OK] = "ok",
    [ECR_NOMEM] = "memory",
    [ECR_CONFIG] = "config",
    [ECR_INPUT] = "input",
    [ECR_AUTH] = "auth",
    [ECR_NETWORK] = "network",
    [ECR_TIMEOUT] = "timeout",
    [ECR_INTEGRITY] = "integrity",
    [ECR_PROTOCOL] = "protocol",
    [ECR_CANCELLED] = "cancelled",
};

const char *ecr_status_name(enum ecr_status status)
{
    return names[status];
}

enum ecr_status ecr_fail(struct ecr_error *error, enum ecr_status status, const char *code,
                         const char *format, ...)
{
    if (!error)
        return status;
    error->status = status;
    snprintf(error->code, sizeof error->code, "%s", code ? code : "");
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return status;
}

enum ecr_status ecr_fail_nomem(struct ecr_error *error)
{
    return ecr_fail(error, ECR_NOMEM, NULL, "out of memory");
}
