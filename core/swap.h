/* SPDX-License-Identifier: MIT */
/* A file that takes the place of what was read, and of nothing else: for files that others edit
 * too. One who edits reads the file, makes the new bytes and swaps, and begins again where somebody
 * else was quicker. */
#pragma once

#include <stdbool.h>

#include "buf.h"
#include "error.h"

/* Puts a file with these bytes, its owner's only, in the place of the one that holds `before` (NULL
 * = there is none). When it no longer does, nothing is done and *swapped is false. A symbolic link
 * stays, and missing directories are made. When it fails, ECR_CONFIG "write" with the path,
 * everything is as it was, but for such directories.
 *
 * Of processes that swap the same file none undoes what another did. One that renames a file over
 * it, as docker does, takes no lock: what it did is seen and put back even when it came between our
 * last look and our renaming, unless the file system cannot exchange two names. One that writes
 * into the file itself must not do so at that moment. The file keeps its owner. */
enum ecr_status ecr_swap(const char *path, const struct ecr_buf *before, const void *bytes,
                         size_t len, bool *swapped, struct ecr_error *error);
