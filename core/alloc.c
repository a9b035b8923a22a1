/* SPDX-License-Identifier: MIT */
/* The core's heap: malloc with one switch for the allocation sweep. The switch is the only mutable
 * global of the core and exists in sweep builds alone. */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

#ifdef ECR_ALLOC_SWEEP
static long fail_at;

static int must_fail(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void ecr_alloc_fail_at(long n)
{
    fail_at = n;
}
#else
static int must_fail(void)
{
    return 0;
}

void ecr_alloc_fail_at(long n)
{
    (void)n;
}
#endif

void *ecr_alloc(size_t size)
{
    return must_fail() ? NULL : malloc(size ? size : 1);
}

void *ecr_realloc(void *block, size_t size)
{
    return must_fail() ? NULL : realloc(block, size ? size : 1);
}

void ecr_free(void *block)
{
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
