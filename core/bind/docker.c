/* SPDX-License-Identifier: MIT */
/* The file of docker's and podman's credentials. None of its bytes becomes a Lua string, but for
 * the name of a helper. */
#include "bind.h"

#include "../docker.h"

struct entries {
    struct ecr_docker_entry list[ECR_DOCKER_MAX_ENTRIES];
    size_t count;
};

/* The string at the top, which must stay there. */
static void take_registry(lua_State *L, struct ecr_docker_entry *entry)
{
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "a registry is no string");
    entry->registry = lua_tolstring(L, -1, &entry->registry_len);
    luaL_argcheck(L, ecr_docker_is_registry(entry->registry, entry->registry_len), 2,
                  "a registry's name is none");
}

static lua_Integer check_list(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, 2);
    luaL_argcheck(L, count <= ECR_DOCKER_MAX_ENTRIES, 2, "there are too many of them");
    luaL_checkstack(L, 3 * ECR_DOCKER_MAX_ENTRIES, NULL);
    return (lua_Integer)count;
}

/* [-0, +n, -] {registry, ...}. What is borrowed stays on the stack: a finalizer may empty the
 * table. */
static void take_names(lua_State *L, struct entries *entries)
{
    lua_Integer count = check_list(L);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, i);
        take_registry(L, &entries->list[entries->count++]);
    }
}

/* [-0, +n, m] {{registry=, auth=}, ...} */
static void take_auths(lua_State *L, struct entries *entries)
{
    lua_Integer count = check_list(L);
    int first = lua_gettop(L) + 1;
    for (lua_Integer i = 1; i <= count; i++) {
        struct ecr_docker_entry *entry = &entries->list[entries->count++];
        luaL_argcheck(L, lua_rawgeti(L, 2, i) == LUA_TTABLE, 2, "one of them is no table");
        int row = lua_gettop(L);
        ecr_bind_rawget(L, row, "registry");
        take_registry(L, entry);
        ecr_bind_rawget(L, row, "auth");
        entry->value = ecr_bind_bytes(L, -1, &entry->len);
    }
    ecr_bind_check_open(L, first, lua_gettop(L));
}

static enum ecr_status edit(const char *path, enum ecr_docker_verb verb,
                            const struct entries *entries, size_t *done, struct ecr_error *error)
{
    const struct ecr_docker_edit wanted = {verb, entries->list, entries->count};
    return ecr_docker_edit_file(path, &wanted, done, error);
}

/* [-0, +1 or +2, m] true | nil, failure. Returns as a lua_CFunction. */
static int put(lua_State *L, const char *path, enum ecr_docker_verb verb,
               const struct entries *entries)
{
    struct ecr_error error;
    size_t done;
    if (edit(path, verb, entries, &done, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.docker_config_set(path, {{registry=, auth=string|secret}, ...}) -> true | nil, failure. Each
 * `auth` is base64 of "user:password". */
static int docker_set(lua_State *L)
{
    struct entries entries = {.count = 0};
    const char *path = ecr_bind_check_text(L, 1);
    take_auths(L, &entries);
    return put(L, path, ECR_DOCKER_SET, &entries);
}

/* core.docker_config_set_helper(path, {registry, ...}, helper) -> true | nil, failure */
static int docker_set_helper(lua_State *L)
{
    struct entries entries = {.count = 0};
    size_t len;
    const char *path = ecr_bind_check_text(L, 1);
    const char *helper = luaL_checklstring(L, 3, &len);
    luaL_argcheck(L, ecr_docker_is_helper(helper, len), 3, "is no helper's name");
    take_names(L, &entries);
    for (size_t i = 0; i < entries.count; i++) {
        entries.list[i].value = helper;
        entries.list[i].len = len;
    }
    return put(L, path, ECR_DOCKER_HELPER, &entries);
}

/* [-0, +1 or +2, m] How many were there | nil, failure. Returns as a lua_CFunction. */
static int take_out(lua_State *L, enum ecr_docker_verb verb)
{
    struct entries entries = {.count = 0};
    struct ecr_error error;
    size_t removed;
    const char *path = ecr_bind_check_text(L, 1);
    take_names(L, &entries);
    if (edit(path, verb, &entries, &removed, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushinteger(L, (lua_Integer)removed);
    return 1;
}

/* core.docker_config_remove(path, {registry, ...}) -> integer (how many were there) | nil, failure
 */
static int docker_remove(lua_State *L)
{
    return take_out(L, ECR_DOCKER_REMOVE);
}

/* core.docker_config_drop_helper(path, {registry, ...}) -> integer (how many were there) | nil,
 * failure: docker looks for their logins in the file again, or asks the helper for all */
static int docker_drop_helper(lua_State *L)
{
    return take_out(L, ECR_DOCKER_FORGET);
}

/* core.docker_config_helper(path, registry) -> string | nil (none: docker reads `auths`) | nil,
 * failure */
static int docker_helper(lua_State *L)
{
    struct ecr_error error;
    size_t len;
    const char *path = ecr_bind_check_text(L, 1);
    const char *registry = luaL_checklstring(L, 2, &len);
    luaL_argcheck(L, ecr_docker_is_registry(registry, len), 2, "is no registry's name");
    struct ecr_buf *helper = ecr_bind_buf(L, ECR_DOCKER_MAX_FILE);
    if (ecr_docker_helper_of(path, registry, len, helper, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    if (helper->len > 0)
        lua_pushlstring(L, helper->data, helper->len);
    else
        lua_pushnil(L);
    ecr_buf_clear(helper);
    return 1;
}

static const luaL_Reg functions[] = {
    {"docker_config_set", docker_set},       {"docker_config_set_helper", docker_set_helper},
    {"docker_config_remove", docker_remove}, {"docker_config_drop_helper", docker_drop_helper},
    {"docker_config_helper", docker_helper}, {NULL, NULL},
};

void ecr_bind_open_docker(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
