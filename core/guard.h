/* SPDX-License-Identifier: MIT */
/* Files and directories that must be ours alone: opened without following a link and without
 * waiting, and judged by what was opened, not by what a name meant a moment before. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "error.h"

struct ecr_guard {
    int directory; /* that `path` is relative to; AT_FDCWD */
    const char
        *path; /* its last part must be no link; no slash behind it, which would follow one */
    const char *shown; /* what messages call it */
    mode_t kind;       /* S_IFREG or S_IFDIR */
    int flags;         /* of open(2), besides those that everything here is opened with */
    bool tighten;      /* what is ours and loose is made ours alone, if that can be done */
};

/* ECR_OK with *fd -1 when there is nothing. Otherwise ECR_AUTH with one of these codes:
 *   "link"        it is a symbolic link
 *   "kind"        it is something else than it should be
 *   "foreign"     the effective user does not own it
 *   "loose"       the group or others may write to it or, a file's, read it
 *   "unreadable"  it cannot be opened */
enum ecr_status ecr_guard_open(const struct ecr_guard *guard, int *fd, struct ecr_error *error);
