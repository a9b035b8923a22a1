/* SPDX-License-Identifier: MIT */
/* Allocators that wipe what they give back, for libraries that let us choose: libcurl, expat
 * and, in our own binary, libcrypto. Plain malloc underneath, so a block may be freed by code that
 * knows nothing of it. */
#pragma once

#include <stddef.h>

void *ecr_wiping_malloc(size_t size);
void *ecr_wiping_calloc(size_t count, size_t size);
char *ecr_wiping_strdup(const char *text);
void ecr_wiping_free(void *block);
void *ecr_wiping_realloc(void *block, size_t size);

/* How often one of these had no memory to give, in this thread: libcurl says "out of memory" also
 * of a line that is longer than it likes. */
unsigned long ecr_wiping_failures(void);

/* The same as libcrypto wants them. */
void *ecr_wiping_crypto_malloc(size_t size, const char *file, int line);
void *ecr_wiping_crypto_realloc(void *block, size_t size, const char *file, int line);
void ecr_wiping_crypto_free(void *block, const char *file, int line);
