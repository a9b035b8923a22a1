/* SPDX-License-Identifier: MIT */
/* The decoder: a stack of frames beside the JSON reader's own, each with the shape that applies.
 * XML is decoded in xml.c. */
#include "decode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "base64.h"
#include "json.h"
#include "timestamp.h"
#include "xml.h"

struct frame {
    const struct ecr_shape *shape;  /* of the container; ANY when the model does not know it */
    const struct ecr_member *named; /* structure: the member whose value comes next */
    size_t token;                   /* of its MAP or LIST */
    uint32_t count;                 /* pairs or values kept so far */
    uint32_t index;                 /* list: values seen, for the path */
    size_t key_at;                  /* of the key pushed for the value that comes next */
    bool list;
};

struct ecr_decoder {
    struct ecr_json_reader *reader;
    struct ecr_xml *xml; /* instead of the reader */
    struct ecr_tape *tape;
    const struct ecr_shape *shape;
    size_t depth;
    struct frame frames[ECR_JSON_DEPTH];
};

static struct frame *top(struct ecr_decoder *decoder)
{
    return decoder->depth ? &decoder->frames[decoder->depth - 1] : NULL;
}

/* The shape of the value that comes now. */
static const struct ecr_shape *expected(struct ecr_decoder *decoder)
{
    const struct frame *frame = top(decoder);
    if (!frame)
        return decoder->shape;
    switch (frame->shape->type) {
    case ECR_T_STRUCTURE:
        return frame->named ? frame->named->shape : &ecr_shape_any;
    case ECR_T_LIST:
    case ECR_T_MAP:
        return frame->shape->element;
    default:
        return &ecr_shape_any;
    }
}

static void path(const struct ecr_decoder *decoder, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < decoder->depth && used < size; i++) {
        const struct frame *frame = &decoder->frames[i];
        if (frame->list)
            used += (size_t)snprintf(text + used, size - used, "[%u]", frame->index);
        else
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "." : "",
                                     frame->named ? frame->named->wire : "?");
    }
}

static enum ecr_status mismatch(struct ecr_decoder *decoder, const char *got,
                                struct ecr_error *error)
{
    static const char *const names[] = {
        [ECR_T_ANY] = "anything",     [ECR_T_STRUCTURE] = "an object",
        [ECR_T_LIST] = "a list",      [ECR_T_MAP] = "an object",
        [ECR_T_STRING] = "a string",  [ECR_T_INTEGER] = "an integer",
        [ECR_T_DOUBLE] = "a number",  [ECR_T_BOOLEAN] = "true or false",
        [ECR_T_TIMESTAMP] = "a time", [ECR_T_BLOB] = "base64 text",
    };
    char where[160];
    path(decoder, where, sizeof where);
    return ecr_fail(error, ECR_PROTOCOL, "shape", "%s: expected %s, got %s",
                    where[0] ? where : "the document", names[expected(decoder)->type], got);
}

/* A value was kept: the container has one more. */
static enum ecr_status kept(struct ecr_decoder *decoder, enum ecr_status status)
{
    struct frame *frame = top(decoder);
    if (frame && status == ECR_OK) {
        frame->count++;
        frame->index++;
    }
    return status;
}

static enum ecr_status push(struct ecr_decoder *decoder, struct ecr_token token,
                            struct ecr_error *error)
{
    return kept(decoder, ecr_tape_push(decoder->tape, token, error));
}

static enum ecr_status on_null(void *owner, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    struct frame *frame = top(decoder);
    if (expected(decoder)->type == ECR_T_ANY)
        return push(decoder, (struct ecr_token){.kind = ECR_TOKEN_NULL}, error);
    if (!frame)
        return mismatch(decoder, "null", error);
    if (!frame->list) /* takes back the key that announced it */
        decoder->tape->count = frame->key_at;
    frame->index++;
    return ECR_OK;
}

