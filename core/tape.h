/* SPDX-License-Identifier: MIT */
/* A decoded document as a flat row of tokens: what lies between C that reads hostile bytes and the
 * binding that makes Lua values of it. The binding may fail at any value (Lua raises when memory is
 * short), and then the tape is simply freed with its owner. Its text is wiped: a token may be in
 * it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error.h"

enum ecr_token_kind {
    ECR_TOKEN_MAP,     /* `count` pairs follow, then END */
    ECR_TOKEN_LIST,    /* `count` values follow, then END */
    ECR_TOKEN_END,     /* */
    ECR_TOKEN_NAME,    /* a key from the model: `name`, `count` bytes */
    ECR_TOKEN_KEY,     /* a key from the wire: text at `at`, `count` bytes */
    ECR_TOKEN_STRING,  /* text at `at`, `count` bytes */
    ECR_TOKEN_SECRET,  /* the same, to be sealed */
    ECR_TOKEN_INTEGER, /* */
    ECR_TOKEN_NUMBER,  /* */
    ECR_TOKEN_BOOLEAN, /* `integer` is 0 or 1 */
    ECR_TOKEN_NULL,    /* only where there is no model: a modelled null counts as absent */
};

struct ecr_token {
    enum ecr_token_kind kind;
    uint32_t count;
    union {
        int64_t integer;
        double number;
        size_t at;
        const char *name;
    };
};

struct ecr_tape {
    struct ecr_token *tokens;
    size_t count, cap, max;
    struct ecr_buf text;
};

void ecr_tape_init(struct ecr_tape *tape, size_t max_tokens, size_t max_text);
void ecr_tape_clear(struct ecr_tape *tape);
/* ECR_NOMEM or ECR_PROTOCOL ("too large"). */
enum ecr_status ecr_tape_push(struct ecr_tape *tape, struct ecr_token token,
                              struct ecr_error *error);
enum ecr_status ecr_tape_text(struct ecr_tape *tape, enum ecr_token_kind kind, const char *text,
                              size_t len, struct ecr_error *error);
