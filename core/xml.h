/* SPDX-License-Identifier: MIT */
/* Reading the XML of AWS's query protocol (STS), as the events that a reader of JSON gives: the
 * engine is expat and stays behind this header. A document is what stands in <XResult> inside
 * <XResponse>, or for a refusal in <Error> inside <ErrorResponse>; what else stands beside it is
 * passed over. An element with elements in it is an object, any other is a string. Namespaces and
 * attributes mean nothing.
 * Refused: a DTD (and so every entity but XML's own), the same name twice in one object, nesting
 * deeper than ECR_XML_DEPTH, text of more than ECR_XML_TEXT bytes in one element.
 * What the reader keeps of the text is wiped, since a key may be in it. */
#pragma once

#include <stdbool.h>

#include "json.h"

#define ECR_XML_DEPTH 16
#define ECR_XML_TEXT  ((size_t)64 * 1024)

struct ecr_xml_reader;

/* NULL when out of memory. `handler` and `owner` are borrowed until the reader is freed. */
struct ecr_xml_reader *ecr_xml_reader_new(const struct ecr_json_handler *handler, void *owner,
                                          bool refusal);
void ecr_xml_reader_free(struct ecr_xml_reader *reader);

/* The next bytes, cut anywhere. After anything but ECR_OK only freeing is left to do. */
enum ecr_status ecr_xml_feed(struct ecr_xml_reader *reader, const char *bytes, size_t len,
                             struct ecr_error *error);
/* No more bytes: ECR_PROTOCOL unless exactly one document was read. */
enum ecr_status ecr_xml_finish(struct ecr_xml_reader *reader, struct ecr_error *error);
