/* SPDX-License-Identifier: MIT */
/* A fuzzing target without a fuzzer: `replay DIRECTORY...` gives the target every file, and of each
 * some of its beginnings and some copies with one bit turned. Each file has a process of its own,
 * so that one that breaks a promise is named and counted, and the others are still tried. Ends with
 * "N passed, N failed", as a unit program does. */
#include <dirent.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define MAX_FILE   65536
#define BEGINNINGS 64
#define FLIPS      16

/* A copy of exactly `size` bytes, so that reading one more is seen. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    MUST(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

/* All beginnings of a short file, as many of a long one. */
static void run_beginnings(const uint8_t *bytes, size_t size)
{
    size_t step = 1 + size / BEGINNINGS;
    for (size_t len = 0; len < size; len += step)
        run(bytes, len);
    if (size > 0)
        run(bytes, size - 1);
}

static void run_flips(uint8_t *bytes, size_t size)
{
    size_t step = 1 + size / FLIPS;
    for (size_t at = 0, bit = 0; at < size; at += step, bit++) {
        uint8_t turned = (uint8_t)(1u << bit % 8);
        bytes[at] ^= turned;
        run(bytes, size);
        bytes[at] ^= turned;
    }
}

static void run_file(const char *path)
{
    static uint8_t bytes[MAX_FILE];
    FILE *file = fopen(path, "rb");
    MUST(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    MUST(size < sizeof bytes && !ferror(file));
    fclose(file);
    run(bytes, size);
    run_beginnings(bytes, size);
    run_flips(bytes, size);
}

static int passes(const char *path)
{
    int status;
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        run_file(path);
        exit(0);
    }
    MUST(waitpid(child, &status, 0) == child);
    if (status != 0)
        printf("not ok - %s keeps the promises (status %d)\n", path, status);
    return status == 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In the order of their names, so that two runs print the same. */
static void replay(const char *directory, int *passed, int *failed)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_visible, alphasort);
    if (count <= 0) {
        printf("not ok - %s holds files\n", directory);
        (*failed)++;
    }
    for (int i = 0; i < count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", directory, entries[i]->d_name);
        if (passes(path))
            (*passed)++;
        else
            (*failed)++;
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        replay(argv[i], &passed, &failed);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0 || passed == 0;
}
