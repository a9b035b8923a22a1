/* SPDX-License-Identifier: MIT */
/* Part files. `have` bytes of it are written, and the digest has seen all of them. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "digest.h"
#include "directory.h"

#define CHUNK  (64 * 1024)
#define DIGITS 16 /* of the digest, in the part file's name */

struct ecr_file {
    char *path, *part;
    struct ecr_digest *digest;
    uint64_t size, have, resumed_from;
    int fd;
    bool resume; /* the part file stays when the transfer breaks off */
    bool owned;  /* the part file's name is ours to remove */
};

static enum ecr_status refuse(const struct ecr_file *file, const char *why, struct ecr_error *error)
{
    return ecr_fail(error, ECR_CONFIG, "write", "%.200s cannot be written: %s", file->path, why);
}

/* Nobody goes on with this. */
static enum ecr_status spoil(struct ecr_file *file, enum ecr_status status)
{
    file->resume = false;
    return status;
}

static enum ecr_status fail_write(struct ecr_file *file, struct ecr_error *error)
{
    return spoil(file, refuse(file, strerror(errno), error));
}

/* --- opening --- */

static enum ecr_status name_part(struct ecr_file *file, const struct ecr_file_target *target)
{
    const char *colon = memchr(target->digest, ':', target->digest_len);
    size_t size = strlen(target->path) + DIGITS + sizeof "..part";
    file->path = ecr_strndup(target->path, strlen(target->path));
    file->part = ecr_alloc(size);
    if (!file->path || !file->part)
        return ECR_NOMEM;
    snprintf(file->part, size, "%s.%.*s.part", target->path, DIGITS, colon + 1);
    return ECR_OK;
}

/* A rename would fail only after the whole download, or put a file in the place of a device. */
static enum ecr_status check_place(const struct ecr_file *file, struct ecr_error *error)
{
    struct stat there;
    size_t len = strlen(file->path);
    if (len == 0 || file->path[len - 1] == '/')
        return refuse(file, "it names no file", error);
    if (lstat(file->path, &there) != 0)
        return errno == ENOENT ? ECR_OK : refuse(file, strerror(errno), error);
    if (S_ISDIR(there.st_mode))
        return refuse(file, "there is a directory", error);
    if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode))
        return refuse(file, "there is something that is no file", error);
    return ECR_OK;
}

/* Whoever held the lock before may have renamed the file that we opened. */
static bool is_still_there(const struct ecr_file *file, const struct stat *opened)
{
    struct stat there;
    return lstat(file->part, &there) == 0 && there.st_ino == opened->st_ino &&
           there.st_dev == opened->st_dev;
}

