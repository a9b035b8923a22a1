/* SPDX-License-Identifier: MIT */
/* The JSON reader over yajl. Two things are easy to get wrong here. yajl does not look at what its
 * allocator returns, so ours leaves with a longjmp when memory is short and the reader frees every
 * block it ever handed out. And yajl turns half a surrogate pair into "?", so the raw bytes are
 * watched for it before yajl sees them. */
#include "json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "alloc.h"
#include "keyset.h"
#include "secret.h"
#include "utf8.h"

#define NUMBER_TEXT 64

/* One allocation of yajl's; linked so that all can be freed without yajl's help. */
struct block {
    struct block *next, *previous;
    size_t size;
    max_align_t bytes[];
};

/* Where the watch for surrogates stands in the raw bytes. */
struct watch {
    uint8_t escape;   /* 0 outside, 1 after a backslash, 2 to 5 inside the digits of \uXXXX */
    bool high;        /* a high surrogate waits for its low one */
    bool must_escape; /* the next byte must be the backslash of the low surrogate */
    unsigned code;
};

struct ecr_json_reader {
    const struct ecr_json_handler *handler;
    void *owner;
    struct ecr_error *error; /* of the call in progress */
    enum ecr_status status;
    yajl_handle yajl;
    struct block *blocks;
    jmp_buf no_memory;
    struct watch watch;
    size_t consumed;
    unsigned depth;
    uint32_t objects; /* ids given so far */
    struct {
        uint32_t id;
        struct ecr_keyset_mark mark;
    } open[ECR_JSON_DEPTH];
    struct ecr_keyset keys;
};

/* --- memory for yajl --- */

static void *yajl_take(void *context, size_t size)
{
    struct ecr_json_reader *reader = context;
    struct block *block = ecr_alloc(sizeof *block + size);
    if (!block)
        longjmp(reader->no_memory, 1);
    *block = (struct block){.next = reader->blocks, .size = size};
    if (reader->blocks)
        reader->blocks->previous = block;
    reader->blocks = block;
    return block->bytes;
}

static void yajl_give(void *context, void *bytes)
{
    struct ecr_json_reader *reader = context;
    if (!bytes)
        return;
    struct block *block = (struct block *)((char *)bytes - offsetof(struct block, bytes));
    if (block->previous)
        block->previous->next = block->next;
    else
        reader->blocks = block->next;
    if (block->next)
        block->next->previous = block->previous;
    ecr_wipe(block->bytes, block->size);
    ecr_free(block);
}

static void *yajl_retake(void *context, void *bytes, size_t size)
{
    void *moved = yajl_take(context, size);
    if (bytes) {
        struct block *old = (struct block *)((char *)bytes - offsetof(struct block, bytes));
        memcpy(moved, bytes, old->size < size ? old->size : size);
        yajl_give(context, bytes);
    }
    return moved;
}

/* --- yajl's callbacks: 0 stops the parser --- */

static int go_on(struct ecr_json_reader *reader, enum ecr_status status)
{
    reader->status = status;
    return status == ECR_OK;
}

static int on_null(void *context)
{
    struct ecr_json_reader *reader = context;
    return go_on(reader, reader->handler->null(reader->owner, reader->error));
}

static int on_boolean(void *context, int value)
{
    struct ecr_json_reader *reader = context;
    return go_on(reader, reader->handler->boolean(reader->owner, value != 0, reader->error));
}

static int on_number(void *context, const char *text, size_t len)
{
    struct ecr_json_reader *reader = context;
    char copy[NUMBER_TEXT];
    if (len >= sizeof copy)
        return go_on(reader, ecr_fail(reader->error, ECR_PROTOCOL, "number",
                                      "a number in the JSON has %zu digits", len));
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (!strpbrk(copy, ".eE")) {
        errno = 0;
        int64_t integer = strtoll(copy, NULL, 10);
        if (errno == 0)
            return go_on(reader, reader->handler->integer(reader->owner, integer, reader->error));
    }
    return go_on(reader, reader->handler->number(reader->owner, strtod(copy, NULL), reader->error));
}

