/* SPDX-License-Identifier: MIT */
/* Credentials as text for another program, in the forms that `aws configure export-credentials`
 * has. The text holds the keys: it belongs into a wiped buffer and from there to a descriptor. */
#pragma once

#include <stdbool.h>

#include "buf.h"
#include "creds.h"

enum ecr_export {
    ECR_EXPORT_PROCESS, /* JSON on one line, what a credential_process prints */
    ECR_EXPORT_ENV,     /* lines for a shell: export NAME=value, quoted where it must be */
    ECR_EXPORT_PLAIN,   /* lines NAME=value as they are, for an environment file */
};

/* More than any credentials take. */
#define ECR_EXPORT_MAX ((size_t)64 * 1024)

/* False when there is no such form: "process", "env", "env-no-export". */
bool ecr_export_form(const char *name, enum ecr_export *form);
/* Appends. ECR_NOMEM, or ECR_PROTOCOL past the buffer's maximum. */
enum ecr_status ecr_export_append(struct ecr_buf *buf, const struct ecr_creds *creds,
                                  enum ecr_export form);
