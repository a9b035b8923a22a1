/* SPDX-License-Identifier: MIT */
/* Small files that hold secrets: tokens that others leave for us, and the caches that AWS's tools
 * and we share. Read whole and never waited for; replaced whole or not at all.
 *
 * A pipe that the shell made (`<(command)`, /dev/fd/63) is read once its writer has finished, which
 * nobody can wait for here without holding up the loop: until then the answer is "pending", nothing
 * is taken out of it, and the caller may ask again. It gives its bytes once; a file can be read
 * again at the next refresh. Pipes with a name, directories and devices are refused. */
#pragma once

#include "buf.h"
#include "error.h"

/* What a buffer must have room for beyond the maximum: the end of a line, one byte too many. */
#define ECR_STORE_SPARE 3

/* Appends the file's bytes, at most `max`, to an empty, secret buffer. ECR_AUTH names the path,
 * with the code "no_file", "unreadable", "too_large" or "pending". */
enum ecr_status ecr_store_read(const char *path, size_t max, struct ecr_buf *buf,
                               struct ecr_error *error);
/* The same without the end of the line, if one ends the file. Nothing there is ECR_AUTH "empty". */
enum ecr_status ecr_store_read_line(const char *path, size_t max, struct ecr_buf *buf,
                                    struct ecr_error *error);

/* Puts a file with these bytes, its owner's only, in the place of the one that is there, if any; a
 * symbolic link stays, and what it points to is replaced. Missing directories are made. When it
 * fails, ECR_CONFIG "write" with the path, everything is as it was, but for such directories. */
enum ecr_status ecr_store_replace(const char *path, const void *bytes, size_t len,
                                  struct ecr_error *error);
/* Whether that could be done with some kilobytes, by doing all but the replacing. */
enum ecr_status ecr_store_try(const char *path, struct ecr_error *error);
