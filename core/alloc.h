/* SPDX-License-Identifier: MIT */
/* Every byte the core takes from the heap passes here, so that one switch can make the n-th
 * allocation fail (the allocation sweep). What Lua, libcurl and libcrypto take does not, but their
 * allocators ask the same switch where a sweep runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* All three behave as malloc, realloc and free; NULL means out of memory. */
void *ecr_alloc(size_t size);
void *ecr_realloc(void *block, size_t size);
void ecr_free(void *block);

/* Copies `len` bytes and adds a final NUL that `len` does not count. */
char *ecr_strndup(const char *text, size_t len);

#ifdef ECR_ALLOC_SWEEP

/* From now on this thread's allocations are counted, and the n-th fails (1 = the next) and no
 * other; or the n-th and all after it. 0 = none fails, none is counted. */
void ecr_alloc_fail_at(long n);
void ecr_alloc_fail_from(long n);
/* How many were counted since. */
long ecr_alloc_counted(void);
/* Blocks of the core that this thread took and did not free. */
long ecr_alloc_live(void);

/* Counts one allocation of any allocator; whether it must fail. */
bool ecr_alloc_must_fail(void);

#else

static inline bool ecr_alloc_must_fail(void)
{
    return false;
}

#endif
