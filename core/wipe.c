/* SPDX-License-Identifier: MIT */
/* malloc and free with a wipe between: request headers with signatures and session tokens pass
 * through libcurl's memory, keys through libcrypto's. */
#include "wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

/* Not OPENSSL_cleanse: libcrypto calls us while it sets itself up. */
static void overwrite(void *block, size_t len)
{
    explicit_bzero(block, len);
}

static _Thread_local unsigned long failures;

static void *noted(void *block)
{
    failures += !block;
    return block;
}

unsigned long ecr_wiping_failures(void)
{
    return failures;
}

void *ecr_wiping_malloc(size_t size)
{
    return noted(ecr_alloc_must_fail() ? NULL : malloc(size));
}

void *ecr_wiping_calloc(size_t count, size_t size)
{
    return noted(ecr_alloc_must_fail() ? NULL : calloc(count, size));
}

char *ecr_wiping_strdup(const char *text)
{
    return noted(ecr_alloc_must_fail() ? NULL : strdup(text));
}

void ecr_wiping_free(void *block)
{
    if (block)
        overwrite(block, malloc_usable_size(block));
    free(block);
}

void *ecr_wiping_realloc(void *block, size_t size)
{
    if (!block)
        return ecr_wiping_malloc(size);
    size_t old = malloc_usable_size(block);
    if (size <= old && size > old / 2)
        return block;
    void *moved = ecr_wiping_malloc(size);
    if (!moved)
        return NULL;
    memcpy(moved, block, old < size ? old : size);
    ecr_wiping_free(block);
    return moved;
}

void *ecr_wiping_crypto_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size ? ecr_wiping_malloc(size) : NULL;
}

void *ecr_wiping_crypto_realloc(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size)
        return ecr_wiping_realloc(block, size);
    ecr_wiping_free(block);
    return NULL;
}

void ecr_wiping_crypto_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    ecr_wiping_free(block);
}
