/* SPDX-License-Identifier: MIT */
/* A file that takes the place of another, whole or not at all: a temporary file beside it, which is
 * filled, synchronised and renamed. Whatever stood there is gone then; a symbolic link is replaced
 * and not followed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct ecr_replacement {
    int directory;     /* that `path` is relative to; AT_FDCWD */
    const char *path;  /* of what is replaced */
    const char *shown; /* what messages call it */
    const void *bytes;
    size_t len;
};

/* Makes the file, its owner's only, and leaves no temporary file behind, unless the process is
 * killed. ECR_CONFIG "write" names the file. Durable once the directory is synchronised too, which
 * is the caller's. */
enum ecr_status ecr_replacement_make(const struct ecr_replacement *replacement,
                                     struct ecr_error *error);
/* All of that but the renaming: nothing stays. */
enum ecr_status ecr_replacement_try(const struct ecr_replacement *replacement,
                                    struct ecr_error *error);
/* The same in steps, for one who renames in another way. Opened first and ended last, also after a
 * failure; what was not renamed is removed then. */
struct ecr_temporary {
    char *path; /* relative to the replacement's directory */
    int fd;     /* -1 = there is no file */
};

enum ecr_status ecr_replacement_open(const struct ecr_replacement *replacement,
                                     struct ecr_temporary *made, struct ecr_error *error);
enum ecr_status ecr_replacement_fill(const struct ecr_replacement *replacement,
                                     const struct ecr_temporary *made, struct ecr_error *error);
void ecr_replacement_end(const struct ecr_replacement *replacement, struct ecr_temporary *made,
                         bool renamed);

/* Whether this is the name (not a path) of a temporary file, and then how long the name of the file
 * is that it was for, which begins at name + 1. */
bool ecr_replacement_is_temporary(const char *name, size_t *len);
