/* SPDX-License-Identifier: MIT */
/* Where a file goes that is written to a path: through the symbolic links there, so that they stay,
 * into a directory that is made when it is missing. Failures are ECR_CONFIG "write" and name the
 * path. */
#pragma once

#include "error.h"

/* *target is a path that is no link, in a directory that is there: a file's, or nobody's yet. The
 * caller frees it, also after a failure. */
enum ecr_status ecr_target_find(const char *path, char **target, struct ecr_error *error);

/* What whoever writes there says when he cannot; the second says errno. */
enum ecr_status ecr_target_refuse(const char *path, const char *why, struct ecr_error *error);
enum ecr_status ecr_target_fail(const char *path, struct ecr_error *error);
