/* SPDX-License-Identifier: MIT */
/* JSON text (XML for the shapes that are, see xml.h) to a tape, along a shape of the model: names
 * become the Lua ones, numbers get the model's type, timestamps become seconds, blobs bytes, sealed
 * members secrets. A value of another type than the model's is ECR_PROTOCOL with its path, and so
 * is a member under its Lua name. Members the model does not know pass through unchanged; a member
 * that is null counts as absent (AWS's rule). */
#pragma once

#include "error.h"
#include "model.h"
#include "tape.h"

struct ecr_decoder;

/* `tape` is borrowed until the decoder is freed. NULL when out of memory. */
struct ecr_decoder *ecr_decoder_new(const struct ecr_shape *shape, struct ecr_tape *tape);
void ecr_decoder_free(struct ecr_decoder *decoder);
enum ecr_status ecr_decoder_feed(struct ecr_decoder *decoder, const char *bytes, size_t len,
                                 struct ecr_error *error);
/* ECR_PROTOCOL also when a structure was expected and something else came. */
enum ecr_status ecr_decoder_finish(struct ecr_decoder *decoder, struct ecr_error *error);
