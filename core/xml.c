/* SPDX-License-Identifier: MIT */
/* The decoder: a stack of the structures that are open. The element that holds the result has no
 * place on it: its members go into the structure around it. */
#include "xml.h"

#include <errno.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "timestamp.h"
#include "utf8.h"
#include "wipe.h"

#define WHITE "\t\n\r "

/* A structure that is open. */
struct frame {
    const struct ecr_shape *shape;
    size_t depth; /* of its element */
    size_t token; /* of its MAP */
    uint32_t count;
    uint64_t seen; /* members, by their place in the shape */
};

struct ecr_xml {
    struct ecr_buf bytes; /* the document, until it is read */
    XML_Parser parser;
    struct ecr_tape *tape;
    const struct ecr_shape *shape;
    struct ecr_error *error; /* of the call in progress */
    enum ecr_status status;
    size_t depth, elements;
    size_t passed;                   /* depth of the unknown element that is open; 0 = none */
    char result[128];                /* "XxxResult", or "Error" */
    bool has_result;                 /* it came */
    const struct ecr_member *scalar; /* whose text is read; NULL = none */
    struct ecr_buf text;
    size_t open;
    struct frame frames[ECR_XML_DEPTH];
};

static const struct ecr_shape refusal_text = {.name = "text", .type = ECR_T_STRING, .pattern = -1};
static const struct ecr_member refusal_members[] = {
    {"Code", "Code", 4, 4, false, false, false, &refusal_text},
    {"Message", "Message", 7, 7, false, false, false, &refusal_text},
    {"RequestId", "RequestId", 9, 9, false, false, false, &refusal_text},
};
const struct ecr_shape ecr_xml_refusal = {
    .name = "ErrorResponse",
    .type = ECR_T_STRUCTURE,
    .xml = true,
    .members = refusal_members,
    .member_count = sizeof refusal_members / sizeof *refusal_members,
    .min = ECR_NO_LIMIT,
    .max = ECR_NO_LIMIT,
    .pattern = -1,
};

/* --- how it goes on --- */

/* At the end of a callback. */
static void settle(struct ecr_xml *xml, enum ecr_status status)
{
    xml->status = status;
    if (status != ECR_OK)
        XML_StopParser(xml->parser, XML_FALSE);
}

/* `where` is a name of the model's, never one of the wire's. */
static enum ecr_status mismatch(struct ecr_xml *xml, const char *where, const char *what)
{
    return ecr_fail(xml->error, ECR_PROTOCOL, "shape", "%s: %s", where, what);
}

static struct frame *top(struct ecr_xml *xml)
{
    return &xml->frames[xml->open - 1];
}

static enum ecr_status push(struct ecr_xml *xml, struct ecr_token token)
{
    return ecr_tape_push(xml->tape, token, xml->error);
}

/* --- elements that open --- */

static enum ecr_status open_structure(struct ecr_xml *xml, const struct ecr_shape *shape)
{
    xml->frames[xml->open++] =
        (struct frame){.shape = shape, .depth = xml->depth, .token = xml->tape->count};
    return push(xml, (struct ecr_token){.kind = ECR_TOKEN_MAP});
}

/* "AssumeRoleResponse" must hold an "AssumeRoleResult", and "ErrorResponse" an "Error". */
static enum ecr_status open_root(struct ecr_xml *xml, const char *name)
{
    static const char ending[] = "Response", result[] = "Result";
    bool refusal = xml->shape == &ecr_xml_refusal;
    size_t len = strlen(name), end = sizeof ending - 1;
    if (len <= end || strcmp(name + len - end, ending) != 0 ||
        len - end + sizeof result > sizeof xml->result ||
        (refusal && strcmp(name, ecr_xml_refusal.name) != 0))
        return mismatch(xml, "the document", "it is no answer of the service");
    memcpy(xml->result, name, len - end);
    strcpy(xml->result + (len - end), refusal ? "" : result);
    return open_structure(xml, xml->shape);
}

static enum ecr_status open_result(struct ecr_xml *xml)
{
    if (xml->has_result)
        return mismatch(xml, "the document", "it has two results");
    xml->has_result = true;
    return ECR_OK;
}

