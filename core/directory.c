/* SPDX-License-Identifier: MIT */
/* mkdir(2) from the top down; fsync(2) and flock(2) of a directory. */
#include "directory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"

#define LOCK_TRIES 50
#define LOCK_PAUSE 5000000L /* nanoseconds */

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

static int open_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? ecr_strndup(path, (size_t)(slash - path) + 1) : NULL;
    int fd = slash && !directory
                 ? -1
                 : open(directory ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ecr_free(directory);
    return fd;
}

void ecr_directory_sync(const char *path)
{
    int fd = open_directory(path);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

bool ecr_directory_look(const char *path, struct stat *around)
{
    int fd = open_directory(path);
    bool known = fd >= 0 && fstat(fd, around) == 0;
    if (fd >= 0)
        close(fd);
    return known;
}

int ecr_directory_lock(const char *path)
{
    static const struct timespec pause = {.tv_nsec = LOCK_PAUSE};
    int fd = open_directory(path);
    for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (errno != EINTR && (errno != EWOULDBLOCK || i >= LOCK_TRIES)) {
            close(fd);
            return -1;
        }
        nanosleep(&pause, NULL);
    }
    return fd;
}
