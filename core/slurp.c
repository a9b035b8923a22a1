/* SPDX-License-Identifier: MIT */
/* open(2) without waiting, and what may be read. */
#include "slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"

static enum ecr_status refuse(const char *path, const char *why, struct ecr_error *error)
{
    return ecr_fail(error, ECR_CONFIG, "unreadable", "%.200s cannot be read: %s", path, why);
}

static enum ecr_status check_kind(int fd, const char *path, struct ecr_error *error)
{
    struct stat entry;
    if (fstat(fd, &entry) != 0)
        return refuse(path, strerror(errno), error);
    if (S_ISDIR(entry.st_mode))
        return refuse(path, "it is a directory", error);
    if (!S_ISREG(entry.st_mode) && !S_ISCHR(entry.st_mode))
        return refuse(path, "it is no file", error);
    return ECR_OK;
}

static enum ecr_status read_all(int fd, const char *path, size_t max, struct ecr_buf *buf,
                                struct ecr_error *error)
{
    enum ecr_status status = ecr_descriptor_read(fd, max, buf);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (status == ECR_CONFIG)
        return refuse(path, strerror(errno), error);
    if (status == ECR_OK)
        return ECR_OK;
    return ecr_fail(error, ECR_CONFIG, "too_large",
                    "%.200s cannot be read: it is larger than %zu bytes", path, max);
}

enum ecr_status ecr_slurp(const char *path, size_t max, struct ecr_buf *buf, bool *found,
                          struct ecr_error *error)
{
    ecr_buf_init_secret(buf, max + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *found = fd >= 0;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? ECR_OK : refuse(path, strerror(errno), error);
    enum ecr_status status = check_kind(fd, path, error);
    if (status == ECR_OK)
        status = read_all(fd, path, max, buf, error);
    close(fd);
    return status;
}
