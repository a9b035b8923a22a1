/* SPDX-License-Identifier: MIT */
/* The module "ecr.core": everything C does for Lua. Nothing here is public; lua/ecr.lua is. */
#include "bind.h"

#include <string.h>

#include "../clock.h"
#include "../version.h"

static int buf_gc(lua_State *L)
{
    ecr_buf_clear(luaL_checkudata(L, 1, "ecr.buf"));
    return 0;
}

struct ecr_buf *ecr_bind_buf(lua_State *L, size_t max)
{
    struct ecr_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
    ecr_buf_init_secret(buf, max);
    luaL_setmetatable(L, "ecr.buf");
    return buf;
}

const char *ecr_bind_check_text(lua_State *L, int index)
{
    size_t len;
    const char *text = luaL_checklstring(L, index, &len);
    luaL_argcheck(L, strlen(text) == len, index, "holds a zero byte");
    return text;
}

void ecr_bind_push_failure(lua_State *L, const struct ecr_error *error)
{
    lua_createtable(L, 0, 3);
    lua_pushstring(L, ecr_status_name(error->status));
    lua_setfield(L, -2, "kind");
    if (error->code[0]) {
        lua_pushstring(L, error->code);
        lua_setfield(L, -2, "code");
    }
    lua_pushstring(L, error->message);
    lua_setfield(L, -2, "message");
}

int ecr_bind_fail(lua_State *L, const struct ecr_error *error)
{
    if (error->status == ECR_NOMEM)
        return luaL_error(L, "not enough memory");
    lua_pushnil(L);
    ecr_bind_push_failure(L, error);
    return 2;
}

void ecr_bind_class(lua_State *L, const char *name, const luaL_Reg *functions)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, functions, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2,
                 "__metatable"); /* no getmetatable: methods cannot be replaced by a script */
    lua_pop(L, 1);
}

/* core.clock() -> monotonic, wall (seconds) */
static int clock_now(lua_State *L)
{
    lua_pushnumber(L, ecr_clock_monotonic());
    lua_pushnumber(L, ecr_clock_wall());
    return 2;
}

static const luaL_Reg buf_functions[] = {{"__gc", buf_gc}, {"__close", buf_gc}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"clock", clock_now}, {NULL, NULL}};

int luaopen_ecr_core(lua_State *L);

__attribute__((visibility("default"))) int luaopen_ecr_core(lua_State *L)
{
    luaL_checkversion(L);
    ecr_bind_class(L, "ecr.buf", buf_functions);
    luaL_newlib(L, functions);
    lua_pushliteral(L, ECRLUA_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushlightuserdata(L, NULL); /* as lua-cjson spells null */
    lua_setfield(L, -2, "null");
    luaL_newmetatable(L, ECR_LIST);
    lua_setfield(L, -2, "list");
    ecr_bind_open_secret(L);
    ecr_bind_open_creds(L);
    ecr_bind_open_model(L);
    ecr_bind_open_encode(L);
    ecr_bind_open_text(L);
    ecr_bind_open_host(L);
    ecr_bind_open_store(L);
    ecr_bind_open_cache(L);
    ecr_bind_open_ini(L);
    ecr_bind_open_docker(L);
    ecr_bind_open_file(L);
    ecr_bind_open_http(L);
    return 1;
}
