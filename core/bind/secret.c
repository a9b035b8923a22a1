/* SPDX-License-Identifier: MIT */
/* `ecr.secret`: text that a script can pass on but not print, compare with a string, concatenate or
 * encode by accident. `reveal` is the one door to a string. */
#include "bind.h"

#include <stdlib.h>
#include <string.h>

#include "../base64.h"
#include "../dpop.h"
#include "../json.h"
#include "../uri.h"

#define MAX_SECRET ((size_t)16 * 1024 * 1024) /* a document with many tokens in it */

static struct ecr_secret **check(lua_State *L, int index)
{
    struct ecr_secret **box = luaL_checkudata(L, index, ECR_SECRET);
    if (!*box)
        luaL_error(L, "secret is closed");
    return box;
}

static struct ecr_secret **new_box(lua_State *L)
{
    struct ecr_secret **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, ECR_SECRET);
    return box;
}

void ecr_bind_push_secret(lua_State *L, const void *bytes, size_t len)
{
    struct ecr_secret **box = new_box(L);
    *box = ecr_secret_new(bytes, len);
    if (!*box)
        luaL_error(L, "not enough memory");
}

struct ecr_secret *ecr_bind_check_secret(lua_State *L, int index)
{
    size_t len;
    if (lua_type(L, index) != LUA_TSTRING) {
        struct ecr_secret *secret = *check(L, index);
        lua_pushvalue(L, index);
        return secret;
    }
    const char *text = lua_tolstring(L, index, &len);
    ecr_bind_push_secret(L, text, len);
    return *check(L, -1);
}

/* core.secret(text) -> secret */
static int secret_new(lua_State *L)
{
    size_t len;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *text = lua_tolstring(L, 1, &len);
    ecr_bind_push_secret(L, text, len);
    return 1;
}

/* secret:reveal() -> string */
static int secret_reveal(lua_State *L)
{
    const struct ecr_secret *secret = *check(L, 1);
    lua_pushlstring(L, ecr_secret_bytes(secret), ecr_secret_len(secret));
    return 1;
}

/* --- what can be made of secrets without opening them --- */

/* [-0, +1, m] The buffer's bytes as a secret, or what the status says. Returns as a lua_CFunction.
 */
static int push_made(lua_State *L, const struct ecr_buf *buf, enum ecr_status status,
                     const char *otherwise)
{
    struct ecr_error error;
    if (status != ECR_OK) {
        if (status != ECR_NOMEM)
            ecr_fail(&error, ECR_INPUT, "secret", "%s", otherwise);
        else
            ecr_fail_nomem(&error);
        return ecr_bind_fail(L, &error);
    }
    ecr_bind_push_secret(L, buf->data ? buf->data : "", buf->len);
    return 1;
}

const char *ecr_bind_bytes(lua_State *L, int index, size_t *len)
{
    if (lua_type(L, index) == LUA_TSTRING)
        return lua_tolstring(L, index, len);
    const struct ecr_secret *secret = *check(L, index);
    *len = ecr_secret_len(secret);
    return ecr_secret_bytes(secret);
}

enum ecr_status ecr_bind_join(lua_State *L, int table, struct ecr_buf *buf)
{
    enum ecr_status status = ECR_OK;
    lua_Integer count = (lua_Integer)lua_rawlen(L, table);
    for (lua_Integer i = 1; i <= count && status == ECR_OK; i++) {
        size_t len;
        lua_rawgeti(L, table, i);
        const char *bytes = ecr_bind_bytes(L, -1, &len);
        status = ecr_buf_append(buf, bytes, len);
        lua_pop(L, 1);
    }
    return status;
}

/* core.environment_secret(name) -> secret | nil (not set, or empty) */
static int secret_of_environment(lua_State *L)
{
    const char *value = getenv(luaL_checkstring(L, 1));
    if (!value || !value[0])
        return 0;
    ecr_bind_push_secret(L, value, strlen(value));
    return 1;
}

/* core.join{string|secret, ...} -> secret | nil, failure (too large) */
static int secret_join(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct ecr_buf *buf = ecr_bind_buf(L, MAX_SECRET);
    return push_made(L, buf, ecr_bind_join(L, 1, buf), "the parts are too large together");
}

/* secret:base64() -> secret */
static int secret_base64(lua_State *L)
{
    const struct ecr_secret *secret = *check(L, 1);
    struct ecr_buf *buf = ecr_bind_buf(L, MAX_SECRET);
    enum ecr_status status =
        ecr_base64_encode(buf, ecr_secret_bytes(secret), ecr_secret_len(secret));
    return push_made(L, buf, status, "the secret is too large");
}

/* secret:unbase64() -> secret | nil, failure (it is no base64) */
static int secret_unbase64(lua_State *L)
{
    const struct ecr_secret *secret = *check(L, 1);
    struct ecr_buf *buf = ecr_bind_buf(L, MAX_SECRET);
    enum ecr_status status =
        ecr_base64_decode(buf, ecr_secret_bytes(secret), ecr_secret_len(secret));
    return push_made(L, buf, status, "the secret is no base64");
}