static enum ecr_status open_member(struct ecr_xml *xml, const struct ecr_member *member)
{
    struct frame *frame = top(xml);
    uint64_t bit = UINT64_C(1) << (member - frame->shape->members);
    if (frame->seen & bit)
        return mismatch(xml, member->wire, "it is there twice");
    frame->seen |= bit;
    frame->count++;
    struct ecr_token token = {.kind = ECR_TOKEN_NAME, .count = member->name_len};
    token.name = member->name;
    enum ecr_status status = push(xml, token);
    if (status == ECR_OK && member->shape->type == ECR_T_STRUCTURE)
        return open_structure(xml, member->shape);
    xml->scalar = member;
    ecr_buf_reset(&xml->text);
    return status;
}

static enum ecr_status open_element(struct ecr_xml *xml, const char *name)
{
    const struct ecr_member *member = NULL;
    if (++xml->elements > ECR_XML_ELEMENTS)
        return ecr_fail(xml->error, ECR_PROTOCOL, "too_large", "the XML has too many elements");
    if (++xml->depth > ECR_XML_DEPTH)
        return ecr_fail(xml->error, ECR_PROTOCOL, "too_deep", "the XML is nested deeper than %d",
                        ECR_XML_DEPTH);
    if (xml->passed)
        return ECR_OK;
    if (xml->scalar)
        return mismatch(xml, xml->scalar->wire, "it holds an element");
    if (xml->depth == 1)
        return open_root(xml, name);
    if (xml->depth == 2 && strcmp(name, xml->result) == 0)
        return open_result(xml);
    if (xml->depth > 2 || xml->shape == &ecr_xml_refusal)
        member = ecr_model_member(top(xml)->shape, name, strlen(name));
    if (member)
        return open_member(xml, member);
    xml->passed = xml->depth;
    return ECR_OK;
}

/* --- elements that close --- */

/* What the element held, without the white space around it. */
static const char *trimmed(const struct ecr_xml *xml, size_t *len)
{
    const char *text = xml->text.data ? xml->text.data : "";
    text += strspn(text, WHITE);
    *len = strlen(text);
    while (*len && strchr(WHITE, text[*len - 1]))
        --*len;
    return text;
}

static enum ecr_status push_integer(struct ecr_xml *xml)
{
    size_t len;
    char *end;
    const char *text = trimmed(xml, &len);
    errno = 0;
    struct ecr_token token = {.kind = ECR_TOKEN_INTEGER, .integer = strtoll(text, &end, 10)};
    if (len == 0 || end != text + len || text[0] == '+' || errno)
        return mismatch(xml, xml->scalar->wire, "expected an integer");
    return push(xml, token);
}

static enum ecr_status push_timestamp(struct ecr_xml *xml)
{
    size_t len;
    const char *text = trimmed(xml, &len);
    struct ecr_token token = {.kind = ECR_TOKEN_NUMBER};
    if (!ecr_timestamp_parse(text, len, &token.number))
        return mismatch(xml, xml->scalar->wire, "expected a time");
    return push(xml, token);
}

static enum ecr_status push_text(struct ecr_xml *xml)
{
    const struct ecr_buf *text = &xml->text;
    enum ecr_token_kind kind = xml->scalar->sealed ? ECR_TOKEN_SECRET : ECR_TOKEN_STRING;
    return ecr_tape_text(xml->tape, kind, text->data ? text->data : "", text->len, xml->error);
}

static enum ecr_status push_scalar(struct ecr_xml *xml)
{
    switch (xml->scalar->shape->type) {
    case ECR_T_INTEGER:
        return push_integer(xml);
    case ECR_T_TIMESTAMP:
        return push_timestamp(xml);
    default:
        return push_text(xml);
    }
}

static enum ecr_status close_structure(struct ecr_xml *xml)
{
    const struct frame *frame = top(xml);
    xml->tape->tokens[frame->token].count = frame->count;
    xml->open--;
    return push(xml, (struct ecr_token){.kind = ECR_TOKEN_END});
}

static enum ecr_status close_element(struct ecr_xml *xml)
{
    size_t depth = xml->depth--;
    enum ecr_status status = ECR_OK;
    if (xml->passed) {
        if (xml->passed == depth)
            xml->passed = 0;
    } else if (xml->scalar) {
        status = push_scalar(xml);
        xml->scalar = NULL;
    } else if (top(xml)->depth == depth) {
        status = close_structure(xml);
    }
    return status;
}

/* --- expat's callbacks; after XML_StopParser one or two more may come --- */

/* Without "prefix:". */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static void on_start(void *user, const char *name, const char **attributes)
{
    struct ecr_xml *xml = user;
    (void)attributes;
    if (xml->status == ECR_OK)
        settle(xml, open_element(xml, local_name(name)));
}

