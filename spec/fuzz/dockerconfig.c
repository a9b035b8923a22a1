/* SPDX-License-Identifier: MIT */
/* Fuzzing target: docker's and podman's file of credentials. The input is the file. A second parser
 * (tree.c) says whether an edit must be taken or refused, and what the edited text must be: that it
 * means the same apart from the edited members, and that every other byte is still there. */
#include "docker.h"

#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "tree.h"

#define REGISTRY "r"
#define AUTH     "QVdTOng=" /* AWS:x */
#define HELPER   "h"

/* --- what the input says --- */

static bool is_kind(const struct tree *tree, const struct tree_node *node, const char *word)
{
    size_t len = node->end - node->at;
    return node->kind == TREE_WORD && len == strlen(word) &&
           memcmp(tree->text + node->at, word, len) == 0;
}

static bool is_object_or_null(const struct tree *tree, const struct tree_node *node)
{
    return !node || node->kind == TREE_OBJECT || is_kind(tree, node, "null");
}

/* With the two letters that are no ASCII and fold to some written as those. */
static bool is_spelled(const struct tree_node *member, const char *name)
{
    char plain[40];
    size_t len = 0;
    for (size_t i = 0; i < member->name_len && len < sizeof plain; len++) {
        const char *at = member->name + i;
        size_t left = member->name_len - i;
        bool is_s = left >= 2 && memcmp(at, "\xc5\xbf", 2) == 0;
        bool is_k = left >= 3 && memcmp(at, "\xe2\x84\xaa", 3) == 0;
        plain[len] = is_s ? 's' : is_k ? 'k' : *at;
        i += is_s ? 2 : is_k ? 3 : 1;
    }
    return len == strlen(name) && strncasecmp(plain, name, len) == 0;
}

static bool is_well_spelled(const struct tree_node *object, const char *name)
{
    const struct tree_node *member = object && object->kind == TREE_OBJECT ? object->first : NULL;
    for (; member; member = member->next)
        if (member != tree_member(object, name) && is_spelled(member, name))
            return false;
    return true;
}

/* Whether the way to auths.r, or credHelpers.r, is free; `list` is the first of them. */
static bool leads(const struct tree *tree, const char *list)
{
    const struct tree_node *top = &tree->nodes[0];
    return top->kind == TREE_OBJECT && is_well_spelled(top, list) &&
           is_object_or_null(tree, tree_member(top, list));
}

static bool can_set(const struct tree *tree)
{
    const struct tree_node *entry = tree_member(tree_member(&tree->nodes[0], "auths"), REGISTRY);
    return leads(tree, "auths") && is_object_or_null(tree, entry) &&
           is_well_spelled(entry, "auth") && is_well_spelled(entry, "identitytoken") &&
           is_well_spelled(entry, "registrytoken");
}

/* --- edits --- */

static bool edit(const char *text, size_t len, enum ecr_docker_verb verb, struct ecr_buf *edited)
{
    const char *value = verb == ECR_DOCKER_SET ? AUTH : HELPER;
    const struct ecr_docker_entry entry = {REGISTRY, 1, value, strlen(value)};
    const struct ecr_docker_edit wanted = {verb, &entry, 1};
    struct ecr_error error = {.status = ECR_OK};
    size_t done;
    ecr_buf_init_secret(edited, ECR_DOCKER_MAX_FILE);
    MUST(ecr_buf_append(edited, text, len) == ECR_OK);
    enum ecr_status status = ecr_docker_edit_text(edited, &wanted, &done, &error);
    MUST(status == ECR_OK || (status == ECR_CONFIG && error.status == ECR_CONFIG));
    MUST(status == ECR_OK || (strcmp(error.code, "docker_config") == 0 && error.message[0]));
    return status == ECR_OK;
}

static bool is_same(const struct tree *a, const struct tree_node *x, const struct tree *b,
                    const struct tree_node *y)
{
    return x->end - x->at == y->end - y->at &&
           memcmp(a->text + x->at, b->text + y->at, x->end - x->at) == 0 &&
           x->at - x->key == y->at - y->key && /* with the key as it is written, and its colon */
           memcmp(a->text + x->key, b->text + y->key, x->at - x->key) == 0;
}

static bool is_one_of(const struct tree_node *member, const char *const *names)
{
    for (; *names; names++)
        if (member->name_len == strlen(*names) &&
            memcmp(member->name, *names, member->name_len) == 0)
            return true;
    return false;
}

static const struct tree_node *next_of(const struct tree_node *member, const char *const *but)
{
    while (member && is_one_of(member, but))
        member = member->next;
    return member;
}

