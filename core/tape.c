/* SPDX-License-Identifier: MIT */
/* The row of tokens. */
#include "tape.h"

#include "alloc.h"

void ecr_tape_init(struct ecr_tape *tape, size_t max_tokens, size_t max_text)
{
    *tape = (struct ecr_tape){.max = max_tokens};
    ecr_buf_init_secret(&tape->text, max_text);
}

void ecr_tape_clear(struct ecr_tape *tape)
{
    ecr_free(tape->tokens);
    ecr_buf_clear(&tape->text);
    tape->tokens = NULL;
    tape->count = tape->cap = 0;
}

static enum ecr_status too_large(struct ecr_error *error)
{
    return ecr_fail(error, ECR_PROTOCOL, "too_large", "the document is too large");
}

enum ecr_status ecr_tape_push(struct ecr_tape *tape, struct ecr_token token,
                              struct ecr_error *error)
{
    if (tape->count == tape->max)
        return too_large(error);
    if (tape->count == tape->cap) {
        size_t cap = tape->cap ? tape->cap * 2 : 256;
        struct ecr_token *tokens = ecr_realloc(tape->tokens, cap * sizeof *tokens);
        if (!tokens)
            return ecr_fail_nomem(error);
        tape->tokens = tokens;
        tape->cap = cap;
    }
    tape->tokens[tape->count++] = token;
    return ECR_OK;
}

enum ecr_status ecr_tape_text(struct ecr_tape *tape, enum ecr_token_kind kind, const char *text,
                              size_t len, struct ecr_error *error)
{
    struct ecr_token token = {.kind = kind, .count = (uint32_t)len, .at = tape->text.len};
    if (len > UINT32_MAX)
        return too_large(error);
    enum ecr_status status = ecr_buf_append(&tape->text, text, len);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    return status == ECR_OK ? ecr_tape_push(tape, token, error) : too_large(error);
}
