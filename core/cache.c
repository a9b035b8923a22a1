/* SPDX-License-Identifier: MIT */
/* Everything happens relative to the directory that was opened and found good: what its name means
 * later does not matter. */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "alloc.h"
#include "descriptor.h"
#include "directory.h"
#include "guard.h"
#include "replacement.h"

#define SHOWN    256                 /* of a path in a message */
#define OLD      3600                /* seconds after which a temporary file is nobody's any more */
#define OUTLIVED ((time_t)13 * 3600) /* after which a token is of no use: it lives for 12 hours */
#define MAX_SEEN 4096                /* names looked at in search of such */
#define MAX_OLD  64                  /* removed at once */

bool ecr_cache_is_name(const char *name, size_t len)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "._-";
    if (len == 0 || len > ECR_CACHE_MAX_NAME || name[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!memchr(allowed, name[i], sizeof allowed - 1))
            return false;
    return true;
}

static const char *show(char shown[SHOWN], const char *directory, const char *name)
{
    snprintf(shown, SHOWN, "%.120s/%s", directory, name);
    return shown;
}

/* --- the directory --- */

enum use { READ, REMOVE, WRITE };

static enum ecr_status refuse_write(const char *shown, int reason, struct ecr_error *error)
{
    return ecr_fail(error, ECR_CONFIG, "write", "%.250s cannot be written: %s", shown,
                    strerror(reason));
}

/* What keeps one from writing is a matter of the setting. */
static enum ecr_status as_config(enum ecr_status status, struct ecr_error *error)
{
    if (status != ECR_AUTH)
        return status;
    error->status = ECR_CONFIG;
    return ECR_CONFIG;
}

/* `path` ends in a slash while the directory is made, which then is taken away: behind a link it
 * would mean what the link points to. */
static enum ecr_status open_path(char *path, enum use use, int *fd, struct ecr_error *error)
{
    enum ecr_status status = use == WRITE ? ecr_directory_make(path) : ECR_OK;
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (status != ECR_OK)
        return refuse_write(path, errno, error);
    for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
        path[len - 1] = '\0';
    struct ecr_guard guard = {AT_FDCWD, path, path, S_IFDIR, O_RDONLY, false};
    status = ecr_guard_open(&guard, fd, error);
    if (status == ECR_OK && *fd < 0 && use == WRITE)
        return refuse_write(path, ENOENT, error); /* removed since it was made */
    return use == READ ? status : as_config(status, error);
}

