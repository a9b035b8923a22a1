/* SPDX-License-Identifier: MIT */
/* Bodies on their way to a tape, a buffer or a file, each with a maximum. */
#include "sink.h"

#include <string.h>

#include "xml.h"

/* The most tokens a document may decode to: far above a page of 1,000 enhanced findings. */
#define MAX_TOKENS (4 * 1000 * 1000)

/* Nothing may have come yet. */
static void expect(struct ecr_sink *sink, size_t max)
{
    sink->max = max;
    ecr_tape_init(&sink->tape, MAX_TOKENS, max);
    ecr_buf_init_secret(&sink->raw, max);
}

void ecr_sink_init(struct ecr_sink *sink, enum ecr_sink_kind kind, const struct ecr_shape *shape,
                   size_t max)
{
    *sink = (struct ecr_sink){.kind = kind, .shape = shape};
    expect(sink, max);
}

void ecr_sink_clear(struct ecr_sink *sink)
{
    ecr_decoder_free(sink->decoder);
    sink->decoder = NULL;
    ecr_file_close(sink->file);
    sink->file = NULL;
    ecr_tape_clear(&sink->tape);
    ecr_buf_clear(&sink->raw);
}

enum ecr_status ecr_sink_begin(struct ecr_sink *sink, long status, const char *content_range,
                               struct ecr_error *error)
{
    sink->refused = status < 200 || status > 299;
    if (sink->refused)
        expect(sink, ECR_SINK_REFUSAL);
    if (sink->kind == ECR_SINK_FILE)
        return ecr_file_begin(sink->file, status, content_range, error);
    if (sink->refused)
        return ECR_OK;
    if (sink->kind == ECR_SINK_RAW || sink->kind == ECR_SINK_SEALED)
        return ECR_OK;
    sink->decoder = ecr_decoder_new(sink->shape, &sink->tape);
    return sink->decoder ? ECR_OK : ecr_fail_nomem(error);
}

enum ecr_status ecr_sink_write(struct ecr_sink *sink, const char *bytes, size_t len,
                               struct ecr_error *error)
{
    sink->received += len;
    if (sink->kind == ECR_SINK_FILE && !sink->refused)
        return ecr_file_write(sink->file, bytes, len, error);
    if (sink->received > sink->max)
        return ecr_fail(error, ECR_PROTOCOL, "too_large",
                        "the answer is larger than the %zu bytes allowed", sink->max);
    if (sink->decoder)
        return ecr_decoder_feed(sink->decoder, bytes, len, error);
    enum ecr_status status = ecr_buf_append(&sink->raw, bytes, len);
    return status == ECR_NOMEM ? ecr_fail_nomem(error) : status;
}

/* XML only where XML was asked for: elsewhere it is a page of somebody in between. */
static const struct ecr_shape *refusal_shape(const struct ecr_sink *sink, const char *bytes)
{
    bool xml = sink->shape && sink->shape->xml && bytes[strspn(bytes, "\t\n\r ")] == '<';
    return xml ? &ecr_xml_refusal : &ecr_shape_any;
}

/* The service's refusals are small JSON objects; a proxy's are whatever they are. */
static enum ecr_status decode_refusal(struct ecr_sink *sink, struct ecr_error *error)
{
    struct ecr_error ignored;
    const char *bytes = sink->raw.data ? sink->raw.data : "";
    struct ecr_decoder *decoder = ecr_decoder_new(refusal_shape(sink, bytes), &sink->tape);
    if (!decoder)
        return ecr_fail_nomem(error);
    enum ecr_status status = ecr_decoder_feed(decoder, bytes, sink->raw.len, &ignored);
    if (status == ECR_OK)
        status = ecr_decoder_finish(decoder, &ignored);
    ecr_decoder_free(decoder);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    sink->decoded = status == ECR_OK;
    return ECR_OK;
}

enum ecr_status ecr_sink_finish(struct ecr_sink *sink, struct ecr_error *error)
{
    if (sink->refused)
        return decode_refusal(sink, error);
    if (sink->kind == ECR_SINK_FILE)
        return ecr_file_commit(sink->file, error);
    if (!sink->decoder)
        return ECR_OK;
    enum ecr_status status = ecr_decoder_finish(sink->decoder, error);
    sink->decoded = status == ECR_OK;
    return status;
}
