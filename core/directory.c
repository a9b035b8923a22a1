/* SPDX-License-Identifier: MIT */
/* mkdir(2) from the top down, and fsync(2) of a directory. */
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"

/* The directories of `path`, each ended in place for as long as it is made. */
static enum ecr_status make_each(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdir(path, 0700);
        *slash = '/';
        if (made != 0 && errno != EEXIST)
            return ECR_CONFIG;
    }
    return ECR_OK;
}

enum ecr_status ecr_directory_make(const char *path)
{
    if (!path[0])
        return ECR_OK;
    char *copy = ecr_strndup(path, strlen(path));
    if (!copy)
        return ECR_NOMEM;
    enum ecr_status status = make_each(copy);
    int reason = errno;
    ecr_free(copy);
    errno = reason;
    return status;
}

void ecr_directory_sync(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? ecr_strndup(path, (size_t)(slash - path) + 1) : NULL;
    int fd = open(directory ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    ecr_free(directory);
}
