/* SPDX-License-Identifier: MIT */
/* A temporary file is called ".<name>.<16 digits>.new". The digits are random: nobody can put
 * something in its place beforehand, and with O_EXCL it would not be used if he could. */
#include "replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "descriptor.h"
#include "hash.h"

#define RANDOM 8 /* bytes */
#define DIGITS ((size_t)2 * RANDOM)
#define ENDING ".new"
#define ADDED  (strlen(".") + strlen(".") + DIGITS + strlen(ENDING))

static enum ecr_status fail(const struct ecr_replacement *replacement, struct ecr_error *error)
{
    return ecr_fail(error, ECR_CONFIG, "write", "%.250s cannot be written: %s", replacement->shown,
                    strerror(errno));
}

/* `size` bytes at `out`: the path of a file that is not there. */
static enum ecr_status make_name(const char *path, char *out, size_t size)
{
    unsigned char bytes[RANDOM];
    char digits[DIGITS + 1];
    const char *slash = strrchr(path, '/');
    size_t before = slash ? (size_t)(slash - path) + 1 : 0;
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return ECR_CONFIG;
    ecr_hex(bytes, sizeof bytes, digits);
    snprintf(out, size, "%.*s.%s.%s" ENDING, (int)before, path, path + before, digits);
    return ECR_OK;
}

enum ecr_status ecr_replacement_open(const struct ecr_replacement *replacement,
                                     struct ecr_temporary *made, struct ecr_error *error)
{
    *made = (struct ecr_temporary){.fd = -1};
    size_t size = strlen(replacement->path) + ADDED + 1;
    made->path = ecr_alloc(size);
    if (!made->path)
        return ecr_fail_nomem(error);
    if (make_name(replacement->path, made->path, size) != ECR_OK)
        return fail(replacement, error);
    made->fd = openat(replacement->directory, made->path,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return made->fd >= 0 ? ECR_OK : fail(replacement, error);
}

enum ecr_status ecr_replacement_fill(const struct ecr_replacement *replacement,
                                     const struct ecr_temporary *made, struct ecr_error *error)
{
    struct ecr_error why;
    if (ecr_descriptor_write(made->fd, replacement->bytes, replacement->len, &why) != ECR_OK)
        return ecr_fail(error, ECR_CONFIG, "write", "%.200s: %.100s", replacement->shown,
                        why.message);
    return fsync(made->fd) == 0 ? ECR_OK : fail(replacement, error);
}

void ecr_replacement_end(const struct ecr_replacement *replacement, struct ecr_temporary *made,
                         bool renamed)
{
    if (made->fd >= 0) {
        close(made->fd);
        if (!renamed)
            unlinkat(replacement->directory, made->path, 0);
    }
    ecr_free(made->path);
}

static enum ecr_status put(const struct ecr_replacement *replacement,
                           const struct ecr_temporary *made, struct ecr_error *error)
{
    int directory = replacement->directory;
    return renameat(directory, made->path, directory, replacement->path) == 0
               ? ECR_OK
               : fail(replacement, error);
}

static enum ecr_status go_through(const struct ecr_replacement *replacement, bool keep,
                                  struct ecr_error *error)
{
    struct ecr_temporary made;
    enum ecr_status status = ecr_replacement_open(replacement, &made, error);
    if (status == ECR_OK)
        status = ecr_replacement_fill(replacement, &made, error);
    if (status == ECR_OK && keep)
        status = put(replacement, &made, error);
    ecr_replacement_end(replacement, &made, keep && status == ECR_OK);
    return status;
}

enum ecr_status ecr_replacement_make(const struct ecr_replacement *replacement,
                                     struct ecr_error *error)
{
    return go_through(replacement, true, error);
}

enum ecr_status ecr_replacement_try(const struct ecr_replacement *replacement,
                                    struct ecr_error *error)
{
    return go_through(replacement, false, error);
}

bool ecr_replacement_is_temporary(const char *name, size_t *len)
{
    size_t all = strlen(name);
    if (name[0] != '.' || all <= ADDED)
        return false;
    const char *end = name + all - strlen(ENDING);
    const char *digits = end - DIGITS;
    *len = all - ADDED;
    return strcmp(end, ENDING) == 0 && digits[-1] == '.' &&
           strspn(digits, "0123456789abcdef") == DIGITS;
}
