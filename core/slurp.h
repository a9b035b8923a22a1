/* SPDX-License-Identifier: MIT */
/* A small file, read whole: one that may hold a secret, at a path that somebody configured. What
 * stands there is not trusted to be a file, so nothing here waits: a FIFO is refused, and a
 * terminal has no bytes. A device may be named: /dev/null is how people say "no such file". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

/* Makes *buf a secret buffer with the file's bytes, at most `max`; its owner clears it, also after
 * a failure. Not *found and ECR_OK when there is no such file; ECR_CONFIG "unreadable" or
 * "too_large", naming the path, when there is one. */
enum ecr_status ecr_slurp(const char *path, size_t max, struct ecr_buf *buf, bool *found,
                          struct ecr_error *error);
