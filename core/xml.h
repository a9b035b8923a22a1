/* SPDX-License-Identifier: MIT */
/* XML text to a tape along a shape of the model, as decode.h does it for JSON: STS answers with
 * <XxxResponse><XxxResult>members</XxxResult>...</XxxResponse>. Elements come in any order,
 * namespaces and attributes are ignored, elements the shape does not know passed over. Refused as
 * ECR_PROTOCOL: what is not UTF-8, a document type (and so every entity that is not XML's own), the
 * same member twice, a value of another type, a result that is not there, and what is past the
 * limits below. Text is kept as it stands; white space around a number or a time is not. The engine
 * is expat and stays behind this header; all that it and the decoder keep of the text is wiped. */
#pragma once

#include "error.h"
#include "model.h"
#include "tape.h"

#define ECR_XML_BYTES    (256 * 1024)
#define ECR_XML_DEPTH    32    /* elements open at one time */
#define ECR_XML_ELEMENTS 16384 /* those that are passed over too */

/* <ErrorResponse><Error>Code, Message</Error>RequestId</ErrorResponse>, as one structure with the
 * names of the wire. */
extern const struct ecr_shape ecr_xml_refusal;

struct ecr_xml;

/* `shape` is a structure of text, integers, times and structures of them. `tape` is borrowed until
 * the decoder is freed. NULL when out of memory. */
struct ecr_xml *ecr_xml_new(const struct ecr_shape *shape, struct ecr_tape *tape);
void ecr_xml_free(struct ecr_xml *xml);
/* The next bytes, cut anywhere. They are read when all are there: expat reads an unfinished piece
 * anew with every byte that is added to it, which a slow sender could make into minutes. */
enum ecr_status ecr_xml_feed(struct ecr_xml *xml, const char *bytes, size_t len,
                             struct ecr_error *error);
enum ecr_status ecr_xml_finish(struct ecr_xml *xml, struct ecr_error *error);
