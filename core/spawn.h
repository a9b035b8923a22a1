/* SPDX-License-Identifier: MIT */
/* The child's side of a start: where to look for the program, prepared before the fork, and what is
 * done between fork and exec, where only functions may be called that are safe in a handler of
 * signals. Only child.c has business here. */
#pragma once

#include <sys/types.h>

#include "buf.h"

struct ecr_spawn {
    const char *const *argv;
    int in, out, err; /* become the standard descriptors; above them, and close-on-exec */
    int trouble;      /* where the child writes errno when it cannot become the program */
    pid_t parent;
    struct ecr_buf paths; /* "path\0path\0": what to try in turn */
};

/* Fills `paths`. */
enum ecr_status ecr_spawn_find(struct ecr_spawn *spawn, struct ecr_error *error);
void ecr_spawn_clear(struct ecr_spawn *spawn);
/* In the child, all signals blocked. */
_Noreturn void ecr_spawn_exec(const struct ecr_spawn *spawn);
