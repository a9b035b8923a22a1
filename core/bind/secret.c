/* SPDX-License-Identifier: MIT */
/* `ecr.secret`: text that a script can pass on but not print, compare with a string, concatenate or
 * encode by accident. `reveal` is the one door to a string. */
#include "bind.h"

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
    {"reveal", secret_reveal},       {"close", secret_close},
    {"__len", secret_len},           {"__eq", secret_eq},
    {"__tostring", secret_tostring}, {"__gc", secret_close},
    {"__close", secret_close},       {NULL, NULL},
};

void ecr_bind_open_secret(lua_State *L)
{
    ecr_bind_class(L, ECR_SECRET, methods);
    lua_pushcfunction(L, secret_new);
    lua_setfield(L, -2, "secret");
}
