/* SPDX-License-Identifier: MIT */
/* Reading without waiting, and replacing by way of a temporary file in the same directory. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "alloc.h"
#include "descriptor.h"
#include "directory.h"

#define MAX_HOPS 16 /* of links that point to links */

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

struct replacement {
    char *path;      /* of what is replaced: no link */
    char *temporary; /* beside it */
    int fd;          /* -1 = there is no temporary file */
};

static enum ecr_status refuse_write(const char *path, const char *why, struct ecr_error *error)
{
    return ecr_fail(error, ECR_CONFIG, "write", "%.200s cannot be written: %s", path, why);
}

static enum ecr_status fail_write(const char *path, struct ecr_error *error)
{
    return refuse_write(path, strerror(errno), error);
}

/* The link at `path` becomes what it points to. */
static enum ecr_status follow(char **path, struct ecr_error *error)
{
    char to[PATH_MAX];
    const char *slash = strrchr(*path, '/');
    ssize_t len = readlink(*path, to, sizeof to);
    if (len < 0 || (size_t)len == sizeof to)
        return refuse_write(*path, "it is a link that cannot be read", error);
    size_t before = to[0] != '/' && slash ? (size_t)(slash - *path) + 1 : 0;
    char *next = ecr_alloc(before + (size_t)len + 1);
    if (!next)
        return ecr_fail_nomem(error);
    memcpy(next, *path, before);
    memcpy(next + before, to, (size_t)len);
    next[before + (size_t)len] = '\0';
    ecr_free(*path);
    *path = next;
    return ECR_OK;
}

/* Leaves the path of a file, or of nothing. */
static enum ecr_status resolve(char **path, struct ecr_error *error)
{
    for (int hops = 0; hops <= MAX_HOPS; hops++) {
        struct stat there;
        size_t len = strlen(*path);
        if (len == 0 || (*path)[len - 1] == '/')
            return refuse_write(*path, "it names no file", error);
        if (lstat(*path, &there) != 0)
            return errno == ENOENT ? ECR_OK : fail_write(*path, error);
        if (S_ISREG(there.st_mode))
            return ECR_OK;
        if (!S_ISLNK(there.st_mode))
            return refuse_write(*path, "there is something that is no file", error);
        enum ecr_status status = follow(path, error);
        if (status != ECR_OK)
            return status;
    }
    return refuse_write(*path, "too many links", error);
}

static enum ecr_status open_temporary(struct replacement *made, struct ecr_error *error)
{
    size_t size = strlen(made->path) + sizeof ".XXXXXX";
    made->temporary = ecr_alloc(size);
    if (!made->temporary)
        return ecr_fail_nomem(error);
    snprintf(made->temporary, size, "%s.XXXXXX", made->path);
    made->fd = mkostemp(made->temporary, O_CLOEXEC); /* O_EXCL, and its owner's only */
    return made->fd >= 0 ? ECR_OK : fail_write(made->path, error);
}

static enum ecr_status begin(struct replacement *made, const char *path, struct ecr_error *error)
{
    *made = (struct replacement){.path = ecr_strndup(path, strlen(path)), .fd = -1};
    if (!made->path)
        return ecr_fail_nomem(error);
    enum ecr_status status = resolve(&made->path, error);
    if (status != ECR_OK)
        return status;
    status = ecr_directory_make(made->path);
    if (status != ECR_OK)
        return status == ECR_NOMEM ? ecr_fail_nomem(error) : fail_write(made->path, error);
    return open_temporary(made, error);
}

static enum ecr_status fill(const struct replacement *made, const void *bytes, size_t len,
                            struct ecr_error *error)
{
    struct ecr_error why;
    if (ecr_descriptor_write(made->fd, bytes, len, &why) != ECR_OK)
        return ecr_fail(error, ECR_CONFIG, "write", "%.200s: %s", made->path, why.message);
    return fsync(made->fd) == 0 ? ECR_OK : fail_write(made->path, error);
}

/* What was not renamed is removed. */
static void end(struct replacement *made, bool renamed)
{
    if (made->fd >= 0) {
        close(made->fd);
        if (!renamed)
            unlink(made->temporary);
    }
    ecr_free(made->temporary);
    ecr_free(made->path);
}

enum ecr_status ecr_store_replace(const char *path, const void *bytes, size_t len,
                                  struct ecr_error *error)
{
    struct replacement made;
    enum ecr_status status = begin(&made, path, error);
    if (status == ECR_OK)
        status = fill(&made, bytes, len, error);
    if (status == ECR_OK && rename(made.temporary, made.path) != 0)
        status = fail_write(made.path, error);
    if (status == ECR_OK)
        ecr_directory_sync(made.path);
    end(&made, status == ECR_OK);
    return status;
}

enum ecr_status ecr_store_try(const char *path, struct ecr_error *error)
{
    static const char some[16 * 1024];
    struct replacement made;
    enum ecr_status status = begin(&made, path, error);
    if (status == ECR_OK)
        status = fill(&made, some, sizeof some, error);
    end(&made, false);
    return status;
}
