/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <string.h>

#include "fuzz.h"
#include "utf8.h"

static bool read_value(struct tree *tree, struct tree_node *node, int depth);

static char peek(const struct tree *tree)
{
    return tree->at < tree->len ? tree->text[tree->at] : '\0';
}

static bool take(struct tree *tree, const char *word)
{
    size_t len = strlen(word);
    if (tree->len - tree->at < len || memcmp(tree->text + tree->at, word, len) != 0)
        return false;
    tree->at += len;
    return true;
}

static void skip_white(struct tree *tree)
{
    while (peek(tree) && strchr(" \t\r\n", peek(tree)))
        tree->at++;
}

/* --- strings --- */

static void put(struct tree *tree, unsigned byte)
{
    tree->strings[tree->strings_len++] = (char)byte;
}

static void put_code(struct tree *tree, unsigned long code)
{
    if (code < 0x80) {
        put(tree, (unsigned)code);
        return;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned first[] = {0, 0xc0, 0xe0, 0xf0};
    put(tree, first[more] | (unsigned)(code >> (6 * more)));
    while (more-- > 0)
        put(tree, 0x80 | ((unsigned)(code >> (6 * more)) & 0x3f));
}

static bool read_unit(struct tree *tree, unsigned long *unit)
{
    char digits[5] = {0};
    if (tree->len - tree->at < 4)
        return false;
    memcpy(digits, tree->text + tree->at, 4);
    tree->at += 4;
    *unit = strtoul(digits, NULL, 16);
    return strspn(digits, "0123456789abcdefABCDEF") == 4;
}

static bool read_escape(struct tree *tree)
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    unsigned long high, low;
    char letter = peek(tree);
    const char *found = letter ? strchr(letters, letter) : NULL;
    tree->at++;
    if (found) {
        put(tree, (unsigned char)bytes[found - letters]);
        return true;
    }
    if (letter != 'u' || !read_unit(tree, &high) || (high >= 0xdc00 && high <= 0xdfff))
        return false;
    if (high >= 0xd800 && high <= 0xdbff) {
        if (!take(tree, "\\u") || !read_unit(tree, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    put_code(tree, high);
    return true;
}

static bool read_string(struct tree *tree, const char **string, size_t *len)
{
    size_t start = tree->strings_len;
    if (!take(tree, "\""))
        return false;
    while (tree->at < tree->len && peek(tree) != '"') {
        unsigned char byte = (unsigned char)tree->text[tree->at++];
        if (byte < ' ' || (byte == '\\' && !read_escape(tree)))
            return false;
        if (byte != '\\')
            put(tree, byte);
    }
    *string = tree->strings + start;
    *len = tree->strings_len - start;
    return take(tree, "\"") && ecr_utf8_valid(*string, *len);
}

/* --- numbers, lists, objects --- */

static bool read_digits(struct tree *tree)
{
    size_t start = tree->at;
    while (peek(tree) >= '0' && peek(tree) <= '9')
        tree->at++;
    return tree->at > start;
}

static bool read_number(struct tree *tree)
{
    size_t start = tree->at;
    take(tree, "-");
    if (!take(tree, "0") && !read_digits(tree))
        return false;
    if (take(tree, ".") && !read_digits(tree))
        return false;
    if (take(tree, "e") || take(tree, "E")) {
        if (!take(tree, "+"))
            take(tree, "-");
        if (!read_digits(tree))
            return false;
    }
    return tree->at - start < 64;
}

static struct tree_node *add_node(struct tree *tree)
{
    struct tree_node *node = &tree->nodes[tree->node_count++];
    *node = (struct tree_node){.kind = TREE_WORD};
    return node;
}

static bool is_new(const struct tree_node *object, const struct tree_node *member)
{
    for (const struct tree_node *m = object->first; m != member; m = m->next)
        if (m->name_len == member->name_len && memcmp(m->name, member->name, m->name_len) == 0)
            return false;
    return true;
}

static bool read_key(struct tree *tree, const struct tree_node *object, struct tree_node *member)
{
    skip_white(tree);
    member->key = tree->at;
    if (!read_string(tree, &member->name, &member->name_len) || !is_new(object, member))
        return false;
    skip_white(tree);
    return take(tree, ":");
}

static bool read_container(struct tree *tree, struct tree_node *node, const char *close, int depth)
{
    struct tree_node **link = &node->first;
    tree->at++;
    skip_white(tree);
    if (depth == 64)
        return false;
    if (take(tree, close))
        return true;
    do {
        *link = add_node(tree);
        if (node->kind == TREE_OBJECT && !read_key(tree, node, *link))
            return false;
        if (!read_value(tree, *link, depth + 1))
            return false;
        link = &(*link)->next;
    } while (take(tree, ","));
    return take(tree, close);
}

static bool read_bare(struct tree *tree, struct tree_node *node, int depth)
{
    switch (peek(tree)) {
    case '{':
        node->kind = TREE_OBJECT;
        return read_container(tree, node, "}", depth);
    case '[':
        node->kind = TREE_LIST;
        return read_container(tree, node, "]", depth);
    case '"':
        node->kind = TREE_STRING;
        return read_string(tree, &node->string, &node->string_len);
    default:
        if (take(tree, "null") || take(tree, "true") || take(tree, "false"))
            return true;
        node->kind = TREE_NUMBER;
        return read_number(tree);
    }
}

static bool read_value(struct tree *tree, struct tree_node *node, int depth)
{
    skip_white(tree);
    node->at = tree->at;
    if (!read_bare(tree, node, depth))
        return false;
    node->end = tree->at;
    skip_white(tree);
    return true;
}

bool tree_read(struct tree *tree, const char *text, size_t len)
{
    *tree = (struct tree){.text = text, .len = len};
    tree->nodes = malloc((len + 2) * sizeof *tree->nodes);
    tree->strings = malloc(len + 1);
    MUST(tree->nodes && tree->strings);
    return read_value(tree, add_node(tree), 0) && tree->at == len;
}

void tree_free(struct tree *tree)
{
    free(tree->nodes);
    free(tree->strings);
}

const struct tree_node *tree_member(const struct tree_node *object, const char *name)
{
    const struct tree_node *member = object && object->kind == TREE_OBJECT ? object->first : NULL;
    while (member &&
           (member->name_len != strlen(name) || memcmp(member->name, name, member->name_len) != 0))
        member = member->next;
    return member;
}
