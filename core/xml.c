/* SPDX-License-Identifier: MIT */
/* The XML reader over expat. Whether an element is an object or a string shows only at its first
 * child or at its end: until then its text is kept. */
#include "xml.h"

#include <expat.h>
#include <string.h>

#include "alloc.h"
#include "keyset.h"
#include "secret.h"

#define RESPONSE "Response"
#define RESULT   "Result"

/* An open element inside the document; the document itself is the first. */
struct element {
    bool object; /* it has begun as one */
    uint32_t id;
    struct ecr_keyset_mark mark;
};

struct ecr_xml_reader {
    const struct ecr_json_handler *handler;
    void *owner;
    bool refusal;
    XML_Parser parser;
    struct ecr_error *error; /* of the call in progress */
    enum ecr_status status;
    char result[128]; /* the name of the element that is the document; "" = the root was not seen */
    size_t outside;   /* open elements that are no part of the document */
    bool done;        /* the document has ended */
    size_t depth;
    struct element open[ECR_XML_DEPTH];
    uint32_t objects;
    struct ecr_keyset keys;
    struct ecr_buf text;
};

/* --- memory for expat: each block knows its size, so that it can be wiped --- */

struct block {
    size_t size;
    max_align_t bytes[];
};

static struct block *block_of(void *bytes)
{
    return (struct block *)((char *)bytes - offsetof(struct block, bytes));
}

static void *expat_take(size_t size)
{
    struct block *block = size <= SIZE_MAX - sizeof *block ? ecr_alloc(sizeof *block + size) : NULL;
    if (!block)
        return NULL;
    block->size = size;
    return block->bytes;
}

static void expat_give(void *bytes)
{
    if (!bytes)
        return;
    struct block *block = block_of(bytes);
    ecr_wipe(block->bytes, block->size);
    ecr_free(block);
}

static void *expat_retake(void *bytes, size_t size)
{
    void *moved = expat_take(size);
    if (moved && bytes) {
        size_t old = block_of(bytes)->size;
        memcpy(moved, bytes, old < size ? old : size);
        expat_give(bytes);
    }
    return moved;
}

static const XML_Memory_Handling_Suite memory = {expat_take, expat_retake, expat_give};

/* --- what expat finds --- */

/* Keeps the first thing that went wrong. Expat may call back once more after it was stopped. */
static bool go_on(struct ecr_xml_reader *reader, enum ecr_status status)
{
    if (reader->status == ECR_OK && status != ECR_OK) {
        reader->status = status;
        XML_StopParser(reader->parser, XML_FALSE);
    }
    return reader->status == ECR_OK;
}

static enum ecr_status refuse(struct ecr_xml_reader *reader, const char *why)
{
    return ecr_fail(reader->error, ECR_PROTOCOL, "xml", "the XML cannot be read: %s", why);
}

/* The name without its namespace's prefix. */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

/* "AssumeRoleResponse" has its document in "AssumeRoleResult", "ErrorResponse" in "Error". */
static enum ecr_status take_root(struct ecr_xml_reader *reader, const char *name)
{
    size_t len = strlen(name), tail = strlen(RESPONSE);
    bool error = strcmp(name, "Error" RESPONSE) == 0;
    if (len <= tail || len >= sizeof reader->result - strlen(RESULT) ||
        strcmp(name + len - tail, RESPONSE) != 0 || error != reader->refusal)
        return refuse(reader, "its root is not that of such an answer");
    memcpy(reader->result, name, len - tail);
    strcpy(reader->result + len - tail, error ? "" : RESULT);
    return ECR_OK;
}

/* A child shows that the element around it is an object. White space before it means nothing. */
static enum ecr_status become_object(struct ecr_xml_reader *reader)
{
    struct element *around = &reader->open[reader->depth - 1];
    ecr_buf_reset(&reader->text);
    if (around->object)
        return ECR_OK;
    around->object = true;
    around->id = ++reader->objects;
    around->mark = ecr_keyset_mark(&reader->keys);
    return reader->handler->begin(reader->owner, false, reader->error);
}

static enum ecr_status begin_member(struct ecr_xml_reader *reader, const char *name)
{
    enum ecr_status status = become_object(reader);
    size_t len = strlen(name);
    if (status == ECR_OK && reader->depth == ECR_XML_DEPTH)
        status = refuse(reader, "it is nested too deep");
    if (status == ECR_OK && strcmp(name, "member") != 0) /* those are the items of a list */
        status = ecr_keyset_add(&reader->keys, reader->open[reader->depth - 1].id,
                                (const unsigned char *)name, len, reader->error);
    if (status == ECR_OK)
        status = reader->handler->key(reader->owner, name, len, reader->error);
    if (status == ECR_OK)
        reader->open[reader->depth++] = (struct element){0};
    return status;
}

