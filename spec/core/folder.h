/* SPDX-License-Identifier: MIT */
/* A unit program's own folder: what is in it, put there and looked at. Each program includes it
 * once, makes `directory` with mkdtemp(3) and removes it. */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "unit.h"

static char directory[] = "/tmp/ecr-unit.XXXXXX";

/* The path of this name in it, until the next call but three. */
static inline const char *at(const char *name)
{
    static char paths[4][200];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", directory, name);
    return paths[next];
}

static inline void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fputs(text, file) >= 0);
    if (file)
        fclose(file);
}

/* The file is its owner's only, and holds this. */
static inline void check_content(const char *path, const char *expected)
{
    char text[300] = "";
    struct stat there;
    FILE *file = fopen(path, "rb");
    CHECK(file && fstat(fileno(file), &there) == 0 && (there.st_mode & 07777) == 0600);
    if (!file)
        return;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CHECK_TEXT(text, expected);
}

/* 0 = nothing is there. */
static inline mode_t mode_of(const char *path)
{
    struct stat there;
    return lstat(path, &there) == 0 ? there.st_mode : 0;
}

static inline int count_names(const char *path)
{
    int count = -2;
    DIR *names = opendir(path);
    while (names && readdir(names))
        count++;
    if (names)
        closedir(names);
    return count;
}