static void on_end(void *user, const char *name)
{
    struct ecr_xml *xml = user;
    (void)name;
    if (xml->status == ECR_OK)
        settle(xml, close_element(xml));
}

static enum ecr_status take_text(struct ecr_xml *xml, const char *text, size_t len)
{
    if (xml->passed)
        return ECR_OK;
    if (xml->scalar)
        return ecr_buf_append(&xml->text, text, len) == ECR_OK ? ECR_OK
                                                               : ecr_fail_nomem(xml->error);
    for (size_t i = 0; i < len; i++)
        if (!strchr(WHITE, text[i]))
            return mismatch(xml, "the document", "expected elements, got text");
    return ECR_OK;
}

static void on_text(void *user, const char *text, int len)
{
    struct ecr_xml *xml = user;
    if (xml->status == ECR_OK)
        settle(xml, take_text(xml, text, (size_t)len));
}

static void on_doctype(void *user, const char *name, const char *system, const char *public,
                       int subset)
{
    struct ecr_xml *xml = user;
    (void)name, (void)system, (void)public, (void)subset;
    if (xml->status == ECR_OK)
        settle(xml, ecr_fail(xml->error, ECR_PROTOCOL, "doctype",
                             "the XML has a document type, which is refused"));
}

/* --- the decoder --- */

struct ecr_xml *ecr_xml_new(const struct ecr_shape *shape, struct ecr_tape *tape)
{
    static const XML_Memory_Handling_Suite memory = {ecr_wiping_malloc, ecr_wiping_realloc,
                                                     ecr_wiping_free};
    struct ecr_xml *xml = ecr_alloc(sizeof *xml);
    if (!xml)
        return NULL;
    *xml = (struct ecr_xml){.tape = tape, .shape = shape};
    ecr_buf_init_secret(&xml->bytes, ECR_XML_BYTES);
    ecr_buf_init_secret(&xml->text, ECR_XML_BYTES);
    xml->parser = XML_ParserCreate_MM("UTF-8", &memory, NULL);
    if (!xml->parser) {
        ecr_xml_free(xml);
        return NULL;
    }
    XML_SetUserData(xml->parser, xml);
    XML_SetElementHandler(xml->parser, on_start, on_end);
    XML_SetCharacterDataHandler(xml->parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml->parser, on_doctype);
    return xml;
}

void ecr_xml_free(struct ecr_xml *xml)
{
    if (!xml)
        return;
    XML_ParserFree(xml->parser);
    ecr_buf_clear(&xml->bytes);
    ecr_buf_clear(&xml->text);
    ecr_free(xml);
}

enum ecr_status ecr_xml_feed(struct ecr_xml *xml, const char *bytes, size_t len,
                             struct ecr_error *error)
{
    if (xml->status != ECR_OK)
        return xml->status;
    enum ecr_status status = ecr_buf_append(&xml->bytes, bytes, len);
    if (status == ECR_NOMEM)
        ecr_fail_nomem(error);
    else if (status != ECR_OK)
        ecr_fail(error, status, "too_large", "the XML is larger than the %d bytes allowed",
                 ECR_XML_BYTES);
    return xml->status = status;
}

/* What expat's answer means; its texts are constant. */
static enum ecr_status outcome(struct ecr_xml *xml, enum XML_Status answer)
{
    if (xml->status != ECR_OK || answer == XML_STATUS_OK)
        return xml->status;
    enum XML_Error code = XML_GetErrorCode(xml->parser);
    if (code == XML_ERROR_NO_MEMORY)
        return ecr_fail_nomem(xml->error);
    return ecr_fail(xml->error, ECR_PROTOCOL, "xml", "not valid XML in line %lu: %s",
                    (unsigned long)XML_GetCurrentLineNumber(xml->parser), XML_ErrorString(code));
}

enum ecr_status ecr_xml_finish(struct ecr_xml *xml, struct ecr_error *error)
{
    if (xml->status != ECR_OK)
        return xml->status;
    xml->error = error;
    const char *bytes = xml->bytes.data ? xml->bytes.data : "";
    if (!ecr_utf8_valid(bytes, xml->bytes.len)) /* expat takes UTF-16 besides */
        return xml->status = ecr_fail(error, ECR_PROTOCOL, "utf8", "the XML is not UTF-8");
    xml->status = outcome(xml, XML_Parse(xml->parser, bytes, (int)xml->bytes.len, XML_TRUE));
    if (xml->status == ECR_OK && !xml->has_result)
        xml->status = mismatch(xml, "the document", "it has no result");
    return xml->status;
}