/* Outside of the document: the root, the document's own start, or something beside it. */
static enum ecr_status begin_outside(struct ecr_xml_reader *reader, const char *name)
{
    enum ecr_status status = ECR_OK;
    bool first = !reader->result[0];
    if (!first && reader->outside == 1 && strcmp(name, reader->result) == 0) {
        if (reader->done)
            return refuse(reader, "it has two results");
        reader->open[reader->depth++] = (struct element){0};
        return become_object(reader);
    }
    if (first)
        status = take_root(reader, name);
    if (status == ECR_OK && ++reader->outside > ECR_XML_DEPTH)
        status = refuse(reader, "it is nested too deep");
    return status;
}

static void on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct ecr_xml_reader *reader = user;
    (void)attributes;
    if (!go_on(reader, ECR_OK))
        return;
    name = local_name(name);
    go_on(reader, reader->depth ? begin_member(reader, name) : begin_outside(reader, name));
}

static enum ecr_status end_member(struct ecr_xml_reader *reader)
{
    struct element *element = &reader->open[--reader->depth];
    enum ecr_status status;
    if (element->object) {
        ecr_keyset_back(&reader->keys, element->mark);
        status = reader->handler->end(reader->owner, reader->error);
    } else {
        status = reader->handler->string(reader->owner, reader->text.data ? reader->text.data : "",
                                         reader->text.len, reader->error);
    }
    ecr_buf_reset(&reader->text);
    reader->done |= reader->depth == 0;
    return status;
}

static void on_end(void *user, const XML_Char *name)
{
    struct ecr_xml_reader *reader = user;
    (void)name;
    if (!go_on(reader, ECR_OK))
        return;
    if (reader->depth)
        go_on(reader, end_member(reader));
    else
        reader->outside--;
}

static void on_text(void *user, const XML_Char *text, int len)
{
    struct ecr_xml_reader *reader = user;
    if (!go_on(reader, ECR_OK) || !reader->depth || reader->open[reader->depth - 1].object)
        return;
    enum ecr_status status = ecr_buf_append(&reader->text, text, (size_t)len);
    if (status == ECR_NOMEM)
        ecr_fail_nomem(reader->error);
    else if (status != ECR_OK)
        status = refuse(reader, "an element's text is too long");
    go_on(reader, status);
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *system,
                       const XML_Char *public, int internal)
{
    struct ecr_xml_reader *reader = user;
    (void)name, (void)system, (void)public, (void)internal;
    if (go_on(reader, ECR_OK))
        go_on(reader, refuse(reader, "it has a document type"));
}

/* --- the public side --- */

struct ecr_xml_reader *ecr_xml_reader_new(const struct ecr_json_handler *handler, void *owner,
                                          bool refusal)
{
    struct ecr_xml_reader *reader = ecr_alloc(sizeof *reader);
    if (!reader)
        return NULL;
    *reader = (struct ecr_xml_reader){.handler = handler, .owner = owner, .refusal = refusal};
    ecr_keyset_init(&reader->keys);
    ecr_buf_init_secret(&reader->text, ECR_XML_TEXT);
    reader->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!reader->parser) {
        ecr_xml_reader_free(reader);
        return NULL;
    }
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    return reader;
}

void ecr_xml_reader_free(struct ecr_xml_reader *reader)
{
    if (!reader)
        return;
    if (reader->parser)
        XML_ParserFree(reader->parser);
    ecr_keyset_clear(&reader->keys);
    ecr_buf_clear(&reader->text);
    ecr_free(reader);
}

static enum ecr_status parse(struct ecr_xml_reader *reader, const char *bytes, size_t len,
                             bool last, struct ecr_error *error)
{
    reader->error = error;
    enum XML_Status parsed = XML_Parse(reader->parser, bytes, (int)len, last);
    if (reader->status != ECR_OK)
        return reader->status;
    if (parsed == XML_STATUS_OK)
        return ECR_OK;
    enum XML_Error why = XML_GetErrorCode(reader->parser);
    if (why == XML_ERROR_NO_MEMORY)
        return reader->status = ecr_fail_nomem(error);
    return reader->status = refuse(reader, XML_ErrorString(why));
}

enum ecr_status ecr_xml_feed(struct ecr_xml_reader *reader, const char *bytes, size_t len,
                             struct ecr_error *error)
{
    if (len > INT32_MAX) {
        reader->error = error;
        return refuse(reader, "it is too large");
    }
    return parse(reader, bytes, len, false, error);
}

enum ecr_status ecr_xml_finish(struct ecr_xml_reader *reader, struct ecr_error *error)
{
    enum ecr_status status = parse(reader, "", 0, true, error);
    if (status == ECR_OK && !reader->done)
        status = refuse(reader, "it has no result");
    return status;
}
