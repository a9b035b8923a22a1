/* SPDX-License-Identifier: MIT */
/* Reading without waiting, and replacing what a path leads to. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "alloc.h"
#include "descriptor.h"
#include "directory.h"
#include "replacement.h"
#include "target.h"

/* --- reading --- */

static enum ecr_status refuse_read(const char *path, const char *code, const char *why,
                                   struct ecr_error *error)
{
    return ecr_fail(error, ECR_AUTH, code, "%.200s %s", path, why);
}

static enum ecr_status fail_read(const char *path, struct ecr_error *error)
{
    return ecr_fail(error, ECR_AUTH, errno == ENOENT || errno == ENOTDIR ? "no_file" : "unreadable",
                    "%.200s cannot be read: %s", path, strerror(errno));
}

static bool has_no_name(int fd)
{
    struct statfs system;
    return fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

/* All of it is in the pipe when nobody can write to it any more. */
static enum ecr_status check_pipe(int fd, const char *path, struct ecr_error *error)
{
    struct pollfd pipe = {.fd = fd, .events = POLLIN};
    if (!has_no_name(fd))
        return refuse_read(path, "unreadable", "cannot be read: it is a named pipe", error);
    if (poll(&pipe, 1, 0) != 1 || !(pipe.revents & POLLHUP))
        return refuse_read(path, "pending", "is a pipe whose writer has not finished", error);
    return ECR_OK;
}

static enum ecr_status check_kind(int fd, const char *path, struct ecr_error *error)
{
    struct stat there;
    if (fstat(fd, &there) != 0)
        return fail_read(path, error);
    if (S_ISFIFO(there.st_mode))
        return check_pipe(fd, path, error);
    if (S_ISREG(there.st_mode))
        return ECR_OK;
    return refuse_read(path, "unreadable",
                       S_ISDIR(there.st_mode) ? "cannot be read: it is a directory"
                                              : "cannot be read: it is no file",
                       error);
}

static enum ecr_status read_all(int fd, const char *path, size_t max, struct ecr_buf *buf,
                                struct ecr_error *error)
{
    enum ecr_status status = ecr_descriptor_read(fd, max, buf);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (status == ECR_CONFIG)
        return fail_read(path, error);
    return status == ECR_OK ? ECR_OK : refuse_read(path, "too_large", "is too large", error);
}

enum ecr_status ecr_store_read(const char *path, size_t max, struct ecr_buf *buf,
                               struct ecr_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_read(path, error);
    enum ecr_status status = check_kind(fd, path, error);
    if (status == ECR_OK)
        status = read_all(fd, path, max, buf, error);
    close(fd);
    return status;
}

enum ecr_status ecr_store_read_line(const char *path, size_t max, struct ecr_buf *buf,
                                    struct ecr_error *error)
{
    enum ecr_status status = ecr_store_read(path, max + 2, buf, error);
    if (status != ECR_OK)
        return status;
    if (buf->len > 0 && buf->data[buf->len - 1] == '\n') {
        buf->len--;
        if (buf->len > 0 && buf->data[buf->len - 1] == '\r')
            buf->len--;
    }
    if (buf->len > max)
        return refuse_read(path, "too_large", "is too large", error);
    return buf->len > 0 ? ECR_OK : refuse_read(path, "empty", "is empty", error);
}

/* --- replacing --- */

static struct ecr_replacement replacement_of(const char *target, const void *bytes, size_t len)
{
    return (struct ecr_replacement){AT_FDCWD, target, target, bytes, len};
}

enum ecr_status ecr_store_replace(const char *path, const void *bytes, size_t len,
                                  struct ecr_error *error)
{
    char *target;
    enum ecr_status status = ecr_target_find(path, &target, error);
    struct ecr_replacement replacement = replacement_of(target, bytes, len);
    if (status == ECR_OK)
        status = ecr_replacement_make(&replacement, error);
    if (status == ECR_OK)
        ecr_directory_sync(target);
    ecr_free(target);
    return status;
}

enum ecr_status ecr_store_try(const char *path, struct ecr_error *error)
{
    static const char some[16 * 1024];
    char *target;
    enum ecr_status status = ecr_target_find(path, &target, error);
    struct ecr_replacement replacement = replacement_of(target, some, sizeof some);
    if (status == ECR_OK)
        status = ecr_replacement_try(&replacement, error);
    ecr_free(target);
    return status;
}