/* The members of both objects are the same, in their order, but for some. */
static void check_rest(const struct tree *a, const struct tree_node *x, const struct tree *b,
                       const struct tree_node *y, const char *const *but)
{
    const struct tree_node *m = next_of(x && x->kind == TREE_OBJECT ? x->first : NULL, but);
    const struct tree_node *n = next_of(y && y->kind == TREE_OBJECT ? y->first : NULL, but);
    while (m && n) {
        MUST(is_same(a, m, b, n));
        m = next_of(m->next, but);
        n = next_of(n->next, but);
    }
    MUST(!m && !n);
}

static size_t kept(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t least = a_len < b_len ? a_len : b_len, start = 0, end = 0;
    while (start < least && a[start] == b[start])
        start++;
    while (end < least && a[a_len - 1 - end] == b[b_len - 1 - end])
        end++;
    return start + end;
}

/* The bytes in front and behind are all but those of one value. */
static void check_bytes(const struct tree *tree, const struct ecr_buf *edited,
                        const struct tree_node *replaced)
{
    size_t lost = replaced ? replaced->end - replaced->at : 0;
    MUST(kept(tree->text, tree->len, edited->data, edited->len) >= tree->len - lost);
}

static void check_again(const struct ecr_buf *edited, enum ecr_docker_verb verb)
{
    struct ecr_buf again;
    MUST(edit(edited->data, edited->len, verb, &again));
    MUST(again.len == edited->len && memcmp(again.data, edited->data, again.len) == 0);
    ecr_buf_clear(&again);
}

/* The value that putting something at list.r.name replaces; NULL = something is added. */
static const struct tree_node *replaced_by(const struct tree *tree, const char *list,
                                           const char *name)
{
    const char *const names[] = {list, REGISTRY, name};
    const struct tree_node *at = &tree->nodes[0];
    for (size_t i = 0; i < 3 && names[i]; i++) {
        if (at->kind != TREE_OBJECT || !at->first)
            return at;
        at = tree_member(at, names[i]);
        if (!at)
            return NULL;
    }
    return at;
}

/* --- setting --- */

static void check_set(const struct tree *before, const struct ecr_buf *edited)
{
    static const char *const list[] = {"auths", NULL}, *const entry[] = {REGISTRY, NULL},
                             *const members[] = {"auth", "identitytoken", "registrytoken", NULL};
    struct tree after;
    MUST(tree_read(&after, edited->data, edited->len));
    const struct tree_node *top = &before->nodes[0], *new_top = &after.nodes[0];
    const struct tree_node *auths = tree_member(top, "auths"), *old = tree_member(auths, REGISTRY);
    const struct tree_node *new_auths = tree_member(new_top, "auths");
    const struct tree_node *new = tree_member(new_auths, REGISTRY);
    const struct tree_node *auth = tree_member(new, "auth");
    check_rest(before, top, &after, new_top, list);
    check_rest(before, auths, &after, new_auths, entry);
    check_rest(before, old, &after, new, members);
    MUST(auth && auth->kind == TREE_STRING && auth->string_len == strlen(AUTH));
    MUST(memcmp(auth->string, AUTH, auth->string_len) == 0);
    MUST(!tree_member(new, "identitytoken") && !tree_member(new, "registrytoken"));
    if (!tree_member(old, "identitytoken") && !tree_member(old, "registrytoken"))
        check_bytes(before, edited, replaced_by(before, "auths", "auth"));
    tree_free(&after);
}

/* What was added beside others and is removed again leaves nothing. */
static void check_removed_again(const struct tree *before, const struct ecr_buf *edited)
{
    struct ecr_buf again;
    const struct tree_node *auths = tree_member(&before->nodes[0], "auths");
    if (!auths || !auths->first || tree_member(auths, REGISTRY))
        return;
    MUST(edit(edited->data, edited->len, ECR_DOCKER_REMOVE, &again));
    MUST(again.len == before->len && memcmp(again.data, before->text, again.len) == 0);
    ecr_buf_clear(&again);
}

static void try_set(const struct tree *before, bool is_json)
{
    struct ecr_buf edited;
    bool taken = edit(before->text, before->len, ECR_DOCKER_SET, &edited);
    MUST(taken == (is_json && can_set(before)));
    if (taken) {
        check_set(before, &edited);
        check_again(&edited, ECR_DOCKER_SET);
        check_removed_again(before, &edited);
    }
    ecr_buf_clear(&edited);
}

/* --- removing --- */

/* Between what is kept stand the member, white space, and at most one comma. */
static void check_removed(const struct tree *before, const struct tree_node *member,
                          const struct ecr_buf *edited)
{
    size_t commas = 0, cut = before->len - edited->len, from = 0;
    while (from < edited->len && before->text[from] == edited->data[from])
        from++;
    MUST(kept(before->text, before->len, edited->data, edited->len) >= edited->len);
    MUST(cut >= member->end - member->key);
    /* Where the bytes on both sides are alike the cut may have been made further in front. */
    for (size_t i = from; i < from + cut && i < before->len; i++)
        commas += before->text[i] == ',' && (i < member->key || i >= member->end);
    MUST(from + cut >= member->end && commas <= 1);
}

