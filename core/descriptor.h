/* SPDX-License-Identifier: MIT */
/* Writing to a descriptor until everything is written. */
#pragma once

#include <stddef.h>

#include "error.h"

/* Waits where a descriptor that does not block is not ready. ECR_CONFIG "write" says why not
 * everything could be written: a full disk, a reader that left. */
enum ecr_status ecr_descriptor_write(int fd, const void *bytes, size_t len,
                                     struct ecr_error *error);
