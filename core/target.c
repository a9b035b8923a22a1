/* SPDX-License-Identifier: MIT */
/* Following links, and making directories. */
#include "target.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "directory.h"

#define MAX_HOPS 16 /* of links that point to links */

enum ecr_status ecr_target_refuse(const char *path, const char *why, struct ecr_error *error)
{
    return ecr_fail(error, ECR_CONFIG, "write", "%.200s cannot be written: %s", path, why);
}

enum ecr_status ecr_target_fail(const char *path, struct ecr_error *error)
{
    return ecr_target_refuse(path, strerror(errno), error);
}

/* The link at `path` becomes what it points to. */
static enum ecr_status follow(char **path, struct ecr_error *error)
{
    char to[PATH_MAX];
    const char *slash = strrchr(*path, '/');
    ssize_t len = readlink(*path, to, sizeof to);
    if (len < 0 || (size_t)len == sizeof to)
        return ecr_target_refuse(*path, "it is a link that cannot be read", error);
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

/* Whether a link may have been laid for us: it stands where everybody may put one, and neither we
 * nor the directory's owner did. The kernel refuses such too, where fs.protected_symlinks is on. */
static bool is_trap(const char *path, const struct stat *link)
{
    struct stat around;
    return ecr_directory_look(path, &around) && (around.st_mode & S_ISVTX) &&
           (around.st_mode & S_IWOTH) && link->st_uid != geteuid() && link->st_uid != around.st_uid;
}

/* Leaves the path of a file, or of nothing. */
static enum ecr_status resolve(char **path, struct ecr_error *error)
{
    for (int hops = 0; hops <= MAX_HOPS; hops++) {
        struct stat there;
        size_t len = strlen(*path);
        if (len == 0 || (*path)[len - 1] == '/')
            return ecr_target_refuse(*path, "it names no file", error);
        if (lstat(*path, &there) != 0)
            return errno == ENOENT ? ECR_OK : ecr_target_fail(*path, error);
        if (S_ISREG(there.st_mode))
            return ECR_OK;
        if (!S_ISLNK(there.st_mode))
            return ecr_target_refuse(*path, "there is something that is no file", error);
        if (is_trap(*path, &there))
            return ecr_target_refuse(*path, "it is somebody else's link", error);
        enum ecr_status status = follow(path, error);
        if (status != ECR_OK)
            return status;
    }
    return ecr_target_refuse(*path, "too many links", error);
}

enum ecr_status ecr_target_find(const char *path, char **target, struct ecr_error *error)
{
    *target = ecr_strndup(path, strlen(path));
    if (!*target)
        return ecr_fail_nomem(error);
    enum ecr_status status = resolve(target, error);
    if (status != ECR_OK)
        return status;
    status = ecr_directory_make(*target);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    return status == ECR_OK ? ECR_OK : ecr_target_fail(*target, error);
}
