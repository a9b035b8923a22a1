/* SPDX-License-Identifier: MIT */
/* What becomes of an answer's body, decided by whoever sends the request: decoded along a shape as
 * the bytes arrive, kept as they are, or written to a file and verified. A refusal (a status other
 * than 2xx) is kept in a small buffer whatever the sink is for, and decoded without a model, or as
 * the service's XML error where the document would be XML. */
#pragma once

#include <stdbool.h>

#include "decode.h"
#include "file.h"

enum ecr_sink_kind {
    ECR_SINK_RAW,
    ECR_SINK_SEALED, /* kept as it is, and a secret */
    ECR_SINK_SHAPE,
    ECR_SINK_FILE,
};

struct ecr_sink {
    enum ecr_sink_kind kind;
    const struct ecr_shape *shape; /* for ECR_SINK_SHAPE */
    struct ecr_file *file;         /* for ECR_SINK_FILE; the sink closes it */
    size_t max;                    /* bytes of body; a file knows its own */
    size_t received;
    bool refused; /* the status was not 2xx: `raw` holds the body, at most ECR_SINK_REFUSAL */
    bool decoded; /* `tape` holds the document */
    struct ecr_decoder *decoder;
    struct ecr_tape tape;
    struct ecr_buf raw;
};

#define ECR_SINK_REFUSAL  (64 * 1024)
#define ECR_SINK_DOCUMENT (256 * 1024) /* the most that a document with credentials may have */

void ecr_sink_init(struct ecr_sink *sink, enum ecr_sink_kind kind, const struct ecr_shape *shape,
                   size_t max);
void ecr_sink_clear(struct ecr_sink *sink);
/* Once, before the first byte of a body. `content_range` is the header's value; NULL = none. */
enum ecr_status ecr_sink_begin(struct ecr_sink *sink, long status, const char *content_range,
                               struct ecr_error *error);
enum ecr_status ecr_sink_write(struct ecr_sink *sink, const char *bytes, size_t len,
                               struct ecr_error *error);
/* After the last. A refusal that is no JSON is no error: `decoded` stays false and `raw` has it. */
enum ecr_status ecr_sink_finish(struct ecr_sink *sink, struct ecr_error *error);
