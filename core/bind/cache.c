/* SPDX-License-Identifier: MIT */
/* The cache of tokens on disk: documents that are read sealed and written from sealed parts, and
 * `ecr.cache_lock`. */
#include "bind.h"

#include <string.h>

#include "../cache.h"

#define LOCK_CLASS "ecr.cache_lock"

struct entry {
    const char *directory, *name;
};

/* The first two arguments, borrowed. */
static struct entry check_entry(lua_State *L)
{
    size_t directory, name;
    struct entry entry = {luaL_checklstring(L, 1, &directory), luaL_checklstring(L, 2, &name)};
    luaL_argcheck(L, directory > 0 && strlen(entry.directory) == directory, 1, "is no directory");
    luaL_argcheck(L, ecr_cache_is_name(entry.name, name), 2, "is no name for a file of the cache");
    return entry;
}

/* true | nil, failure. Returns as a lua_CFunction. */
static int push_done(lua_State *L, enum ecr_status status, const struct ecr_error *error)
{
    if (status != ECR_OK)
        return ecr_bind_fail(L, error);
    lua_pushboolean(L, 1);
    return 1;
}

/* nil, and a failure that says what is wrong with the JSON. Returns as a lua_CFunction. */
static int fail_document(lua_State *L, const struct entry *entry, const struct ecr_error *why)
{
    struct ecr_error error;
    if (why->status == ECR_NOMEM)
        return ecr_bind_fail(L, why);
    ecr_fail(&error, ECR_AUTH, "corrupt", "%.120s/%s is not used: %.100s", entry->directory,
             entry->name, why->message);
    return ecr_bind_fail(L, &error);
}

/* core.cache_read(directory, name, document) -> table | nil (nothing there) | nil, failure */
static int cache_read(lua_State *L)
{
    bool found;
    struct ecr_error error;
    struct entry entry = check_entry(L);
    const struct ecr_shape *shape = ecr_model_document(luaL_checkstring(L, 3));
    luaL_argcheck(L, shape, 3, "no such document in the model");
    struct ecr_buf *buf = ecr_bind_buf(L, ECR_CACHE_MAX + 1);
    if (ecr_cache_read(entry.directory, entry.name, buf, &found, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    if (!ecr_bind_decode(L, shape, buf->data, buf->len, &error))
        return fail_document(L, &entry, &error);
    ecr_buf_clear(buf);
    return 1;
}

/* core.cache_write(directory, name, {string|secret, ...}) -> true | nil, failure: whole or not at
 * all, its owner's only, in a directory that is its owner's only */
static int cache_write(lua_State *L)
{
    struct ecr_error error;
    struct entry entry = check_entry(L);
    luaL_checktype(L, 3, LUA_TTABLE);
    struct ecr_buf *buf = ecr_bind_buf(L, ECR_CACHE_MAX);
    enum ecr_status status = ecr_bind_join(L, 3, buf);
    if (status == ECR_OK)
        status = ecr_cache_write(entry.directory, entry.name, buf->data, buf->len, &error);
    else if (status == ECR_NOMEM)
        ecr_fail_nomem(&error);
    else
        ecr_fail(&error, ECR_CONFIG, "write", "%.120s/%s cannot be written: it is too large",
                 entry.directory, entry.name);
    ecr_buf_clear(buf);
    return push_done(L, status, &error);
}

/* core.cache_remove(directory, name) -> true (it is not there) | nil, failure */
static int cache_remove(lua_State *L)
{
    struct ecr_error error;
    struct entry entry = check_entry(L);
    return push_done(L, ecr_cache_remove(entry.directory, entry.name, &error), &error);
}

/* core.cache_lock(directory, name) -> lock | nil (somebody else has it) | nil, failure. Never
 * waits. A lock ends with its process, however that ends. */
static int cache_lock(lua_State *L)
{
    struct ecr_error error;
    struct entry entry = check_entry(L);
    int *lock = lua_newuserdatauv(L, sizeof *lock, 0);
    *lock = -1;
    luaL_setmetatable(L, LOCK_CLASS);
    if (ecr_cache_lock(entry.directory, entry.name, lock, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    if (*lock < 0)
        lua_pushnil(L);
    return 1;
}

/* lock:close() */
static int lock_close(lua_State *L)
{
    int *lock = luaL_checkudata(L, 1, LOCK_CLASS);
    ecr_cache_unlock(*lock);
    *lock = -1;
    return 0;
}

static const luaL_Reg lock_methods[] = {
    {"close", lock_close}, {"__gc", lock_close}, {"__close", lock_close}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"cache_read", cache_read},
    {"cache_write", cache_write},
    {"cache_remove", cache_remove},
    {"cache_lock", cache_lock},
    {NULL, NULL},
};

void ecr_bind_open_cache(lua_State *L)
{
    ecr_bind_class(L, LOCK_CLASS, lock_methods);
    luaL_setfuncs(L, functions, 0);
}
