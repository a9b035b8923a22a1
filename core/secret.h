/* SPDX-License-Identifier: MIT */
/* Bytes that must not outlive their use: copied in, wiped when freed, compared in constant time.
 * Reference-counted because a credentials object and a request in flight may share one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ecr_secret;

/* Overwrites memory in a way no optimiser removes. */
void ecr_wipe(void *bytes, size_t len);

/* Copies; NULL when out of memory. The bytes are followed by a NUL that the length does not count.
 */
struct ecr_secret *ecr_secret_new(const void *bytes, size_t len);
struct ecr_secret *ecr_secret_ref(struct ecr_secret *secret);
/* Drops one reference; the last one wipes. NULL is fine. */
void ecr_secret_free(struct ecr_secret *secret);

/* Borrowed until the last reference goes. */
const char *ecr_secret_bytes(const struct ecr_secret *secret);
size_t ecr_secret_len(const struct ecr_secret *secret);
bool ecr_secret_equal(const struct ecr_secret *a, const struct ecr_secret *b);