/* *fd is -1 when there is none, which is no failure but for a writer. */
static enum ecr_status open_directory(const char *directory, enum use use, int *fd,
                                      struct ecr_error *error)
{
    *fd = -1;
    size_t size = strlen(directory) + sizeof "/";
    char *path = ecr_alloc(size);
    if (!path)
        return ecr_fail_nomem(error);
    snprintf(path, size, "%s/", directory);
    enum ecr_status status = open_path(path, use, fd, error);
    ecr_free(path);
    return status;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* --- reading --- */

static enum ecr_status read_all(int fd, const char *shown, struct ecr_buf *buf,
                                struct ecr_error *error)
{
    enum ecr_status status = ecr_descriptor_read(fd, ECR_CACHE_MAX, buf);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (status == ECR_CONFIG)
        return ecr_fail(error, ECR_AUTH, "unreadable", "%.250s is not used: %s", shown,
                        strerror(errno));
    if (status == ECR_PROTOCOL)
        return ecr_fail(error, ECR_AUTH, "corrupt", "%.250s is not used: it is too large", shown);
    return status;
}

enum ecr_status ecr_cache_read(const char *directory, const char *name, struct ecr_buf *buf,
                               bool *found, struct ecr_error *error)
{
    char shown[SHOWN];
    int inside, fd = -1;
    enum ecr_status status = open_directory(directory, READ, &inside, error);
    struct ecr_guard guard = {inside, name, show(shown, directory, name), S_IFREG, O_RDONLY, false};
    if (inside >= 0)
        status = ecr_guard_open(&guard, &fd, error);
    if (fd >= 0)
        status = read_all(fd, shown, buf, error);
    *found = fd >= 0 && status == ECR_OK;
    close_if_open(fd);
    close_if_open(inside);
    return status;
}

/* --- writing --- */

/* Only what is called like a token is taken for one: the directory may be somebody's for other
 * things too. */
static bool is_token(const char *name)
{
    static const char ending[] = ".token";
    size_t digits = strspn(name, "0123456789abcdef");
    return digits == ECR_CACHE_DIGITS && strcmp(name + digits, ending) == 0;
}

/* How old a file of this name must be to be nobody's any more; -1 = never. */
static time_t allowed_age(const char *name)
{
    size_t len;
    if (ecr_replacement_is_temporary(name, &len) && ecr_cache_is_name(name + 1, len))
        return OLD;
    return is_token(name) ? OUTLIVED : -1;
}

static bool is_old(int inside, const char *name)
{
    struct stat there;
    time_t allowed = allowed_age(name);
    return allowed >= 0 && fstatat(inside, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(there.st_mode) && there.st_uid == geteuid() &&
           there.st_mtime < time(NULL) - allowed;
}

/* Of processes that were killed while they wrote, and of identities that nobody has any more. */
static void remove_old(int inside)
{
    int fd = openat(inside, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    int removed = 0;
    if (!names) {
        close_if_open(fd);
        return;
    }
    for (int seen = 0; seen < MAX_SEEN && removed < MAX_OLD && (entry = readdir(names)); seen++)
        if (is_old(inside, entry->d_name))
            removed += unlinkat(inside, entry->d_name, 0) == 0;
    closedir(names);
}

enum ecr_status ecr_cache_write(const char *directory, const char *name, const void *bytes,
                                size_t len, struct ecr_error *error)
{
    int inside;
    char shown[SHOWN];
    enum ecr_status status = open_directory(directory, WRITE, &inside, error);
    if (status != ECR_OK)
        return status;
    remove_old(inside);
    struct ecr_replacement made = {inside, name, show(shown, directory, name), bytes, len};
    status = ecr_replacement_make(&made, error);
    if (status == ECR_OK)
        fsync(inside); /* not every file system can, and the file is whole without it */
    close(inside);
    return status;
}

enum ecr_status ecr_cache_remove(const char *directory, const char *name, struct ecr_error *error)
{
    int inside;
    char shown[SHOWN];
    enum ecr_status status = open_directory(directory, REMOVE, &inside, error);
    if (inside < 0)
        return status;
    if (unlinkat(inside, name, 0) != 0 && errno != ENOENT)
        status = ecr_fail(error, ECR_CONFIG, "write", "%.250s cannot be removed: %s",
                          show(shown, directory, name), strerror(errno));
    close(inside);
    return status;
}

/* --- locking --- */

static enum ecr_status take(int *fd, const char *shown, struct ecr_error *error)
{
    int taken;
    while ((taken = flock(*fd, LOCK_EX | LOCK_NB)) != 0 && errno == EINTR)
        ;
    if (taken == 0)
        return ECR_OK;
    enum ecr_status status = errno == EWOULDBLOCK ? ECR_OK : refuse_write(shown, errno, error);
    close(*fd);
    *fd = -1;
    return status;
}

enum ecr_status ecr_cache_lock(const char *directory, const char *name, int *lock,
                               struct ecr_error *error)
{
    int inside;
    char shown[SHOWN], file[ECR_CACHE_MAX_NAME + sizeof "..lock"];
    *lock = -1;
    enum ecr_status status = open_directory(directory, WRITE, &inside, error);
    if (status != ECR_OK)
        return status;
    snprintf(file, sizeof file, ".%s.lock", name);
    struct ecr_guard guard = {.directory = inside,
                              .path = file,
                              .shown = show(shown, directory, file),
                              .kind = S_IFREG,
                              .flags = O_RDWR | O_CREAT, /* NFS locks only what can be written */
                              .tighten = true};
    status = as_config(ecr_guard_open(&guard, lock, error), error);
    close(inside);
    if (status == ECR_OK && *lock < 0)
        return refuse_write(shown, ENOENT, error);
    return status == ECR_OK ? take(lock, shown, error) : status;
}

void ecr_cache_unlock(int lock)
{
    if (lock < 0)
        return;
    flock(lock, LOCK_UN);
    close(lock);
}
