/* SPDX-License-Identifier: MIT */
/* Fuzzing target: JSON decoded along the model. An input is one byte, the name of a shape, a line
 * feed, and the JSON: "3ecr.DescribeImagesResponse\n{...}", so that a corpus file is written by
 * hand and outlives a new model. The byte's low four bits and one are the size of the pieces; its
 * bit 6 makes the tape a small one ("3" and "s" cut alike). A name that is none picks a shape by
 * its hash. */
#include "decode.h"

#include <stdbool.h>
#include <string.h>

#include "conform.h"
#include "fuzz.h"
#include "json.h"
#include "utf8.h"

#define SMALL_TAPE 0x40

struct sample {
    const struct ecr_shape *shape;
    const char *json;
    size_t len, step;
    size_t max_tokens, max_text;
};

/* --- which shape --- */

/* The n-th request or answer of a service; NULL for an operation that has none. */
static const struct ecr_shape *shape_of(const struct ecr_service *service, size_t n)
{
    const struct ecr_operation *operation = &service->operations[n / 2];
    return n % 2 ? operation->input : operation->output;
}

static bool is_named(const char *prefix, const char *name, const char *text, size_t len)
{
    size_t prefix_len = strlen(prefix);
    return len == prefix_len + strlen(name) && memcmp(text, prefix, prefix_len) == 0 &&
           memcmp(text + prefix_len, name, len - prefix_len) == 0;
}

static const struct ecr_shape *find_named(const char *text, size_t len)
{
    for (size_t s = 0; s < ecr_service_count; s++) {
        const struct ecr_service *service = &ecr_services[s];
        size_t dot = strlen(service->name) + 1;
        if (len <= dot || text[dot - 1] != '.' || !is_named(service->name, "", text, dot - 1))
            continue;
        for (size_t n = 0; n < 2u * service->operation_count; n++) {
            const struct ecr_shape *shape = shape_of(service, n);
            if (shape && is_named("", shape->name, text + dot, len - dot))
                return shape;
        }
    }
    for (size_t i = 0; i < ecr_document_count; i++)
        if (is_named("", ecr_documents[i].name, text, len) && !ecr_documents[i].shape->xml)
            return ecr_documents[i].shape;
    return is_named("any", "", text, len) ? &ecr_shape_any : NULL;
}

static const struct ecr_shape *pick(const char *text, size_t len)
{
    size_t hash = 0;
    for (size_t i = 0; i < len; i++)
        hash = hash * 31 + (unsigned char)text[i];
    const struct ecr_service *service = &ecr_services[hash % ecr_service_count];
    const struct ecr_shape *shape =
        shape_of(service, hash / ecr_service_count % (2u * service->operation_count));
    return shape ? shape : &ecr_shape_any;
}

/* False for an input that holds no JSON at all. */
static bool read_sample(const uint8_t *data, size_t size, struct sample *sample)
{
    const char *line = (const char *)data + 1;
    const char *end = size > 1 ? memchr(line, '\n', size - 1) : NULL;
    if (!end)
        return false;
    size_t name = (size_t)(end - line);
    bool small = data[0] & SMALL_TAPE;
    sample->shape = find_named(line, name);
    if (!sample->shape)
        sample->shape = pick(line, name);
    sample->json = end + 1;
    sample->len = size - 2 - name;
    sample->step = (data[0] & 15u) + 1;
    sample->max_tokens = small ? 24 : 1u << 20;
    sample->max_text = small ? 96 : 1u << 20;
    return true;
}

/* --- what must hold --- */