static enum ecr_status open_part(struct ecr_file *file, struct stat *opened,
                                 struct ecr_error *error)
{
    file->fd = open(file->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (file->fd < 0 || fstat(file->fd, opened) != 0)
        return refuse(file, errno == ELOOP ? "its part file is a link" : strerror(errno), error);
    if (!S_ISREG(opened->st_mode) || opened->st_nlink > 1 || opened->st_uid != geteuid())
        return refuse(file, "its part file is not ours", error);
    if ((flock(file->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) ||
        !is_still_there(file, opened))
        return ecr_fail(error, ECR_CONFIG, "busy", "%.200s is being downloaded by somebody else",
                        file->path);
    file->owned = true;
    return fstat(file->fd, opened) == 0 ? ECR_OK : refuse(file, strerror(errno), error);
}

/* Back to the first byte. */
static enum ecr_status start_over(struct ecr_file *file, struct ecr_error *error)
{
    file->have = file->resumed_from = 0;
    if (ftruncate(file->fd, 0) != 0 || lseek(file->fd, 0, SEEK_SET) != 0)
        return fail_write(file, error);
    return ecr_digest_restart(file->digest, error);
}

/* Hashes what is there, up to `until`. */
static enum ecr_status hash_part(struct ecr_file *file, uint64_t until, char *chunk,
                                 struct ecr_error *error)
{
    enum ecr_status status = ECR_OK;
    while (file->have < until && status == ECR_OK) {
        size_t wanted = until - file->have < CHUNK ? (size_t)(until - file->have) : CHUNK;
        ssize_t got = read(file->fd, chunk, wanted);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return refuse(file, got < 0 ? strerror(errno) : "its part file shrinks", error);
        status = ecr_digest_add(file->digest, chunk, (size_t)got, error);
        file->have += (uint64_t)got;
    }
    return status;
}

static enum ecr_status take_part(struct ecr_file *file, uint64_t left, struct ecr_error *error)
{
    if (!file->resume || left > file->size || left == 0 || file->size == 1)
        return start_over(file, error);
    char *chunk = ecr_alloc(CHUNK);
    if (!chunk)
        return ecr_fail_nomem(error);
    enum ecr_status status =
        hash_part(file, left < file->size ? left : file->size - 1, chunk, error);
    ecr_free(chunk);
    if (status == ECR_OK && ftruncate(file->fd, (off_t)file->have) != 0)
        status = fail_write(file, error);
    return status;
}

enum ecr_status ecr_file_open(const struct ecr_file_target *target, struct ecr_file **file,
                              struct ecr_error *error)
{
    struct stat opened;
    *file = NULL;
    struct ecr_file *made = ecr_alloc(sizeof *made);
    if (!made)
        return ecr_fail_nomem(error);
    *made = (struct ecr_file){.size = target->size, .resume = target->resume, .fd = -1};
    enum ecr_status status =
        ecr_digest_new(target->digest, target->digest_len, &made->digest, error);
    if (status == ECR_OK && name_part(made, target) != ECR_OK)
        status = ecr_fail_nomem(error);
    if (status == ECR_OK)
        status = check_place(made, error);
    if (status == ECR_OK)
        status = open_part(made, &opened, error);
    if (status == ECR_OK)
        status = take_part(made, (uint64_t)opened.st_size, error);
    if (status == ECR_OK)
        *file = made;
    else
        ecr_file_close(made);
    return status;
}

uint64_t ecr_file_have(const struct ecr_file *file)
{
    return file->have;
}

uint64_t ecr_file_resumed_from(const struct ecr_file *file)
{
    return file->resumed_from;
}

/* --- bytes coming in --- */

/* "bytes 5-9/10", with "*" for a length that the server does not know. */
static bool is_rest(const struct ecr_file *file, const char *content_range)
{
    char expected[80];
    int len = snprintf(expected, sizeof expected, "bytes %" PRIu64 "-%" PRIu64 "/", file->have,
                       file->size - 1);
    if (!content_range || strncasecmp(content_range, expected, (size_t)len) != 0)
        return false;
    snprintf(expected, sizeof expected, "%" PRIu64, file->size);
    return strcmp(content_range + len, "*") == 0 || strcmp(content_range + len, expected) == 0;
}

enum ecr_status ecr_file_begin(struct ecr_file *file, long status, const char *content_range,
                               struct ecr_error *error)
{
    if (status == 200 || status == 416)
        return start_over(file, error);
    if (status < 200 || status > 299)
        return ECR_OK;
    if (status != 206)
        return ecr_fail(error, ECR_PROTOCOL, "status", "an answer of status %ld holds no blob",
                        status);
    if (file->have == 0 || !is_rest(file, content_range))
        return spoil(file, ecr_fail(error, ECR_PROTOCOL, "content_range",
                                    "the answer is not the part that was asked for (%.80s)",
                                    content_range ? content_range : "no Content-Range"));
    file->resumed_from = file->have;
    return ECR_OK;
}

static enum ecr_status write_all(struct ecr_file *file, const char *bytes, size_t len,
                                 struct ecr_error *error)
{
    while (len > 0) {
        ssize_t written = write(file->fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail_write(file, error);
        bytes += written;
        len -= (size_t)written;
    }
    return ECR_OK;
}

static enum ecr_status wrong_size(struct ecr_file *file, uint64_t size, const char *more,
                                  struct ecr_error *error)
{
    return spoil(file, ecr_fail(error, ECR_INTEGRITY, "size",
                                "the blob has %" PRIu64 " bytes%s, not the %" PRIu64
                                " that its descriptor says",
                                size, more, file->size));
}

enum ecr_status ecr_file_write(struct ecr_file *file, const void *bytes, size_t len,
                               struct ecr_error *error)
{
    if (len > file->size - file->have)
        return wrong_size(file, file->have + len, " or more", error);
    enum ecr_status status = ecr_digest_add(file->digest, bytes, len, error);
    if (status == ECR_OK)
        status = write_all(file, bytes, len, error);
    if (status == ECR_OK)
        file->have += len;
    return status;
}

/* --- the end --- */

enum ecr_status ecr_file_commit(struct ecr_file *file, struct ecr_error *error)
{
    if (file->have != file->size)
        return wrong_size(file, file->have, "", error);
    enum ecr_status status = ecr_digest_finish(file->digest, error);
    if (status != ECR_OK)
        return spoil(file, status);
    if (fsync(file->fd) != 0 || rename(file->part, file->path) != 0)
        return fail_write(file, error);
    file->owned = false;
    ecr_directory_sync(file->path);
    return ECR_OK;
}

void ecr_file_close(struct ecr_file *file)
{
    if (!file)
        return;
    if (file->owned && (!file->resume || file->have == 0))
        unlink(file->part);
    if (file->fd >= 0)
        close(file->fd);
    ecr_digest_free(file->digest);
    ecr_free(file->path);
    ecr_free(file->part);
    ecr_free(file);
}