/* yajl takes overlong forms, surrogates and what lies above U+10FFFF for UTF-8. */
static enum ecr_status check_utf8(struct ecr_json_reader *reader, const unsigned char *text,
                                  size_t len)
{
    if (ecr_utf8_valid((const char *)text, len))
        return ECR_OK;
    return ecr_fail(reader->error, ECR_PROTOCOL, "utf8", "the JSON holds text that is not UTF-8");
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
    struct ecr_json_reader *reader = context;
    const struct ecr_json_handler *handler = reader->handler;
    enum ecr_status status = check_utf8(reader, text, len);
    if (status == ECR_OK)
        status = handler->string(reader->owner, (const char *)text, len, reader->error);
    return go_on(reader, status);
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
    struct ecr_json_reader *reader = context;
    uint32_t object = reader->open[reader->depth - 1].id;
    enum ecr_status status = check_utf8(reader, text, len);
    if (status == ECR_OK)
        status = ecr_keyset_add(&reader->keys, object, text, len, reader->error);
    if (status == ECR_OK)
        status = reader->handler->key(reader->owner, (const char *)text, len, reader->error);
    return go_on(reader, status);
}

static int begin(struct ecr_json_reader *reader, bool list)
{
    if (reader->depth == ECR_JSON_DEPTH)
        return go_on(reader, ecr_fail(reader->error, ECR_PROTOCOL, "too_deep",
                                      "the JSON is nested deeper than %d", ECR_JSON_DEPTH));
    reader->open[reader->depth].id = ++reader->objects;
    reader->open[reader->depth].mark = ecr_keyset_mark(&reader->keys);
    reader->depth++;
    return go_on(reader, reader->handler->begin(reader->owner, list, reader->error));
}

static int end(struct ecr_json_reader *reader)
{
    reader->depth--;
    ecr_keyset_back(&reader->keys, reader->open[reader->depth].mark);
    return go_on(reader, reader->handler->end(reader->owner, reader->error));
}

static int on_begin_map(void *context)
{
    return begin(context, false);
}

static int on_begin_list(void *context)
{
    return begin(context, true);
}

static int on_end(void *context)
{
    return end(context);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_begin_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_begin_list,
    .yajl_end_array = on_end,
};

/* --- surrogates, in the raw bytes: a backslash is legal inside strings alone --- */