/* secret:after(separator) -> secret (what follows the first one) | nil, failure (there is none) */
static int secret_after(lua_State *L)
{
    size_t len;
    const struct ecr_secret *secret = *check(L, 1);
    const char *separator = luaL_checklstring(L, 2, &len), *bytes = ecr_secret_bytes(secret);
    size_t size = ecr_secret_len(secret);
    const char *found = len ? memmem(bytes, size, separator, len) : NULL;
    if (!found)
        return push_made(L, NULL, ECR_INPUT, "the separator is not in the secret");
    ecr_bind_push_secret(L, found + len, size - (size_t)(found + len - bytes));
    return 1;
}

/* secret:json() -> secret (a JSON string with its quotes) | nil, failure (it is not UTF-8) */
static int secret_json(lua_State *L)
{
    const struct ecr_secret *secret = *check(L, 1);
    struct ecr_buf *buf = ecr_bind_buf(L, MAX_SECRET);
    enum ecr_status status = ecr_json_quote(buf, ecr_secret_bytes(secret), ecr_secret_len(secret));
    return push_made(L, buf, status, "the secret is no UTF-8 text");
}

/* core.dpop(pem: secret, url, now: seconds) -> secret (the proof for a POST) | nil, failure */
static int secret_dpop(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const struct ecr_secret *pem = *check(L, 1);
    const char *url = luaL_checklstring(L, 2, &len);
    lua_Number now = luaL_checknumber(L, 3);
    luaL_argcheck(L, now >= 0 && now < 1e12, 3, "is no time");
    struct ecr_buf *buf = ecr_bind_buf(L, ECR_DPOP_MAX);
    if (ecr_dpop_append(buf, ecr_secret_bytes(pem), ecr_secret_len(pem), url, len, now, &error) !=
        ECR_OK)
        return ecr_bind_fail(L, &error);
    ecr_bind_push_secret(L, buf->data, buf->len);
    return 1;
}

/* secret:is_header() -> boolean: whether it can be the value of a header (printable ASCII, not
 * empty) */
static int secret_is_header(lua_State *L)
{
    const struct ecr_secret *secret = *check(L, 1);
    const char *bytes = ecr_secret_bytes(secret);
    size_t len = ecr_secret_len(secret);
    bool fits = len > 0;
    for (size_t i = 0; i < len; i++)
        fits &= bytes[i] >= ' ' && bytes[i] < 0x7f;
    lua_pushboolean(L, fits);
    return 1;
}

/* secret:percent() -> secret (percent-encoded: all but what RFC 3986 calls unreserved) | nil,
 * failure (too large) */
static int secret_percent(lua_State *L)
{
    const struct ecr_secret *secret = *check(L, 1);
    struct ecr_buf *buf = ecr_bind_buf(L, MAX_SECRET);
    enum ecr_status status =
        ecr_uri_encode(buf, ecr_secret_bytes(secret), ecr_secret_len(secret), false);
    return push_made(L, buf, status, "the secret is too large");
}

/* #secret -> integer (bytes) */
static int secret_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)ecr_secret_len(*check(L, 1)));
    return 1;
}

/* secret == secret -> boolean, in constant time for equal lengths */
static int secret_eq(lua_State *L)
{
    struct ecr_secret **a = luaL_testudata(L, 1, ECR_SECRET);
    struct ecr_secret **b = luaL_testudata(L, 2, ECR_SECRET);
    lua_pushboolean(L, a && b && *a && *b && ecr_secret_equal(*a, *b));
    return 1;
}

static int secret_tostring(lua_State *L)
{
    lua_pushliteral(L, "<secret>");
    return 1;
}

/* secret:close() */
static int secret_close(lua_State *L)
{
    struct ecr_secret **box = luaL_checkudata(L, 1, ECR_SECRET);
    ecr_secret_free(*box);
    *box = NULL;
    return 0;
}

static const luaL_Reg methods[] = {
    {"is_header", secret_is_header}, {"reveal", secret_reveal},
    {"close", secret_close},         {"base64", secret_base64},
    {"unbase64", secret_unbase64},   {"after", secret_after},
    {"json", secret_json},           {"percent", secret_percent},
    {"__len", secret_len},           {"__eq", secret_eq},
    {"__tostring", secret_tostring}, {"__gc", secret_close},
    {"__close", secret_close},       {NULL, NULL},
};

void ecr_bind_open_secret(lua_State *L)
{
    ecr_bind_class(L, ECR_SECRET, methods);
    lua_pushcfunction(L, secret_new);
    lua_setfield(L, -2, "secret");
    lua_pushcfunction(L, secret_of_environment);
    lua_setfield(L, -2, "environment_secret");
    lua_pushcfunction(L, secret_join);
    lua_setfield(L, -2, "join");
    lua_pushcfunction(L, secret_dpop);
    lua_setfield(L, -2, "dpop");
}