/* The code unit of the \uXXXX at `at`; -1 for another escape and for one that is not whole. */
static long code_unit(const char *at, size_t left)
{
    char digits[5] = {0};
    if (left < 6 || at[1] != 'u')
        return -1;
    memcpy(digits, at + 2, 4);
    return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

/* Every escape of the JSON is whole, and surrogates stand in pairs. */
static bool has_whole_escapes(const char *json, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (json[i] != '\\')
            continue;
        long code = code_unit(json + i, len - i);
        if (code < 0 && (i + 1 == len || json[i + 1] == 'u'))
            return false;
        if (code >= 0xdc00 && code <= 0xdfff)
            return false;
        if (code >= 0xd800 && code <= 0xdbff) {
            size_t next = i + 6;
            long low = next < len && json[next] == '\\' ? code_unit(json + next, len - next) : -1;
            if (low < 0xdc00 || low > 0xdfff)
                return false;
            i = next;
            code = low;
        }
        i += code < 0 ? 1 : 5;
    }
    return true;
}

/* After a failure there is no way back: valid JSON is refused as well. */
static void stays_failed(struct ecr_decoder *decoder, enum ecr_status status)
{
    struct ecr_error error;
    MUST(ecr_decoder_feed(decoder, "{}", 2, &error) == status);
    MUST(ecr_decoder_finish(decoder, &error) == status);
}

static enum ecr_status decode(const struct sample *sample, size_t step, struct ecr_tape *tape)
{
    struct ecr_error error = {.status = ECR_OK};
    enum ecr_status status = ECR_OK;
    ecr_tape_init(tape, sample->max_tokens, sample->max_text);
    struct ecr_decoder *decoder = ecr_decoder_new(sample->shape, tape);
    MUST(decoder);
    for (size_t at = 0; at < sample->len && status == ECR_OK; at += step) {
        size_t left = sample->len - at;
        status = ecr_decoder_feed(decoder, sample->json + at, left < step ? left : step, &error);
    }
    if (status == ECR_OK)
        status = ecr_decoder_finish(decoder, &error);
    MUST(status == ECR_OK || (status == ECR_PROTOCOL && error.status == ECR_PROTOCOL));
    MUST(status == ECR_OK || (error.code[0] && error.message[0]));
    if (status == ECR_OK || strcmp(error.code, "surrogate") == 0)
        MUST(has_whole_escapes(sample->json, sample->len) == (status == ECR_OK));
    MUST(tape->count <= sample->max_tokens && tape->text.len <= sample->max_text);
    if (status != ECR_OK)
        stays_failed(decoder, status);
    ecr_decoder_free(decoder);
    return status;
}

static bool same_token(const struct ecr_token *a, const struct ecr_token *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    switch (a->kind) {
    case ECR_TOKEN_NAME:
        return a->name == b->name;
    case ECR_TOKEN_KEY:
    case ECR_TOKEN_STRING:
    case ECR_TOKEN_SECRET:
        return a->at == b->at;
    case ECR_TOKEN_NUMBER:
        return memcmp(&a->number, &b->number, sizeof a->number) == 0;
    case ECR_TOKEN_INTEGER:
    case ECR_TOKEN_BOOLEAN:
        return a->integer == b->integer;
    default:
        return true;
    }
}

static void check_same(const struct ecr_tape *whole, const struct ecr_tape *pieces)
{
    size_t len = whole->text.len;
    MUST(whole->count == pieces->count && len == pieces->text.len);
    MUST(len == 0 || memcmp(whole->text.data, pieces->text.data, len) == 0);
    for (size_t i = 0; i < whole->count; i++)
        MUST(same_token(&whole->tokens[i], &pieces->tokens[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sample sample;
    struct ecr_tape whole, pieces;
    if (!read_sample(data, size, &sample))
        return 0;
    enum ecr_status status = decode(&sample, sample.len ? sample.len : 1, &whole);
    MUST(decode(&sample, sample.step, &pieces) == status);
    if (status == ECR_OK) {
        MUST(ecr_utf8_valid(sample.json, sample.len));
        check_same(&whole, &pieces);
        conform_check(&whole, sample.shape);
    }
    ecr_tape_clear(&whole);
    ecr_tape_clear(&pieces);
    return 0;
}
