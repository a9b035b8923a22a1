/* SPDX-License-Identifier: MIT */
/* A hash table whose entries are a stack: since the last key added is the first one forgotten, it
 * is always the first of its bucket, and no key is ever searched for to be removed. */
#include "keyset.h"

#include <stdbool.h>
#include <string.h>

#include "alloc.h"

struct ecr_key {
    uint32_t hash;
    uint32_t len;
    size_t at; /* in the set's text */
    int32_t next;
    uint32_t object;
};

void ecr_keyset_init(struct ecr_keyset *set)
{
    *set = (struct ecr_keyset){0};
    memset(set->buckets, 0xff, sizeof set->buckets);
    ecr_buf_init_secret(&set->text, SIZE_MAX / 4);
}

void ecr_keyset_clear(struct ecr_keyset *set)
{
    ecr_free(set->keys);
    ecr_buf_clear(&set->text);
    ecr_keyset_init(set);
}

static uint32_t hash_key(uint32_t object, const unsigned char *text, size_t len)
{
    uint32_t hash = 2166136261u ^ object * 2654435761u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ text[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static bool is_known(const struct ecr_keyset *set, const struct ecr_key *key,
                     const unsigned char *text)
{
    for (int32_t i = set->buckets[key->hash % ECR_KEYSET_BUCKETS]; i >= 0; i = set->keys[i].next) {
        const struct ecr_key *other = &set->keys[i];
        if (other->hash == key->hash && other->object == key->object && other->len == key->len &&
            memcmp(set->text.data + other->at, text, key->len) == 0)
            return true;
    }
    return false;
}

static enum ecr_status make_room(struct ecr_keyset *set, struct ecr_error *error)
{
    if (set->count < set->cap)
        return ECR_OK;
    size_t cap = set->cap ? set->cap * 2 : 64;
    struct ecr_key *keys = ecr_realloc(set->keys, cap * sizeof *keys);
    if (!keys)
        return ecr_fail_nomem(error);
    set->keys = keys;
    set->cap = cap;
    return ECR_OK;
}

enum ecr_status ecr_keyset_add(struct ecr_keyset *set, uint32_t object, const unsigned char *text,
                               size_t len, struct ecr_error *error)
{
    struct ecr_key key = {.len = (uint32_t)len, .at = set->text.len, .object = object};
    key.hash = hash_key(object, text, len);
    if (is_known(set, &key, text))
        return ecr_fail(error, ECR_PROTOCOL, "duplicate_key",
                        "the JSON names the key \"%.*s\" twice in one object",
                        len > 60 ? 60 : (int)len, (const char *)text);
    if (set->count == ECR_KEYSET_MAX)
        return ecr_fail(error, ECR_PROTOCOL, "too_many_keys",
                        "the JSON holds more than %d keys in open objects", ECR_KEYSET_MAX);
    if (make_room(set, error) != ECR_OK || ecr_buf_append(&set->text, text, len) != ECR_OK)
        return ecr_fail_nomem(error);
    key.next = set->buckets[key.hash % ECR_KEYSET_BUCKETS];
    set->buckets[key.hash % ECR_KEYSET_BUCKETS] = (int32_t)set->count;
    set->keys[set->count++] = key;
    return ECR_OK;
}

struct ecr_keyset_mark ecr_keyset_mark(const struct ecr_keyset *set)
{
    return (struct ecr_keyset_mark){set->count, set->text.len};
}

void ecr_keyset_back(struct ecr_keyset *set, struct ecr_keyset_mark mark)
{
    while (set->count > mark.count) {
        const struct ecr_key *key = &set->keys[--set->count];
        set->buckets[key->hash % ECR_KEYSET_BUCKETS] = key->next;
    }
    set->text.len = mark.text;
}