static enum ecr_status on_boolean(void *owner, bool value, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    enum ecr_type type = expected(decoder)->type;
    if (type != ECR_T_ANY && type != ECR_T_BOOLEAN)
        return mismatch(decoder, "a boolean", error);
    return push(decoder, (struct ecr_token){.kind = ECR_TOKEN_BOOLEAN, .integer = value}, error);
}

static enum ecr_status on_number(void *owner, double value, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    enum ecr_type type = expected(decoder)->type;
    bool whole = value == floor(value) && fabs(value) < 9007199254740992.0;
    if (type == ECR_T_INTEGER && whole)
        return push(decoder,
                    (struct ecr_token){.kind = ECR_TOKEN_INTEGER, .integer = (int64_t)value},
                    error);
    if (type != ECR_T_ANY && type != ECR_T_DOUBLE && type != ECR_T_TIMESTAMP)
        return mismatch(decoder, "a number", error);
    if (type != ECR_T_ANY && isinf(value)) /* no score and no time is endless */
        return ecr_fail(error, ECR_PROTOCOL, "number", "a number in the answer is too large");
    return push(decoder, (struct ecr_token){.kind = ECR_TOKEN_NUMBER, .number = value}, error);
}

static enum ecr_status on_integer(void *owner, int64_t value, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    enum ecr_type type = expected(decoder)->type;
    if (type == ECR_T_DOUBLE || type == ECR_T_TIMESTAMP)
        return push(decoder, (struct ecr_token){.kind = ECR_TOKEN_NUMBER, .number = (double)value},
                    error);
    if (type != ECR_T_ANY && type != ECR_T_INTEGER)
        return mismatch(decoder, "a number", error);
    return push(decoder, (struct ecr_token){.kind = ECR_TOKEN_INTEGER, .integer = value}, error);
}

static enum ecr_status push_timestamp(struct ecr_decoder *decoder, const char *text, size_t len,
                                      struct ecr_error *error)
{
    struct ecr_token token = {.kind = ECR_TOKEN_NUMBER};
    if (!ecr_timestamp_parse(text, len, &token.number))
        return mismatch(decoder, "a string that is no time", error);
    return push(decoder, token, error);
}

static enum ecr_status push_blob(struct ecr_decoder *decoder, const char *text, size_t len,
                                 struct ecr_error *error)
{
    struct ecr_buf bytes;
    ecr_buf_init_secret(&bytes, len);
    enum ecr_status status = ecr_base64_decode(&bytes, text, len);
    if (status == ECR_OK)
        status = kept(decoder, ecr_tape_text(decoder->tape, ECR_TOKEN_STRING,
                                             bytes.data ? bytes.data : "", bytes.len, error));
    else if (status == ECR_NOMEM)
        ecr_fail_nomem(error);
    else
        status = mismatch(decoder, "a string that is no base64", error);
    ecr_buf_clear(&bytes);
    return status;
}

static enum ecr_status on_string(void *owner, const char *text, size_t len, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    const struct frame *frame = top(decoder);
    enum ecr_type type = expected(decoder)->type;
    if (type == ECR_T_TIMESTAMP)
        return push_timestamp(decoder, text, len, error);
    if (type == ECR_T_BLOB)
        return push_blob(decoder, text, len, error);
    if (type != ECR_T_ANY && type != ECR_T_STRING)
        return mismatch(decoder, "a string", error);
    bool sealed = frame && frame->named && frame->named->sealed;
    enum ecr_token_kind kind = sealed ? ECR_TOKEN_SECRET : ECR_TOKEN_STRING;
    return kept(decoder, ecr_tape_text(decoder->tape, kind, text, len, error));
}

/* A key that is not on the wire side of the model. One that Lua uses for a member would take that
 * member's place, unchecked and unsealed. */
