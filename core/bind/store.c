/* SPDX-License-Identifier: MIT */
/* Small files that hold secrets, read into sealed values and written from them. */
#include "bind.h"

#include <string.h>

#include "../store.h"

#define MAX_FILE ((lua_Integer)1024 * 1024)

/* core.read_secret(path, max: integer) -> secret (without the end of the line) | nil, failure */
static int store_read_secret(lua_State *L)
{
    struct ecr_error error;
    const char *path = ecr_bind_check_text(L, 1);
    lua_Integer max = luaL_checkinteger(L, 2);
    luaL_argcheck(L, max > 0 && max <= MAX_FILE, 2, "is no size of a secret");
    struct ecr_buf *buf = ecr_bind_buf(L, (size_t)max + ECR_STORE_SPARE);
    if (ecr_store_read_line(path, (size_t)max, buf, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    ecr_bind_push_secret(L, buf->data, buf->len);
    ecr_buf_clear(buf);
    return 1;
}

/* nil, and a failure that names the file unless it does already. Returns as a lua_CFunction. */
static int fail_document(lua_State *L, const char *path, struct ecr_error *why)
{
    struct ecr_error error;
    if (why->status == ECR_NOMEM)
        return ecr_bind_fail(L, why);
    if (why->status == ECR_AUTH)
        ecr_fail(&error, ECR_AUTH, "file", "%s", why->message);
    else
        ecr_fail(&error, ECR_AUTH, "file", "%.200s: %s", path, why->message);
    return ecr_bind_fail(L, &error);
}

/* core.read_document(path, document) -> table | nil (no such file) | nil, failure. `document` is a
 * name from the model's overlay. */
static int store_read_document(lua_State *L)
{
    struct ecr_error error;
    const char *path = ecr_bind_check_text(L, 1);
    const struct ecr_shape *shape = ecr_model_document(luaL_checkstring(L, 2));
    luaL_argcheck(L, shape, 2, "no such document in the model");
    struct ecr_buf *buf = ecr_bind_buf(L, (size_t)MAX_FILE + ECR_STORE_SPARE);
    enum ecr_status status = ecr_store_read(path, (size_t)MAX_FILE, buf, &error);
    if (status == ECR_AUTH && strcmp(error.code, "no_file") == 0) {
        lua_pushnil(L);
        return 1;
    }
    if (status != ECR_OK || !ecr_bind_decode(L, shape, buf->data, buf->len, &error))
        return fail_document(L, path, &error);
    ecr_buf_clear(buf);
    return 1;
}

/* core.replace_file(path, {string|secret, ...}) -> true | nil, failure: whole or not at all, its
 * owner's only */
static int store_replace(lua_State *L)
{
    struct ecr_error error;
    const char *path = ecr_bind_check_text(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct ecr_buf *buf = ecr_bind_buf(L, (size_t)MAX_FILE);
    enum ecr_status status = ecr_bind_join(L, 2, buf);
    if (status == ECR_OK)
        status = ecr_store_replace(path, buf->data, buf->len, &error);
    else if (status == ECR_NOMEM)
        ecr_fail_nomem(&error);
    else
        ecr_fail(&error, ECR_CONFIG, "write", "%.200s cannot be written: it is too large", path);
    ecr_buf_clear(buf);
    if (status != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.can_replace(path) -> true | nil, failure: whether replace_file would get that far. What is
 * there is not touched. */
static int store_can_replace(lua_State *L)
{
    struct ecr_error error;
    if (ecr_store_try(ecr_bind_check_text(L, 1), &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

static const luaL_Reg functions[] = {
    {"read_secret", store_read_secret},
    {"read_document", store_read_document},
    {"replace_file", store_replace},
    {"can_replace", store_can_replace},
    {NULL, NULL},
};

void ecr_bind_open_store(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
