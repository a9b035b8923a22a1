/* SPDX-License-Identifier: MIT */
/* Access lists need no look of their own: their mask shows in the group's bits. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FLAGS (O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static enum ecr_status refuse(const struct ecr_guard *guard, const char *code, const char *why,
                              struct ecr_error *error)
{
    return ecr_fail(error, ECR_AUTH, code, "%.250s is not used: %s", guard->shown, why);
}

static enum ecr_status refuse_kind(const struct ecr_guard *guard, struct ecr_error *error)
{
    return refuse(guard, "kind", S_ISDIR(guard->kind) ? "it is no directory" : "it is no file",
                  error);
}

/* What a link or a socket says to open(2) depends on the flags, so this looks again, and may find
 * what somebody has put there since. Whatever it sees, nothing is used. */
static enum ecr_status explain(const struct ecr_guard *guard, int reason, struct ecr_error *error)
{
    struct stat there;
    if (reason == ENOENT)
        return ECR_OK;
    if (fstatat(guard->directory, guard->path, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? ECR_OK
                   : refuse(guard, "unreadable", strerror(reason), error);
    if (S_ISLNK(there.st_mode) || reason == ELOOP)
        return refuse(guard, "link", "it is a symbolic link", error);
    if ((there.st_mode & S_IFMT) != guard->kind)
        return refuse_kind(guard, error);
    return refuse(guard, "unreadable", strerror(reason), error);
}

static mode_t loose_bits(const struct ecr_guard *guard)
{
    return S_ISDIR(guard->kind) ? S_IWGRP | S_IWOTH : S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH;
}

/* A directory with the sticky bit is meant for many, such as /tmp for the superuser: that is a
 * wrong setting, and nothing to repair. */
static void tighten(const struct ecr_guard *guard, int fd, struct stat *there)
{
    if (S_ISDIR(guard->kind) && (there->st_mode & S_ISVTX))
        return;
    if (fchmod(fd, S_ISDIR(guard->kind) ? 0700 : 0600) == 0)
        fstat(fd, there); /* not every file system does what it says it did */
}

static enum ecr_status judge(const struct ecr_guard *guard, int fd, struct ecr_error *error)
{
    struct stat there;
    if (fstat(fd, &there) != 0)
        return refuse(guard, "unreadable", strerror(errno), error);
    if ((there.st_mode & S_IFMT) != guard->kind)
        return refuse_kind(guard, error);
    if (there.st_uid != geteuid())
        return refuse(guard, "foreign", "it belongs to another user", error);
    if (guard->tighten && (there.st_mode & loose_bits(guard)))
        tighten(guard, fd, &there);
    if (there.st_mode & loose_bits(guard))
        return refuse(guard, "loose",
                      S_ISDIR(guard->kind) ? "others may write to it"
                                           : "others may read it or write to it",
                      error);
    return ECR_OK;
}

enum ecr_status ecr_guard_open(const struct ecr_guard *guard, int *fd, struct ecr_error *error)
{
    *fd = openat(guard->directory, guard->path, guard->flags | FLAGS, 0600);
    if (*fd < 0)
        return explain(guard, errno, error);
    enum ecr_status status = judge(guard, *fd, error);
    if (status != ECR_OK) {
        close(*fd);
        *fd = -1;
    }
    return status;
}
