/* SPDX-License-Identifier: MIT */
/* JSON as RFC 8259 has it, read a second time: a recursive parser that shares nothing with the
 * product's, and keeps where everything stands. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum tree_kind { TREE_OBJECT, TREE_LIST, TREE_STRING, TREE_NUMBER, TREE_WORD };

struct tree_node {
    enum tree_kind kind;
    size_t key, at, end; /* in the text; `key` of a member alone */
    const char *name;    /* a member's key, decoded */
    size_t name_len;
    const char *string; /* a string, decoded */
    size_t string_len;
    struct tree_node *next, *first;
};

struct tree {
    const char *text;
    size_t len, at;
    struct tree_node *nodes; /* the first is the document */
    char *strings;
    size_t node_count, strings_len;
};

/* False for what is no JSON, and for what our reader refuses besides: lists and objects nested more
 * than 64 deep, numbers of more than 63 characters, a key that stands twice. Free it either way. */
bool tree_read(struct tree *tree, const char *text, size_t len);
void tree_free(struct tree *tree);

/* The member with this name; NULL when `object` is NULL or none. */
const struct tree_node *tree_member(const struct tree_node *object, const char *name);
