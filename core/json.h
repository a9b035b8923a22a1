/* SPDX-License-Identifier: MIT */
/* Reading JSON that comes from outside, as a stream of events, and writing JSON strings. The engine
 * is yajl and stays behind this header. On top of what yajl refuses (bad escapes, trailing bytes)
 * a reader refuses: text that is not strictly UTF-8, nesting deeper than ECR_JSON_DEPTH, the same
 * key twice in one object, half a surrogate pair, white space that is none of JSON's, more keys in
 * the objects open at one time than a keyset holds.
 * What the reader itself keeps of the text is wiped, since a token may be in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "error.h"

#define ECR_JSON_DEPTH 64

/* What a reader tells its owner. Text is borrowed for the call and may hold NUL bytes. A function
 * that does not return ECR_OK stops the reading with that status (and should have filled `error`).
 */
struct ecr_json_handler {
    enum ecr_status (*null)(void *owner, struct ecr_error *error);
    enum ecr_status (*boolean)(void *owner, bool value, struct ecr_error *error);
    enum ecr_status (*integer)(void *owner, int64_t value, struct ecr_error *error);
    enum ecr_status (*number)(void *owner, double value, struct ecr_error *error);
    enum ecr_status (*string)(void *owner, const char *text, size_t len, struct ecr_error *error);
    enum ecr_status (*key)(void *owner, const char *text, size_t len, struct ecr_error *error);
    enum ecr_status (*begin)(void *owner, bool list, struct ecr_error *error);
    enum ecr_status (*end)(void *owner, struct ecr_error *error);
};

struct ecr_json_reader;

/* NULL when out of memory. `handler` and `owner` are borrowed until the reader is freed. */
struct ecr_json_reader *ecr_json_reader_new(const struct ecr_json_handler *handler, void *owner);
void ecr_json_reader_free(struct ecr_json_reader *reader);

/* The next bytes, cut anywhere. After anything but ECR_OK only freeing is left to do. */
enum ecr_status ecr_json_feed(struct ecr_json_reader *reader, const char *bytes, size_t len,
                              struct ecr_error *error);
/* No more bytes: ECR_PROTOCOL unless exactly one value was read. */
enum ecr_status ecr_json_finish(struct ecr_json_reader *reader, struct ecr_error *error);
/* For the handler: how many bytes had been read when the piece of the document that it is told of
 * ended. A bracket, a key or a value begins behind the end of the piece before, white space, comma
 * and colon. */
size_t ecr_json_offset(const struct ecr_json_reader *reader);

/* Appends `text` as a JSON string with its quotes. ECR_INPUT when it is not UTF-8. */
enum ecr_status ecr_json_quote(struct ecr_buf *buf, const char *text, size_t len);
