/* SPDX-License-Identifier: MIT */
/* Reads an accepted tape from its first token to its last with a stack of its own, knowing the
 * model and nothing of the decoder. Shared by no product code, so that a wrong idea of the
 * decoder's is not repeated here. */
#include "conform.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "json.h"
#include "utf8.h"

#define KIND(name) (1u << ECR_TOKEN_##name)

/* The kinds of token a value of each type may be. */
static const unsigned allowed[] = {
    [ECR_T_ANY] = KIND(MAP) | KIND(LIST) | KIND(STRING) | KIND(INTEGER) | KIND(NUMBER) |
                  KIND(BOOLEAN) | KIND(NULL),
    [ECR_T_STRUCTURE] = KIND(MAP),
    [ECR_T_LIST] = KIND(LIST),
    [ECR_T_MAP] = KIND(MAP),
    [ECR_T_STRING] = KIND(STRING),
    [ECR_T_INTEGER] = KIND(INTEGER),
    [ECR_T_DOUBLE] = KIND(NUMBER),
    [ECR_T_BOOLEAN] = KIND(BOOLEAN),
    [ECR_T_TIMESTAMP] = KIND(NUMBER),
    [ECR_T_BLOB] = KIND(STRING),
};

/* A container that is open, or the document around all of them. */
struct level {
    const struct ecr_shape *shape; /* of the container */
    const struct ecr_shape *next;  /* of the value that comes now; NULL = a key must come */
    size_t at;                     /* of its token */
    uint32_t left;                 /* pairs or values still to come */
    bool list;
    bool sealed; /* the value that comes now */
};

struct walk {
    const struct ecr_tape *tape;
    size_t at;
    size_t depth;
    struct level levels[ECR_JSON_DEPTH + 1];
};

/* "" for a token without text in the tape. */
static const char *text_of(const struct ecr_tape *tape, const struct ecr_token *token)
{
    if (token->kind == ECR_TOKEN_NAME)
        return token->name;
    if (token->count == 0)
        return "";
    MUST(token->at <= tape->text.len && token->count <= tape->text.len - token->at);
    return tape->text.data + token->at;
}

static bool is_key(const struct ecr_token *token)
{
    return token->kind == ECR_TOKEN_NAME || token->kind == ECR_TOKEN_KEY;
}

static bool is_container(const struct ecr_token *token)
{
    return token->kind == ECR_TOKEN_MAP || token->kind == ECR_TOKEN_LIST;
}

/* No earlier key of this map reads the same, whether the model or the wire spelled it. */
static void check_unique(const struct walk *walk, const struct level *level)
{
    const struct ecr_token *tokens = walk->tape->tokens, *key = &tokens[walk->at];
    const char *text = text_of(walk->tape, key);
    size_t inside = 0;
    for (size_t i = level->at + 1; i < walk->at; i++) {
        if (is_key(&tokens[i]) && inside == 0)
            MUST(tokens[i].count != key->count ||
                 memcmp(text_of(walk->tape, &tokens[i]), text, key->count) != 0);
        inside += is_container(&tokens[i]);
        inside -= tokens[i].kind == ECR_TOKEN_END;
    }
}

static void take_key(struct walk *walk, const struct ecr_token *token)
{
    struct level *level = &walk->levels[walk->depth];
    const char *text = text_of(walk->tape, token);
    const struct ecr_member *member = NULL;
    MUST(walk->depth > 0 && !level->list && !level->next && level->left > 0);
    MUST(ecr_utf8_valid(text, token->count));
    check_unique(walk, level);
    level->next = level->shape->type == ECR_T_MAP ? level->shape->element : &ecr_shape_any;
    if (token->kind == ECR_TOKEN_NAME) {
        member = ecr_model_named(level->shape, text, token->count);
        MUST(level->shape->type == ECR_T_STRUCTURE && member && member->name == token->name);
        level->next = member->shape;
    } else if (level->shape->type == ECR_T_STRUCTURE) {
        MUST(!ecr_model_member(level->shape, text, token->count));
        MUST(!ecr_model_named(level->shape, text, token->count));
    }
    level->sealed = member && member->sealed;
}

static void open_container(struct walk *walk, const struct ecr_token *token,
                           const struct ecr_shape *shape)
{
    bool list = token->kind == ECR_TOKEN_LIST;
    MUST(walk->depth < ECR_JSON_DEPTH);
    walk->levels[++walk->depth] =
        (struct level){.shape = shape, .at = walk->at, .left = token->count, .list = list};
    if (list)
        walk->levels[walk->depth].next =
            shape->type == ECR_T_LIST ? shape->element : &ecr_shape_any;
}

static void check_scalar(const struct walk *walk, const struct ecr_token *token,
                         const struct ecr_shape *shape)
{
    if (token->kind == ECR_TOKEN_NUMBER)
        MUST(!isnan(token->number));
    if (token->kind == ECR_TOKEN_BOOLEAN)
        MUST(token->integer == 0 || token->integer == 1);
    if (token->kind == ECR_TOKEN_STRING || token->kind == ECR_TOKEN_SECRET) {
        const char *text = text_of(walk->tape, token);
        MUST(shape->type == ECR_T_BLOB || ecr_utf8_valid(text, token->count));
    }
}

static void take_value(struct walk *walk, const struct ecr_token *token)
{
    struct level *level = &walk->levels[walk->depth];
    const struct ecr_shape *shape = level->next;
    MUST(shape && level->left > 0);
    unsigned kinds = level->sealed ? KIND(SECRET) : allowed[shape->type];
    MUST(kinds & 1u << token->kind);
    level->left--;
    if (!level->list)
        level->next = NULL;
    if (is_container(token))
        open_container(walk, token, shape);
    else
        check_scalar(walk, token, shape);
}

static void take_end(struct walk *walk)
{
    const struct level *level = &walk->levels[walk->depth];
    MUST(walk->depth > 0 && level->left == 0 && (level->list || !level->next));
    walk->depth--;
}

void conform_check(const struct ecr_tape *tape, const struct ecr_shape *shape)
{
    struct walk walk = {.tape = tape};
    walk.levels[0] = (struct level){.next = shape, .left = 1};
    for (; walk.at < tape->count; walk.at++) {
        const struct ecr_token *token = &tape->tokens[walk.at];
        if (is_key(token))
            take_key(&walk, token);
        else if (token->kind == ECR_TOKEN_END)
            take_end(&walk);
        else
            take_value(&walk, token);
    }
    MUST(walk.depth == 0 && walk.levels[0].left == 0);
}
