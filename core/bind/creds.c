/* SPDX-License-Identifier: MIT */
/* `ecr.creds`: credentials as Lua sees them, which is hardly at all: where they came from and
 * whether they are closed. The signer in C is the only reader. */
#include "bind.h"

#include <string.h>

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

/* core.creds_static(id, key: string|secret, token: string|secret|nil) -> creds | nil, failure */
static int creds_static(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *id = luaL_checklstring(L, 1, &len);
    luaL_argcheck(L, strlen(id) == len, 1, "holds a zero byte");
    bool has_token = !lua_isnoneornil(L, 3);
    const struct ecr_secret *key = ecr_bind_check_secret(L, 2);
    const struct ecr_secret *token = has_token ? ecr_bind_check_secret(L, 3) : NULL;
    struct ecr_creds **box = new_box(L);
    if (ecr_creds_new(id, key, token, "static", box, &error) != ECR_OK)
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
    {"source", creds_source}, {"close", creds_close},   {"__tostring", creds_tostring},
    {"__gc", creds_close},    {"__close", creds_close}, {NULL, NULL},
};

void ecr_bind_open_creds(lua_State *L)
{
    ecr_bind_class(L, ECR_CREDS, methods);
    lua_pushcfunction(L, creds_static);
    lua_setfield(L, -2, "creds_static");
    lua_pushcfunction(L, creds_environment);
    lua_setfield(L, -2, "creds_environment");
}
