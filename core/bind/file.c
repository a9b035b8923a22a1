/* SPDX-License-Identifier: MIT */
/* `ecr.file`: a file that gets its name when it is whole, for whoever has the bytes without asking
 * the network: the simulator. */
#include "bind.h"

#include <string.h>

#define FILE_CLASS "ecr.file"

static struct ecr_file *check(lua_State *L)
{
    struct ecr_file **box = luaL_checkudata(L, 1, FILE_CLASS);
    if (!*box)
        luaL_error(L, "file is closed");
    return *box;
}

/* A string of the table, which keeps it alive. */
static const char *text_of(lua_State *L, int table, const char *name, size_t *len)
{
    if (ecr_bind_rawget(L, table, name) != LUA_TSTRING)
        luaL_error(L, "%s must be a string", name);
    const char *text = lua_tolstring(L, -1, len);
    lua_pop(L, 1);
    return text;
}

bool ecr_bind_read_target(lua_State *L, int table, struct ecr_file_target *target,
                          struct ecr_error *error)
{
    size_t len;
    target->path = text_of(L, table, "path", &len);
    target->digest = text_of(L, table, "digest", &target->digest_len);
    ecr_bind_rawget(L, table, "size");
    lua_Integer size = luaL_checkinteger(L, -1);
    if (size < 0)
        luaL_error(L, "size must not be negative");
    target->size = (uint64_t)size;
    ecr_bind_rawget(L, table, "resume");
    target->resume = lua_toboolean(L, -1);
    lua_pop(L, 2);
    if (strlen(target->path) == len)
        return true;
    ecr_fail(error, ECR_CONFIG, "write", "%.200s... cannot be written: its name has a zero byte",
             target->path);
    return false;
}

/* core.file{path=, digest=, size=, resume=} -> file | nil, failure */
static int file_open(lua_State *L)
{
    struct ecr_error error;
    struct ecr_file_target target;
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!ecr_bind_read_target(L, 1, &target, &error))
        return ecr_bind_fail(L, &error);
    struct ecr_file **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, FILE_CLASS);
    return ecr_file_open(&target, box, &error) == ECR_OK ? 1 : ecr_bind_fail(L, &error);
}

/* file:have() -> integer: bytes that are there */
static int file_have(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)ecr_file_have(check(L)));
    return 1;
}

/* true | nil, failure. Returns as a lua_CFunction. */
static int push_done(lua_State *L, enum ecr_status status, const struct ecr_error *error)
{
    if (status != ECR_OK)
        return ecr_bind_fail(L, error);
    lua_pushboolean(L, 1);
    return 1;
}

/* file:begin(status, content_range?) -> true | nil, failure */
static int file_begin(lua_State *L)
{
    struct ecr_error error;
    long status = (long)luaL_checkinteger(L, 2);
    return push_done(L, ecr_file_begin(check(L), status, luaL_optstring(L, 3, NULL), &error),
                     &error);
}

/* file:write(bytes) -> true | nil, failure */
static int file_write(lua_State *L)
{
    size_t len;
    struct ecr_error error;
    const char *bytes = luaL_checklstring(L, 2, &len);
    return push_done(L, ecr_file_write(check(L), bytes, len, &error), &error);
}

/* file:commit() -> true | nil, failure */
static int file_commit(lua_State *L)
{
    struct ecr_error error;
    return push_done(L, ecr_file_commit(check(L), &error), &error);
}

/* file:close() */
static int file_close(lua_State *L)
{
    struct ecr_file **box = luaL_checkudata(L, 1, FILE_CLASS);
    ecr_file_close(*box);
    *box = NULL;
    return 0;
}

static const luaL_Reg methods[] = {
    {"have", file_have},   {"begin", file_begin}, {"write", file_write},   {"commit", file_commit},
    {"close", file_close}, {"__gc", file_close},  {"__close", file_close}, {NULL, NULL},
};

void ecr_bind_open_file(lua_State *L)
{
    ecr_bind_class(L, FILE_CLASS, methods);
    lua_pushcfunction(L, file_open);
    lua_setfield(L, -2, "file");
}
