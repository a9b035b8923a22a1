/* SPDX-License-Identifier: MIT */
/* `ecr.creds`: credentials as Lua sees them, which is hardly at all: where they came from, whose
 * they are and until when, and whether they are closed. The signer in C is the only reader. */
#include "bind.h"

#include <string.h>

#include "../hash.h"

static struct ecr_creds **new_box(lua_State *L)
{
    struct ecr_creds **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, ECR_CREDS);
    return box;
}

struct ecr_creds *ecr_bind_check_creds(lua_State *L, int index)
{
    struct ecr_creds **box = luaL_checkudata(L, index, ECR_CREDS);
    if (!*box)
        luaL_error(L, "credentials are closed");
    return *box;
}

/* [-0, +1, m] Gives NULL where the field is absent and may be. */
static const char *text_of(lua_State *L, const char *name, bool required)
{
    size_t len;
    int type = ecr_bind_rawget(L, 1, name);
    if (type == LUA_TNIL && !required)
        return NULL;
    if (type != LUA_TSTRING)
        luaL_error(L, "creds.%s must be a string", name);
    const char *text = lua_tolstring(L, -1, &len);
    if (strlen(text) != len)
        luaL_error(L, "creds.%s holds a zero byte", name);
    return text;
}

/* [-0, +2, m] The same for a string or secret. */
static const struct ecr_secret *secret_of(lua_State *L, const char *name, bool required)
{
    int type = ecr_bind_rawget(L, 1, name);
    if (type == LUA_TNIL && !required) {
        lua_pushnil(L);
        return NULL;
    }
    if (type != LUA_TSTRING && type != LUA_TUSERDATA)
        luaL_error(L, "creds.%s must be a string or a secret", name);
    return ecr_bind_check_secret(L, lua_gettop(L));
}

/* [-0, +1, m] */
static double expiry_of(lua_State *L)
{
    int type = ecr_bind_rawget(L, 1, "expires");
    if (type != LUA_TNIL && type != LUA_TNUMBER)
        luaL_error(L, "creds.expires must be a number");
    return type == LUA_TNIL ? ECR_CREDS_NEVER : lua_tonumber(L, -1);
}

/* core.creds{id=, key=: string|secret, token=: string|secret?, expires=: number?, account=:
 * string?, source=} -> creds | nil, failure */
static int creds_new(lua_State *L)
{
    struct ecr_error error;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct ecr_creds_parts parts = {
        .id = text_of(L, "id", true),
        .key = secret_of(L, "key", true),
        .token = secret_of(L, "token", false),
        .expires = expiry_of(L),
        .account = text_of(L, "account", false),
        .source = text_of(L, "source", true),
    };
    struct ecr_creds **box = new_box(L);
    ecr_bind_check_open(L, 2, lua_gettop(L) - 1);
    if (ecr_creds_new(&parts, box, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    return 1;
}

/* core.creds_environment() -> creds | nil (none there) | nil, failure */
static int creds_environment(lua_State *L)
{
    struct ecr_error error;
    struct ecr_creds **box = new_box(L);
    if (ecr_creds_from_environment(box, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    if (!*box)
        lua_pushnil(L);
    return 1;
}

/* creds:source() -> string: "static", "environment" */
static int creds_source(lua_State *L)
{
    lua_pushstring(L, ecr_creds_source(ecr_bind_check_creds(L, 1)));
    return 1;
}

/* creds:expires() -> number (seconds since the epoch) | nil (never) */
static int creds_expires(lua_State *L)
{
    double expires = ecr_creds_expires(ecr_bind_check_creds(L, 1));
    if (expires == ECR_CREDS_NEVER)
        return 0;
    lua_pushnumber(L, expires);
    return 1;
}

/* creds:account() -> string (twelve digits) | nil (not known) */
static int creds_account(lua_State *L)
{
    const char *account = ecr_creds_account(ecr_bind_check_creds(L, 1));
    if (!account[0])
        return 0;
    lua_pushstring(L, account);
    return 1;
}

/* creds:key_hash() -> string: SHA-256 of the access key id, which tells identities apart and does
 * not show it */
static int creds_key_hash(lua_State *L)
{
    unsigned char hash[ECR_SHA256_SIZE];
    const char *id = ecr_creds_id(ecr_bind_check_creds(L, 1));
    return ecr_bind_push_hash(L, ecr_sha256(id, strlen(id), hash), hash, sizeof hash);
}

static int creds_tostring(lua_State *L)
{
    struct ecr_creds **box = luaL_checkudata(L, 1, ECR_CREDS);
    lua_pushfstring(L, "credentials (%s)", *box ? ecr_creds_source(*box) : "closed");
    return 1;
}

/* creds:close() */
static int creds_close(lua_State *L)
{
    struct ecr_creds **box = luaL_checkudata(L, 1, ECR_CREDS);
    ecr_creds_free(*box);
    *box = NULL;
    return 0;
}

static const luaL_Reg methods[] = {
    {"source", creds_source},     {"expires", creds_expires},     {"account", creds_account},
    {"key_hash", creds_key_hash}, {"close", creds_close},         {"__gc", creds_close},
    {"__close", creds_close},     {"__tostring", creds_tostring}, {NULL, NULL},
};

void ecr_bind_check_open(lua_State *L, int first, int last)
{
    for (int i = first; i <= last; i++) {
        struct ecr_creds **creds = luaL_testudata(L, i, ECR_CREDS);
        struct ecr_secret **secret = luaL_testudata(L, i, ECR_SECRET);
        if (creds && !*creds)
            luaL_error(L, "credentials are closed");
        if (secret && !*secret)
            luaL_error(L, "secret is closed");
    }
}

void ecr_bind_open_creds(lua_State *L)
{
    ecr_bind_class(L, ECR_CREDS, methods);
    lua_pushcfunction(L, creds_new);
    lua_setfield(L, -2, "creds");
    lua_pushcfunction(L, creds_environment);
    lua_setfield(L, -2, "creds_environment");
}
