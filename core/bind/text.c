/* SPDX-License-Identifier: MIT */
/* Small functions over text: digests, image references, documents, JSON strings. */
#include "bind.h"

#include <string.h>

#include "../base64.h"
#include "../decode.h"
#include "../digest.h"
#include "../hash.h"
#include "../json.h"
#include "../name.h"
#include "../reference.h"
#include "../uri.h"

#define MAX_DOCUMENT ((size_t)64 * 1024 * 1024)

/* core.digest(bytes) -> "sha256:<hex>" */
static int text_digest(lua_State *L)
{
    size_t len;
    char digest[ECR_DIGEST_SHA256_SIZE];
    const char *bytes = luaL_checklstring(L, 1, &len);
    enum ecr_status status = ecr_digest_sha256(bytes, len, digest);
    if (status != ECR_OK)
        return luaL_error(L, status == ECR_NOMEM ? "not enough memory"
                                                 : "libcrypto cannot compute a SHA-256");
    lua_pushstring(L, digest);
    return 1;
}

int ecr_bind_push_hash(lua_State *L, enum ecr_status status, const unsigned char *bytes, size_t len)
{
    char digits[2 * ECR_SHA256_SIZE + 1];
    if (status != ECR_OK)
        return luaL_error(L, status == ECR_NOMEM ? "not enough memory"
                                                 : "libcrypto cannot compute this hash");
    ecr_hex(bytes, len, digits);
    lua_pushstring(L, digits);
    return 1;
}

/* core.sha1(text) -> lower-case hex; names of cache files only */
static int text_sha1(lua_State *L)
{
    size_t len;
    unsigned char hash[ECR_SHA1_SIZE];
    const char *text = luaL_checklstring(L, 1, &len);
    return ecr_bind_push_hash(L, ecr_sha1(text, len, hash), hash, sizeof hash);
}

/* core.sha256(text) -> lower-case hex */
static int text_sha256(lua_State *L)
{
    size_t len;
    unsigned char hash[ECR_SHA256_SIZE];
    const char *text = luaL_checklstring(L, 1, &len);
    return ecr_bind_push_hash(L, ecr_sha256(text, len, hash), hash, sizeof hash);
}

/* core.verify(digest, bytes) -> true | nil, failure (integrity, or input for a digest that is none)
 */