static int hex_digit(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* A whole \uXXXX was read; false when it leaves half a pair. */
static bool code_is_paired(struct watch *watch)
{
    bool is_high = watch->code >= 0xd800 && watch->code <= 0xdbff;
    bool is_low = watch->code >= 0xdc00 && watch->code <= 0xdfff;
    if (is_low != watch->high)
        return false;
    watch->high = is_high;
    watch->must_escape = is_high;
    return true;
}

static bool watch_byte(struct watch *watch, unsigned char byte)
{
    if (watch->escape == 0) {
        if (watch->must_escape && byte != '\\')
            return false;
        watch->must_escape = false;
        watch->escape = byte == '\\';
    } else if (watch->escape == 1) {
        if (watch->high && byte != 'u')
            return false;
        watch->code = 0;
        watch->escape = byte == 'u' ? 2 : 0;
    } else {
        int digit = hex_digit(byte);
        if (digit < 0) {
            watch->escape = 0; /* yajl refuses it in its own words */
            return true;
        }
        watch->code = watch->code << 4 | (unsigned)digit;
        watch->escape = watch->escape == 5 ? 0 : watch->escape + 1;
        if (watch->escape == 0)
            return code_is_paired(watch);
    }
    return true;
}

static bool surrogates_are_paired(struct watch *watch, const char *bytes, size_t len)
{
    const char *at = bytes, *stop = bytes + len;
    while (at < stop) {
        if (watch->escape == 0 && !watch->must_escape) {
            at = memchr(at, '\\', (size_t)(stop - at));
            if (!at)
                return true;
        }
        if (!watch_byte(watch, (unsigned char)*at++))
            return false;
    }
    return true;
}

/* yajl takes a form feed and a vertical tab for white space. */
static bool holds_bad_white(const char *bytes, size_t len)
{
    return len > 0 && (memchr(bytes, '\f', len) || memchr(bytes, '\v', len));
}

/* --- the reader --- */

struct ecr_json_reader *ecr_json_reader_new(const struct ecr_json_handler *handler, void *owner)
{
    struct ecr_json_reader *reader = ecr_alloc(sizeof *reader);
    if (!reader)
        return NULL;
    memset(reader, 0, sizeof *reader);
    reader->handler = handler;
    reader->owner = owner;
    ecr_keyset_init(&reader->keys);
    yajl_alloc_funcs memory = {yajl_take, yajl_retake, yajl_give, reader};
    if (setjmp(reader->no_memory)) {
        ecr_json_reader_free(reader);
        return NULL;
    }
    reader->yajl = yajl_alloc(&callbacks, &memory, reader);
    return reader;
}

void ecr_json_reader_free(struct ecr_json_reader *reader)
{
    if (!reader)
        return;
    while (reader->blocks)
        yajl_give(reader, reader->blocks->bytes);
    ecr_keyset_clear(&reader->keys);
    ecr_free(reader);
}

/* What yajl's answer means. Its text is the short one: the long one quotes the document. */
static enum ecr_status outcome(struct ecr_json_reader *reader, yajl_status answer)
{
    if (answer == yajl_status_ok)
        return ECR_OK;
    if (reader->status != ECR_OK)
        return reader->status;
    unsigned char *text = yajl_get_error(reader->yajl, 0, NULL, 0);
    size_t len = strcspn((const char *)text, "\n");
    ecr_fail(reader->error, ECR_PROTOCOL, "json", "not valid JSON near byte %zu: %.*s",
             reader->consumed + yajl_get_bytes_consumed(reader->yajl), (int)len,
             (const char *)text);
    yajl_free_error(reader->yajl, text);
    return reader->status = ECR_PROTOCOL;
}

enum ecr_status ecr_json_feed(struct ecr_json_reader *reader, const char *bytes, size_t len,
                              struct ecr_error *error)
{
    reader->error = error;
    if (reader->status != ECR_OK)
        return reader->status;
    if (!surrogates_are_paired(&reader->watch, bytes, len))
        return reader->status = ecr_fail(error, ECR_PROTOCOL, "surrogate",
                                         "the JSON holds half of a surrogate pair");
    if (holds_bad_white(bytes, len))
        return reader->status = ecr_fail(error, ECR_PROTOCOL, "json",
                                         "not valid JSON: a form feed or a vertical tab");
    if (setjmp(reader->no_memory))
        return reader->status = ecr_fail_nomem(error);
    enum ecr_status status =
        outcome(reader, yajl_parse(reader->yajl, (const unsigned char *)bytes, len));
    reader->consumed += len;
    return status;
}

enum ecr_status ecr_json_finish(struct ecr_json_reader *reader, struct ecr_error *error)
{
    reader->error = error;
    if (reader->status != ECR_OK)
        return reader->status;
    if (setjmp(reader->no_memory))
        return reader->status = ecr_fail_nomem(error);
    /* yajl overlooks what begins as text behind the value and is not closed. A line feed is white
     * space everywhere but in text, where it is an error. */
    enum ecr_status status =
        outcome(reader, yajl_parse(reader->yajl, (const unsigned char *)"\n", 1));
    return status == ECR_OK ? outcome(reader, yajl_complete_parse(reader->yajl)) : status;
}

size_t ecr_json_offset(const struct ecr_json_reader *reader)
{
    return reader->consumed + yajl_get_bytes_consumed(reader->yajl);
}

/* --- writing --- */

static enum ecr_status quote_byte(struct ecr_buf *buf, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char *const shorts[] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n",  ['\f'] = "\\f",
        ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\",
    };
    if (byte < sizeof shorts / sizeof *shorts && shorts[byte])
        return ecr_buf_text(buf, shorts[byte]);
    const char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    return ecr_buf_append(buf, escape, sizeof escape);
}

static bool must_quote(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f;
}

enum ecr_status ecr_json_quote(struct ecr_buf *buf, const char *text, size_t len)
{
    if (!ecr_utf8_valid(text, len))
        return ECR_INPUT;
    enum ecr_status status = ecr_buf_byte(buf, '"');
    for (size_t i = 0; i < len && status == ECR_OK;) {
        size_t run = i;
        while (run < len && !must_quote((unsigned char)text[run]))
            run++;
        status = ecr_buf_append(buf, text + i, run - i);
        if (status == ECR_OK && run < len)
            status = quote_byte(buf, (unsigned char)text[run++]);
        i = run;
    }
    return status == ECR_OK ? ecr_buf_byte(buf, '"') : status;
}
