/* SPDX-License-Identifier: MIT */
/* A cache of a unit program's own, and words for what it answers: a code, "written", what was read.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache.h"
#include "unit.h"

static char base[] = "/tmp/ecr-unit.XXXXXX";
static char directory[200]; /* of the cache, in it */

/* The path of this name in the cache, until the next call but three. */
static inline const char *at(const char *name)
{
    static char paths[4][300];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", directory, name);
    return paths[next];
}

/* A code, "written" or what was read. */
static char answer[400];

static inline const char *code_of(enum ecr_status status, enum ecr_status kind,
                                  const struct ecr_error *error)
{
    CHECK(status == kind && error->status == kind && !strstr(error->message, "canary"));
    CHECK(strstr(error->message, "/cache") != NULL);
    snprintf(answer, sizeof answer, "%s", error->code);
    return answer;
}

static inline const char *get_in(const char *path, const char *name)
{
    bool found;
    struct ecr_buf buf;
    struct ecr_error error;
    ecr_buf_init_secret(&buf, ECR_CACHE_MAX + 1);
    enum ecr_status status = ecr_cache_read(path, name, &buf, &found, &error);
    if (status != ECR_OK)
        code_of(status, ECR_AUTH, &error);
    else
        snprintf(answer, sizeof answer, "%.*s", found ? (int)buf.len : 9,
                 found ? buf.data : "(nothing)");
    CHECK(status == ECR_OK || !found);
    CHECK(!found || buf.data[buf.len] == '\0');
    ecr_buf_clear(&buf);
    return answer;
}

static inline const char *put_in(const char *path, const char *name, const char *text)
{
    struct ecr_error error;
    enum ecr_status status = ecr_cache_write(path, name, text, strlen(text), &error);
    return status == ECR_OK ? "written" : code_of(status, ECR_CONFIG, &error);
}

static inline const char *get(const char *name)
{
    return get_in(directory, name);
}

static inline const char *put(const char *name, const char *text)
{
    return put_in(directory, name, text);
}

static inline const char *drop(const char *name)
{
    struct ecr_error error;
    enum ecr_status status = ecr_cache_remove(directory, name, &error);
    return status == ECR_OK ? "removed" : code_of(status, ECR_CONFIG, &error);
}

/* "held", "busy" or a code. What is held is returned in *fd, which the caller closes. */
static inline const char *lock(const char *name, int *fd)
{
    struct ecr_error error;
    enum ecr_status status = ecr_cache_lock(directory, name, fd, &error);
    CHECK(status == ECR_OK || *fd == -1);
    if (status != ECR_OK)
        return code_of(status, ECR_CONFIG, &error);
    return *fd >= 0 ? "held" : "busy";
}

static inline const char *lock_a_moment(const char *name)
{
    int fd;
    const char *got = lock(name, &fd);
    ecr_cache_unlock(fd);
    return got;
}

static inline mode_t mode_of(const char *path)
{
    struct stat there;
    return lstat(path, &there) == 0 ? there.st_mode : 0;
}

static inline int count_names(void)
{
    int count = -2;
    DIR *names = opendir(directory);
    while (names && readdir(names))
        count++;
    if (names)
        closedir(names);
    return count;
}

/* Makes the folder that the cache will be in. */
static inline bool begin(void)
{
    bool made = mkdtemp(base) != NULL;
    snprintf(directory, sizeof directory, "%s/cache", base);
    return made;
}
