/* SPDX-License-Identifier: MIT */
/* Reading from a descriptor until its end, writing to it until everything is written. */
#pragma once

#include <stddef.h>

#include "buf.h"
#include "error.h"

/* Waits where a descriptor that does not block is not ready. ECR_CONFIG "write" says why not
 * everything could be written: a full disk, a reader that left. */
enum ecr_status ecr_descriptor_write(int fd, const void *bytes, size_t len,
                                     struct ecr_error *error);

/* Appends everything up to the end, at most `max` bytes in all, to a buffer with room for one more:
 * straight into it, since bytes that passed through the stack would stay there. ECR_PROTOCOL when
 * there is more, ECR_NOMEM, or ECR_CONFIG with errno for the caller to say. */
enum ecr_status ecr_descriptor_read(int fd, size_t max, struct ecr_buf *buf);
/* The same where the writer may be slow or never finish: ECR_TIMEOUT when the end has not come by
 * the deadline, a time of the monotonic clock. */
enum ecr_status ecr_descriptor_read_by(int fd, size_t max, double deadline, struct ecr_buf *buf);

/* Reads up to the end, but at most `max` bytes and until the deadline, and keeps nothing of it. */
void ecr_descriptor_drain(int fd, size_t max, double deadline);