static int text_verify(lua_State *L)
{
    struct ecr_error error;
    size_t digest_len, len;
    const char *digest = luaL_checklstring(L, 1, &digest_len);
    const char *bytes = luaL_checklstring(L, 2, &len);
    if (ecr_digest_verify(digest, digest_len, bytes, len, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.check_digest(text) -> true | nil, failure */
static int text_check_digest(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (ecr_digest_check(text, len, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.check_repository(text, public: boolean?) -> true | nil, failure */
static int text_check_repository(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (ecr_name_repository(text, len, lua_toboolean(L, 2), &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.check_tag(text) -> true | nil, failure */
static int text_check_tag(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (ecr_name_tag(text, len, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* [-0, +0, m] Sets a field of the table at the top unless the text is empty. */
static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!text[0])
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_flag(lua_State *L, const char *name, bool value)
{
    if (!value)
        return;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, name);
}

/* core.reference(text) -> {host=, account=, region=, fips=, dual_stack=, public=, repository=,
 * tag=, digest=} | nil, failure */
static int text_reference(lua_State *L)
{
    struct ecr_error error;
    struct ecr_reference reference;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    if (ecr_reference_parse(text, len, &reference, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_createtable(L, 0, 6);
    set_text(L, "host", reference.host);
    set_text(L, "account", reference.account);
    set_text(L, "region", reference.region);
    set_text(L, "repository", reference.repository);
    set_text(L, "tag", reference.tag);
    set_text(L, "digest", reference.digest);
    set_flag(L, "fips", reference.fips);
    set_flag(L, "dual_stack", reference.dual_stack);
    set_flag(L, "public", reference.public);
    return 1;
}

/* core.check_url(text) -> true | nil, failure (what is wrong with it as an endpoint) */
static int text_check_url(lua_State *L)
{
    struct ecr_error error;
    struct ecr_uri uri = {0};
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    enum ecr_status status = ecr_uri_parse(text, &uri, &error);
    ecr_uri_clear(&uri);
    if (status == ECR_OK && strlen(text) != len)
        status = ecr_fail(&error, ECR_CONFIG, "url", "it holds a zero byte");
    if (status != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.quote(text) -> JSON string with its quotes | nil, failure (not UTF-8) */
static int text_quote(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct ecr_buf *buf = ecr_bind_buf(L, 6 * len + 2);
    enum ecr_status status = ecr_json_quote(buf, text, len);
    if (status != ECR_OK) {
        ecr_fail(&error, status, NULL, "the text is not valid UTF-8");
        return ecr_bind_fail(L, &error);
    }
    lua_pushlstring(L, buf->data, buf->len);
    return 1;
}

/* core.base64(bytes) -> text */
static int text_base64(lua_State *L)
{
    size_t len;
    const char *bytes = luaL_checklstring(L, 1, &len);
    struct ecr_buf *buf = ecr_bind_buf(L, len / 3 * 4 + 4);
    if (ecr_base64_encode(buf, bytes, len) != ECR_OK)
        return luaL_error(L, "not enough memory");
    lua_pushlstring(L, buf->data ? buf->data : "", buf->len);
    return 1;
}

/* core.unbase64(text) -> bytes | nil, failure (it is no base64) */
static int text_unbase64(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct ecr_buf *buf = ecr_bind_buf(L, len);
    enum ecr_status status = ecr_base64_decode(buf, text, len);
    if (status != ECR_OK) {
        ecr_fail(&error, status, NULL, "the text is no base64");
        return ecr_bind_fail(L, &error);
    }
    lua_pushlstring(L, buf->data ? buf->data : "", buf->len);
    return 1;
}

/* A decoder and its tape, owned by Lua while values are made of them. */
struct document {
    struct ecr_tape tape;
    struct ecr_decoder *decoder;
};

static int document_gc(lua_State *L)
{
    struct document *document = luaL_checkudata(L, 1, "ecr.document");
    ecr_decoder_free(document->decoder);
    document->decoder = NULL;
    ecr_tape_clear(&document->tape);
    return 0;
}

static struct document *new_document(lua_State *L, const struct ecr_shape *shape)
{
    struct document *document = lua_newuserdatauv(L, sizeof *document, 0);
    *document = (struct document){0};
    ecr_tape_init(&document->tape, MAX_DOCUMENT / 16, MAX_DOCUMENT);
    luaL_setmetatable(L, "ecr.document");
    document->decoder = ecr_decoder_new(shape, &document->tape);
    if (!document->decoder)
        luaL_error(L, "not enough memory");
    return document;
}

bool ecr_bind_decode(lua_State *L, const struct ecr_shape *shape, const char *bytes, size_t len,
                     struct ecr_error *error)
{
    struct document *document = new_document(L, shape);
    enum ecr_status status = ecr_decoder_feed(document->decoder, bytes, len, error);
    if (status == ECR_OK)
        status = ecr_decoder_finish(document->decoder, error);
    if (status != ECR_OK)
        return false;
    ecr_bind_push_tape(L, &document->tape);
    return true;
}

/* core.decode(document, text) -> value | nil, failure. `document` is a name from the model's
 * overlay
 * ("manifest") or "any" for JSON without a model. */
static int text_decode(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *name = luaL_checkstring(L, 1);
    const char *text = luaL_checklstring(L, 2, &len);
    const struct ecr_shape *shape = ecr_model_document(name);
    if (strcmp(name, "any") == 0)
        shape = &ecr_shape_any;
    luaL_argcheck(L, shape, 1, "no such document in the model");
    return ecr_bind_decode(L, shape, text, len, &error) ? 1 : ecr_bind_fail(L, &error);
}

static const luaL_Reg document_functions[] = {
    {"__gc", document_gc},
    {"__close", document_gc},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"digest", text_digest},
    {"sha1", text_sha1},
    {"sha256", text_sha256},
    {"verify", text_verify},
    {"check_digest", text_check_digest},
    {"check_repository", text_check_repository},
    {"check_tag", text_check_tag},
    {"reference", text_reference},
    {"check_url", text_check_url},
    {"quote", text_quote},
    {"base64", text_base64},
    {"unbase64", text_unbase64},
    {"decode", text_decode},
    {NULL, NULL},
};

void ecr_bind_open_text(lua_State *L)
{
    ecr_bind_class(L, "ecr.document", document_functions);
    luaL_setfuncs(L, functions, 0);
}
