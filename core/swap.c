/* SPDX-License-Identifier: MIT */
/* The look and the renaming are done under a lock of the directory, held for microseconds. A lock
 * next to the file would leave a file behind, and docker and podman would not take it either. */
#include "swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "directory.h"
#include "replacement.h"
#include "secret.h"
#include "target.h"

#define CHUNK     4096
#define MAX_TURNS 16 /* of an exchange */

struct swap {
    char *target;
    struct ecr_temporary made;
    const struct ecr_buf *before;
};

/* What root edits for somebody in his own directory stays readable for him. In one that others put
 * files into, such as /tmp, he may have laid it there to read what root writes. */
static enum ecr_status keep_owner(const struct swap *swap, struct ecr_error *error)
{
    struct stat there, ours, around;
    if (stat(swap->target, &there) != 0 || fstat(swap->made.fd, &ours) != 0 ||
        there.st_uid == ours.st_uid)
        return ECR_OK;
    if (ecr_directory_look(swap->target, &around) && around.st_uid == there.st_uid &&
        fchown(swap->made.fd, there.st_uid, there.st_gid) == 0)
        return ECR_OK;
    return ecr_target_refuse(swap->target, "it belongs to somebody else", error);
}

static bool holds(int fd, const struct ecr_buf *bytes)
{
    char chunk[CHUNK];
    size_t at = 0;
    ssize_t got;
    bool same = true;
    while (same && (got = pread(fd, chunk, sizeof chunk, (off_t)at)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        same = got > 0 && (size_t)got <= bytes->len - at &&
               memcmp(chunk, bytes->data + at, (size_t)got) == 0;
        at += same ? (size_t)got : 0;
    }
    ecr_wipe(chunk, sizeof chunk);
    return same && at == bytes->len;
}

static bool is_unsupported(int reason)
{
    return reason == EINVAL || reason == ENOSYS;
}

/* Renames where there is no file. */
static enum ecr_status put_new(const struct swap *swap, bool *swapped, struct ecr_error *error)
{
    struct stat there;
    const char *from = swap->made.path, *to = swap->target;
    int failed = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (failed && is_unsupported(errno)) {
        failed = lstat(to, &there) == 0;
        errno = EEXIST;
        if (!failed)
            failed = rename(from, to);
    }
    *swapped = !failed;
    return !failed || errno == EEXIST ? ECR_OK : ecr_target_fail(to, error);
}

/* Without exchanging, what comes between the look and this is lost. */
static enum ecr_status rename_over(const struct swap *swap, bool *swapped, struct ecr_error *error)
{
    *swapped = rename(swap->made.path, swap->target) == 0;
    return *swapped ? ECR_OK : ecr_target_fail(swap->target, error);
}

/* The two files change names, so that what came in between is seen: when the one that comes out is
 * not the one that was looked at, it is put back. In turn that must bring out what was put in
 * before, and so on. */
static enum ecr_status exchange(const struct swap *swap, const struct stat *looked_at,
                                bool *swapped, struct ecr_error *error)
{
    struct stat ours, out;
    if (fstat(swap->made.fd, &ours) != 0)
        return ecr_target_fail(swap->target, error);
    ino_t expected = looked_at->st_ino, put = ours.st_ino;
    for (int i = 0; i < MAX_TURNS; i++) {
        if (renameat2(AT_FDCWD, swap->made.path, AT_FDCWD, swap->target, RENAME_EXCHANGE) != 0 ||
            lstat(swap->made.path, &out) != 0) {
            if (i == 0 && is_unsupported(errno))
                return rename_over(swap, swapped, error);
            return i == 0 && errno == ENOENT ? ECR_OK : ecr_target_fail(swap->target, error);
        }
        if (out.st_ino == expected) {
            *swapped = i == 0;
            return ECR_OK;
        }
        expected = put;
        put = out.st_ino;
    }
    return ecr_target_refuse(swap->target, "others change it all the time", error);
}

/* What is looked at stays open, so that its number is nobody else's. */
static enum ecr_status put_over(const struct swap *swap, bool *swapped, struct ecr_error *error)
{
    struct stat there;
    enum ecr_status status = ECR_OK;
    int fd = open(swap->target, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? ECR_OK : ecr_target_fail(swap->target, error);
    if (fstat(fd, &there) == 0 && holds(fd, swap->before))
        status = exchange(swap, &there, swapped, error);
    close(fd);
    return status;
}

static enum ecr_status rename_locked(const struct swap *swap, bool *swapped,
                                     struct ecr_error *error)
{
    int lock = ecr_directory_lock(swap->target);
    enum ecr_status status =
        swap->before ? put_over(swap, swapped, error) : put_new(swap, swapped, error);
    if (status == ECR_OK && *swapped)
        ecr_directory_sync(swap->target);
    if (lock >= 0)
        close(lock);
    return status;
}

static enum ecr_status make(struct swap *swap, const void *bytes, size_t len, bool *swapped,
                            struct ecr_error *error)
{
    const struct ecr_replacement replacement = {AT_FDCWD, swap->target, swap->target, bytes, len};
    enum ecr_status status = ecr_replacement_open(&replacement, &swap->made, error);
    if (status == ECR_OK)
        status = keep_owner(swap, error);
    if (status == ECR_OK)
        status = ecr_replacement_fill(&replacement, &swap->made, error);
    if (status == ECR_OK)
        status = rename_locked(swap, swapped, error);
    ecr_replacement_end(&replacement, &swap->made, false); /* what was exchanged is removed too */
    return status;
}

enum ecr_status ecr_swap(const char *path, const struct ecr_buf *before, const void *bytes,
                         size_t len, bool *swapped, struct ecr_error *error)
{
    struct swap swap = {.before = before};
    *swapped = false;
    enum ecr_status status = ecr_target_find(path, &swap.target, error);
    if (status == ECR_OK)
        status = make(&swap, bytes, len, swapped, error);
    ecr_free(swap.target);
    return status;
}
