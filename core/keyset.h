/* SPDX-License-Identifier: MIT */
/* The keys of the JSON objects that are open, to find one that stands twice in the same object.
 * Keys come and go in the order of a stack: closing an object forgets its keys. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error.h"

#define ECR_KEYSET_MAX     16384 /* keys of all open objects */
#define ECR_KEYSET_BUCKETS 1024

struct ecr_keyset {
    struct ecr_key *keys;
    size_t count, cap;
    struct ecr_buf text;
    int32_t buckets[ECR_KEYSET_BUCKETS]; /* newest key first; -1 = none */
};

/* Where a keyset stood when an object was opened. */
struct ecr_keyset_mark {
    size_t count, text;
};

void ecr_keyset_init(struct ecr_keyset *set);
void ecr_keyset_clear(struct ecr_keyset *set);
/* `object` tells objects apart. ECR_PROTOCOL when the key is there already, or there are too many.
 */
enum ecr_status ecr_keyset_add(struct ecr_keyset *set, uint32_t object, const unsigned char *text,
                               size_t len, struct ecr_error *error);
struct ecr_keyset_mark ecr_keyset_mark(const struct ecr_keyset *set);
/* Forgets what was added since the mark. */
void ecr_keyset_back(struct ecr_keyset *set, struct ecr_keyset_mark mark);
