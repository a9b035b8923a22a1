/* SPDX-License-Identifier: MIT */
/* Every byte the core takes from the heap passes here, so that one switch can make the n-th
 * allocation fail (the allocation sweep). Lua's own memory does not: it has its own allocator. */
#pragma once

#include <stddef.h>

/* All three behave as malloc, realloc and free; NULL means out of memory. */
void *ecr_alloc(size_t size);
void *ecr_realloc(void *block, size_t size);
void ecr_free(void *block);

/* Copies `len` bytes and adds a final NUL that `len` does not count. */
char *ecr_strndup(const char *text, size_t len);

/* In builds with ECR_ALLOC_SWEEP the n-th allocation from now on fails (1 = the next); 0 = none.
 * Elsewhere it does nothing. */
void ecr_alloc_fail_at(long n);
