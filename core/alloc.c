/* SPDX-License-Identifier: MIT */
/* The core's heap: malloc with one switch for the allocation sweep. The switch is the only mutable
 * global of the core and exists in sweep builds alone; one for each thread, since a sweep is none
 * of the business of libcurl's resolver threads. */
#include "alloc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#ifdef ECR_ALLOC_SWEEP

static _Thread_local struct {
    long first, last; /* the allocations that fail; 0 = off */
    long counted;
    long live;
} sweep;

static void arm(long first, long last)
{
    sweep.first = first;
    sweep.last = last;
    sweep.counted = 0;
}

void ecr_alloc_fail_at(long n)
{
    arm(n, n);
}

void ecr_alloc_fail_from(long n)
{
    arm(n, LONG_MAX);
}

long ecr_alloc_counted(void)
{
    return sweep.counted;
}

long ecr_alloc_live(void)
{
    return sweep.live;
}

bool ecr_alloc_must_fail(void)
{
    if (sweep.first == 0)
        return false;
    sweep.counted++;
    return sweep.counted >= sweep.first && sweep.counted <= sweep.last;
}

static void *count(const void *before, void *after)
{
    sweep.live += !before && after;
    return after;
}

static void uncount(const void *block)
{
    sweep.live -= block != NULL;
}

#else

static void *count(const void *before, void *after)
{
    (void)before;
    return after;
}

static void uncount(const void *block)
{
    (void)block;
}

#endif

void *ecr_alloc(size_t size)
{
    return ecr_alloc_must_fail() ? NULL : count(NULL, malloc(size ? size : 1));
}

void *ecr_realloc(void *block, size_t size)
{
    return ecr_alloc_must_fail() ? NULL : count(block, realloc(block, size ? size : 1));
}

void ecr_free(void *block)
{
    uncount(block);
    free(block);
}

char *ecr_strndup(const char *text, size_t len)
{
    char *copy = ecr_alloc(len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}