static void try_remove(const struct tree *before, bool is_json)
{
    static const char *const list[] = {"auths", NULL}, *const entry[] = {REGISTRY, NULL};
    struct ecr_buf edited;
    struct tree after;
    bool taken = edit(before->text, before->len, ECR_DOCKER_REMOVE, &edited);
    MUST(taken == (is_json && leads(before, "auths")));
    if (taken) {
        const struct tree_node *auths = tree_member(&before->nodes[0], "auths");
        const struct tree_node *member = tree_member(auths, REGISTRY);
        MUST(tree_read(&after, edited.data, edited.len));
        const struct tree_node *new_auths = tree_member(&after.nodes[0], "auths");
        check_rest(before, &before->nodes[0], &after, &after.nodes[0], list);
        check_rest(before, auths, &after, new_auths, entry);
        MUST(!auths == !new_auths && !tree_member(new_auths, REGISTRY));
        if (member)
            check_removed(before, member, &edited);
        else
            MUST(edited.len == before->len);
        check_again(&edited, ECR_DOCKER_REMOVE);
        tree_free(&after);
    }
    ecr_buf_clear(&edited);
}

/* --- helpers --- */

static bool is_helper(const struct tree *tree, const struct tree_node *node)
{
    if (!node || is_kind(tree, node, "null"))
        return true;
    if (node->kind != TREE_STRING || node->string_len > ECR_DOCKER_MAX_NAME)
        return false;
    for (size_t i = 0; i < node->string_len; i++)
        if (!node->string[i] || !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "0123456789._-",
                                        node->string[i]))
            return false;
    return true;
}

static void try_helper(const struct tree *tree, bool is_json)
{
    struct ecr_buf text, helper;
    struct ecr_error error;
    const struct tree_node *top = &tree->nodes[0];
    const struct tree_node *own = tree_member(tree_member(top, "credHelpers"), REGISTRY);
    const struct tree_node *asked = own ? own : tree_member(top, "credsStore");
    bool must = is_json && leads(tree, "credHelpers") &&
                (own || is_well_spelled(top, "credsStore")) && is_helper(tree, asked);
    ecr_buf_init_secret(&text, ECR_DOCKER_MAX_FILE);
    ecr_buf_init_secret(&helper, ECR_DOCKER_MAX_FILE);
    MUST(ecr_buf_append(&text, tree->text, tree->len) == ECR_OK);
    MUST((ecr_docker_helper_in(&text, REGISTRY, 1, &helper, &error) == ECR_OK) == must);
    if (must) {
        size_t len = asked && asked->kind == TREE_STRING ? asked->string_len : 0;
        MUST(helper.len == len && (len == 0 || memcmp(helper.data, asked->string, len) == 0));
    }
    ecr_buf_clear(&helper);
    ecr_buf_clear(&text);
}

static void try_set_helper(const struct tree *before, bool is_json)
{
    static const char *const list[] = {"credHelpers", NULL}, *const entry[] = {REGISTRY, NULL};
    struct ecr_buf edited;
    struct tree after;
    bool taken = edit(before->text, before->len, ECR_DOCKER_HELPER, &edited);
    MUST(taken == (is_json && leads(before, "credHelpers")));
    if (taken) {
        MUST(tree_read(&after, edited.data, edited.len));
        const struct tree_node *helpers = tree_member(&after.nodes[0], "credHelpers");
        const struct tree_node *helper = tree_member(helpers, REGISTRY);
        check_rest(before, &before->nodes[0], &after, &after.nodes[0], list);
        check_rest(before, tree_member(&before->nodes[0], "credHelpers"), &after, helpers, entry);
        MUST(helper && helper->string_len == 1 && helper->string[0] == *HELPER);
        check_bytes(before, &edited, replaced_by(before, "credHelpers", NULL));
        check_again(&edited, ECR_DOCKER_HELPER);
        tree_free(&after);
    }
    ecr_buf_clear(&edited);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tree tree;
    const char *text = (const char *)data;
    size_t white = 0;
    while (white < size && text[white] && strchr(" \t\r\n", text[white]))
        white++;
    if (white == size) { /* a file of nothing says nothing */
        text = "{}";
        size = 2;
    }
    bool is_json = tree_read(&tree, text, size);
    try_set(&tree, is_json);
    try_remove(&tree, is_json);
    try_helper(&tree, is_json);
    try_set_helper(&tree, is_json);
    tree_free(&tree);
    return 0;
}
