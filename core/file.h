/* SPDX-License-Identifier: MIT */
/* A file that gets its name when it is whole. Bytes go to a part file beside it, hashed on the way;
 * when size and digest are right it is synced and renamed. A transfer that broke off leaves the
 * part file, and the next one goes on behind it; bytes that turn out wrong leave nothing.
 *
 * The part file's name holds digits of the digest, so that nobody goes on with another blob's
 * bytes. It is ours alone while it is open: locked, never a link, never somebody else's. What an
 * earlier transfer left is read and hashed by ecr_file_open, which takes as long as that takes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct ecr_file_target {
    const char *path;
    const char *digest;
    size_t digest_len;
    uint64_t size;
    bool resume; /* go on with a part file, and leave one */
};

struct ecr_file;

/* ECR_CONFIG "write", naming the path, when it cannot be written there; "busy" when somebody else
 * is at it. The text is copied; *file is NULL on failure. */
enum ecr_status ecr_file_open(const struct ecr_file_target *target, struct ecr_file **file,
                              struct ecr_error *error);
/* Where to go on: bytes that are there. Less than the whole size, so that there is always something
 * to ask for. */
uint64_t ecr_file_have(const struct ecr_file *file);
/* What was there when the answer began. */
uint64_t ecr_file_resumed_from(const struct ecr_file *file);

/* An answer begins, with its status and its Content-Range (NULL = none). 200 starts over, 206 goes
 * on where we are, and nowhere else; 416 is a refusal, after which the next one starts over. */
enum ecr_status ecr_file_begin(struct ecr_file *file, long status, const char *content_range,
                               struct ecr_error *error);
/* ECR_INTEGRITY for the first byte that is too many. */
enum ecr_status ecr_file_write(struct ecr_file *file, const void *bytes, size_t len,
                               struct ecr_error *error);
/* The last byte was written: gives the file its name, or ECR_INTEGRITY. */
enum ecr_status ecr_file_commit(struct ecr_file *file, struct ecr_error *error);
/* Leaves or removes the part file. NULL is fine. */
void ecr_file_close(struct ecr_file *file);