static enum ecr_status push_key(struct ecr_decoder *decoder, const char *text, size_t len,
                                struct ecr_error *error)
{
    struct frame *frame = top(decoder);
    char where[160];
    if (frame->shape->type == ECR_T_STRUCTURE)
        frame->named = ecr_model_named(frame->shape, text, len);
    if (!frame->named)
        return ecr_tape_text(decoder->tape, ECR_TOKEN_KEY, text, len, error);
    path(decoder, where, sizeof where);
    return ecr_fail(error, ECR_PROTOCOL, "shape", "%s is spelled \"%s\"", where,
                    frame->named->name);
}

static enum ecr_status on_key(void *owner, const char *text, size_t len, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    struct frame *frame = top(decoder);
    frame->key_at = decoder->tape->count;
    frame->named = NULL;
    if (frame->shape->type == ECR_T_STRUCTURE)
        frame->named = ecr_model_member(frame->shape, text, len);
    if (!frame->named)
        return push_key(decoder, text, len, error);
    struct ecr_token token = {.kind = ECR_TOKEN_NAME, .count = frame->named->name_len};
    token.name = frame->named->name;
    return ecr_tape_push(decoder->tape, token, error);
}

static bool may_hold(const struct ecr_shape *shape, bool list)
{
    if (shape->type == ECR_T_ANY)
        return true;
    if (list)
        return shape->type == ECR_T_LIST;
    return shape->type == ECR_T_STRUCTURE || shape->type == ECR_T_MAP;
}

static enum ecr_status on_begin(void *owner, bool list, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    struct frame frame = {.shape = expected(decoder), .list = list};
    if (!may_hold(frame.shape, list))
        return mismatch(decoder, list ? "a list" : "an object", error);
    frame.token = decoder->tape->count;
    struct ecr_token token = {.kind = list ? ECR_TOKEN_LIST : ECR_TOKEN_MAP};
    enum ecr_status status = ecr_tape_push(decoder->tape, token, error);
    if (status == ECR_OK)
        decoder->frames[decoder->depth++] = frame;
    return status;
}

static enum ecr_status on_end(void *owner, struct ecr_error *error)
{
    struct ecr_decoder *decoder = owner;
    const struct frame *frame = top(decoder);
    decoder->tape->tokens[frame->token].count = frame->count;
    decoder->depth--;
    return push(decoder, (struct ecr_token){.kind = ECR_TOKEN_END}, error);
}

static const struct ecr_json_handler handler = {
    .null = on_null,
    .boolean = on_boolean,
    .integer = on_integer,
    .number = on_number,
    .string = on_string,
    .key = on_key,
    .begin = on_begin,
    .end = on_end,
};

struct ecr_decoder *ecr_decoder_new(const struct ecr_shape *shape, struct ecr_tape *tape)
{
    struct ecr_decoder *decoder = ecr_alloc(sizeof *decoder);
    if (!decoder)
        return NULL;
    *decoder = (struct ecr_decoder){.tape = tape, .shape = shape};
    if (shape->xml)
        decoder->xml = ecr_xml_new(shape, tape);
    else
        decoder->reader = ecr_json_reader_new(&handler, decoder);
    if (!decoder->xml && !decoder->reader) {
        ecr_free(decoder);
        return NULL;
    }
    return decoder;
}

void ecr_decoder_free(struct ecr_decoder *decoder)
{
    if (!decoder)
        return;
    ecr_xml_free(decoder->xml);
    ecr_json_reader_free(decoder->reader);
    ecr_free(decoder);
}

enum ecr_status ecr_decoder_feed(struct ecr_decoder *decoder, const char *bytes, size_t len,
                                 struct ecr_error *error)
{
    return decoder->xml ? ecr_xml_feed(decoder->xml, bytes, len, error)
                        : ecr_json_feed(decoder->reader, bytes, len, error);
}

enum ecr_status ecr_decoder_finish(struct ecr_decoder *decoder, struct ecr_error *error)
{
    return decoder->xml ? ecr_xml_finish(decoder->xml, error)
                        : ecr_json_finish(decoder->reader, error);
}
