/* SPDX-License-Identifier: MIT */
/* A Lua table to the JSON body of an operation, checked against the model on the way: required
 * members, types, sizes, patterns, enums. Raw access only: no metamethod of the caller's runs. What
 * is wrong is told with the path to it in the caller's own names. */
#include "bind.h"

#include <stdio.h>
#include <string.h>

#include "../base64.h"
#include "../check.h"
#include "../json.h"

#define MAX_BODY ((size_t)64 * 1024 * 1024) /* a layer part is 28 MB of base64 */
#define MAX_PATH 16

struct encoder {
    lua_State *L;
    struct ecr_checker *checker;
    struct ecr_buf *out;
    struct ecr_error *error;
    size_t depth;
    struct {
        const char *name; /* NULL = an index */
        lua_Integer index;
    } path[MAX_PATH];
};

static enum ecr_status encode(struct encoder *encoder, const struct ecr_shape *shape);

/* Puts the path in front of what is wrong: "image_ids[2].image_tag: must ...". */
static enum ecr_status refuse(struct encoder *encoder, const char *what)
{
    char text[sizeof encoder->error->message];
    size_t used = 0;
    snprintf(text, sizeof text, "%s", what); /* may be error->message itself */
    char *out = encoder->error->message;
    size_t size = sizeof encoder->error->message;
    out[0] = '\0';
    for (size_t i = 0; i < encoder->depth && used < size; i++) {
        if (encoder->path[i].name)
            used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "." : "",
                                     encoder->path[i].name);
        else
            used += (size_t)snprintf(out + used, size - used, "[%lld]",
                                     (long long)encoder->path[i].index);
    }
    if (used < size)
        snprintf(out + used, size - used, "%s%s", used ? ": " : "", text);
    encoder->error->status = ECR_INPUT;
    encoder->error->code[0] = '\0';
    return ECR_INPUT;
}

static enum ecr_status refuse_type(struct encoder *encoder, const char *expected)
{
    char text[80];
    snprintf(text, sizeof text, "must be %s, not a %s", expected, luaL_typename(encoder->L, -1));
    return refuse(encoder, text);
}

/* ECR_OK, lack of memory, or a body that grew too large. */
static enum ecr_status wrote(struct encoder *encoder, enum ecr_status status)
{
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(encoder->error);
    return status == ECR_OK ? ECR_OK : refuse(encoder, "the request is too large");
}

static enum ecr_status checked(struct encoder *encoder, enum ecr_status status)
{
    return status == ECR_INPUT ? refuse(encoder, encoder->error->message) : status;
}

static enum ecr_status enter(struct encoder *encoder, const char *name, lua_Integer index)
{
    if (encoder->depth == MAX_PATH)
        return refuse(encoder, "is nested too deeply");
    encoder->path[encoder->depth].name = name;
    encoder->path[encoder->depth++].index = index;
    luaL_checkstack(encoder->L, 6, "input is nested too deeply");
    return ECR_OK;
}

static enum ecr_status encode_string(struct encoder *encoder, const struct ecr_shape *shape)
{
    size_t len;
    if (lua_type(encoder->L, -1) != LUA_TSTRING)
        return refuse_type(encoder, "a string");
    const char *text = lua_tolstring(encoder->L, -1, &len);
    enum ecr_status status = ecr_check_text(encoder->checker, shape, text, len, encoder->error);
    if (status != ECR_OK)
        return checked(encoder, status);
    status = ecr_json_quote(encoder->out, text, len);
    return status == ECR_INPUT ? refuse(encoder, "is not valid UTF-8") : wrote(encoder, status);
}

static enum ecr_status encode_blob(struct encoder *encoder, const struct ecr_shape *shape)
{
    size_t len;
    if (lua_type(encoder->L, -1) != LUA_TSTRING)
        return refuse_type(encoder, "a string of bytes");
    const char *bytes = lua_tolstring(encoder->L, -1, &len);
    enum ecr_status status = checked(encoder, ecr_check_count(shape, len, encoder->error));
    if (status == ECR_OK)
        status = wrote(encoder, ecr_buf_byte(encoder->out, '"'));
    if (status == ECR_OK)
        status = wrote(encoder, ecr_base64_encode(encoder->out, bytes, len));
    return status == ECR_OK ? wrote(encoder, ecr_buf_byte(encoder->out, '"')) : status;
}

static enum ecr_status encode_integer(struct encoder *encoder, const struct ecr_shape *shape)
{
    char text[32];
    int whole;
    lua_Integer value = lua_tointegerx(encoder->L, -1, &whole);
    if (lua_type(encoder->L, -1) != LUA_TNUMBER)
        return refuse_type(encoder, "an integer");
    if (!whole)
        return refuse(encoder, "must be a whole number");
    enum ecr_status status = checked(encoder, ecr_check_integer(shape, value, encoder->error));
    if (status != ECR_OK)
        return status;
    snprintf(text, sizeof text, "%lld", (long long)value);
    return wrote(encoder, ecr_buf_text(encoder->out, text));
}

/* Doubles and timestamps. */
static enum ecr_status encode_number(struct encoder *encoder)
{
    char text[40];
    if (lua_type(encoder->L, -1) != LUA_TNUMBER)
        return refuse_type(encoder, "a number");
    lua_Number value = lua_tonumber(encoder->L, -1);
    if (value - value != 0)
        return refuse(encoder, "must be a finite number");
    snprintf(text, sizeof text, "%.17g", value);
    return wrote(encoder, ecr_buf_text(encoder->out, text));
}

static enum ecr_status encode_boolean(struct encoder *encoder)
{
    if (!lua_isboolean(encoder->L, -1))
        return refuse_type(encoder, "true or false");
    const char *text = lua_toboolean(encoder->L, -1) ? "true" : "false";
    return wrote(encoder, ecr_buf_text(encoder->out, text));
}

/* The table at the top must have nothing but 1..n. */
static enum ecr_status check_list(struct encoder *encoder, lua_Integer count)
{
    lua_State *L = encoder->L;
    lua_Integer keys = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        keys++;
    }
    return keys == count ? ECR_OK : refuse(encoder, "must be a list: {first, second, ...}");
}

static enum ecr_status encode_list(struct encoder *encoder, const struct ecr_shape *shape)
{
    lua_State *L = encoder->L;
    if (!lua_istable(L, -1))
        return refuse_type(encoder, "a list");
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    enum ecr_status status = check_list(encoder, count);
    if (status == ECR_OK)
        status = checked(encoder, ecr_check_count(shape, (size_t)count, encoder->error));
    if (status == ECR_OK)
        status = wrote(encoder, ecr_buf_byte(encoder->out, '['));
    for (lua_Integer i = 1; i <= count && status == ECR_OK; i++) {
        if (i > 1 && wrote(encoder, ecr_buf_byte(encoder->out, ',')) != ECR_OK)
            return encoder->error->status;
        status = enter(encoder, NULL, i);
        if (status != ECR_OK)
            return status;
        lua_rawgeti(L, -1, i);
        status = encode(encoder, shape->element);
        lua_pop(L, 1);
        encoder->depth--;
    }
    return status == ECR_OK ? wrote(encoder, ecr_buf_byte(encoder->out, ']')) : status;
}

/* The value is at the top, its key below. */
static enum ecr_status encode_pair(struct encoder *encoder, const struct ecr_shape *shape)
{
    lua_State *L = encoder->L;
    if (lua_type(L, -2) != LUA_TSTRING)
        return refuse(encoder, "has a key that is no string");
    enum ecr_status status = enter(encoder, lua_tostring(L, -2), 0);
    if (status != ECR_OK)
        return status;
    lua_pushvalue(L, -2);
    status = encode_string(encoder, shape->key);
    lua_pop(L, 1);
    if (status == ECR_OK)
        status = wrote(encoder, ecr_buf_byte(encoder->out, ':'));
    if (status == ECR_OK)
        status = encode(encoder, shape->element);
    encoder->depth--;
    return status;
}

static enum ecr_status encode_map(struct encoder *encoder, const struct ecr_shape *shape)
{
    lua_State *L = encoder->L;
    size_t count = 0;
    if (!lua_istable(L, -1))
        return refuse_type(encoder, "a table");
    enum ecr_status status = wrote(encoder, ecr_buf_byte(encoder->out, '{'));
    lua_pushnil(L);
    while (status == ECR_OK && lua_next(L, -2)) {
        if (count++ > 0)
            status = wrote(encoder, ecr_buf_byte(encoder->out, ','));
        if (status == ECR_OK)
            status = encode_pair(encoder, shape);
        lua_pop(L, 1);
    }
    if (status != ECR_OK)
        return status; /* the stack is dropped with the call */
    status = checked(encoder, ecr_check_count(shape, count, encoder->error));
    return status == ECR_OK ? wrote(encoder, ecr_buf_byte(encoder->out, '}')) : status;
}

/* Every key of the table at the top must be a member. */
static enum ecr_status check_keys(struct encoder *encoder, const struct ecr_shape *shape)
{
    lua_State *L = encoder->L;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        size_t len;
        char text[200];
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            return refuse(encoder, "has a key that is no name");
        const char *name = lua_tolstring(L, -1, &len);
        if (ecr_model_named(shape, name, len))
            continue;
        snprintf(text, sizeof text, "%s has no member \"%.60s\"", shape->name, name);
        snprintf(encoder->error->code, sizeof encoder->error->code, "unknown_member");
        return refuse(encoder, text);
    }
    return ECR_OK;
}

static enum ecr_status encode_member(struct encoder *encoder, const struct ecr_member *member,
                                     size_t *written)
{
    if (*written > 0 && wrote(encoder, ecr_buf_byte(encoder->out, ',')) != ECR_OK)
        return encoder->error->status;
    ++*written;
    enum ecr_status status =
        wrote(encoder, ecr_json_quote(encoder->out, member->wire, member->wire_len));
    if (status == ECR_OK)
        status = wrote(encoder, ecr_buf_byte(encoder->out, ':'));
    return status == ECR_OK ? encode(encoder, member->shape) : status;
}

static enum ecr_status encode_structure(struct encoder *encoder, const struct ecr_shape *shape)
{
    lua_State *L = encoder->L;
    size_t written = 0;
    if (!lua_istable(L, -1))
        return refuse_type(encoder, "a table");
    enum ecr_status status = check_keys(encoder, shape);
    if (status == ECR_OK)
        status = wrote(encoder, ecr_buf_byte(encoder->out, '{'));
    for (size_t i = 0; i < shape->member_count && status == ECR_OK; i++) {
        const struct ecr_member *member = &shape->members[i];
        status = enter(encoder, member->name, 0);
        if (status != ECR_OK)
            return status;
        lua_pushlstring(L, member->name, member->name_len);
        lua_rawget(L, -2);
        if (!lua_isnil(L, -1))
            status = encode_member(encoder, member, &written);
        else if (member->required)
            status = refuse(encoder, "is required");
        lua_pop(L, 1);
        encoder->depth--;
    }
    return status == ECR_OK ? wrote(encoder, ecr_buf_byte(encoder->out, '}')) : status;
}

/* The value at the top, which stays there on success. Recursive along the model, which nests a few
 * levels, whatever the caller's table does. */
static enum ecr_status encode(struct encoder *encoder, const struct ecr_shape *shape)
{
    switch (shape->type) {
    case ECR_T_STRUCTURE:
        return encode_structure(encoder, shape);
    case ECR_T_LIST:
        return encode_list(encoder, shape);
    case ECR_T_MAP:
        return encode_map(encoder, shape);
    case ECR_T_INTEGER:
        return encode_integer(encoder, shape);
    case ECR_T_DOUBLE:
    case ECR_T_TIMESTAMP:
        return encode_number(encoder);
    case ECR_T_BOOLEAN:
        return encode_boolean(encoder);
    case ECR_T_BLOB:
        return encode_blob(encoder, shape);
    default:
        return encode_string(encoder, shape);
    }
}

static int checker_gc(lua_State *L)
{
    struct ecr_checker **box = luaL_checkudata(L, 1, "ecr.checker");
    ecr_checker_free(*box);
    *box = NULL;
    return 0;
}

/* core.encode(service, operation, input) -> body | nil, failure */
static int encode_input(lua_State *L)
{
    struct ecr_error error = {0};
    struct ecr_checker **checker = lua_touserdata(L, lua_upvalueindex(1));
    const struct ecr_operation *operation =
        ecr_model_operation(luaL_checkstring(L, 1), luaL_checkstring(L, 2));
    luaL_argcheck(L, operation, 2, "no such operation in the model");
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    if (!*checker) /* a finalizer that runs when the state is closed, after the checker's */
        return luaL_error(L, "ecr.core is closed");
    struct encoder encoder = {.L = L, .checker = *checker, .error = &error};
    encoder.out = ecr_bind_buf(L, MAX_BODY);
    lua_pushvalue(L, 3);
    if (encode(&encoder, operation->input) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushlstring(L, encoder.out->data, encoder.out->len);
    return 1;
}

static const luaL_Reg checker_functions[] = {{"__gc", checker_gc}, {NULL, NULL}};

void ecr_bind_open_encode(lua_State *L)
{
    ecr_bind_class(L, "ecr.checker", checker_functions);
    struct ecr_checker **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, "ecr.checker");
    *box = ecr_checker_new();
    if (!*box)
        luaL_error(L, "not enough memory");
    lua_pushcclosure(L, encode_input, 1);
    lua_setfield(L, -2, "encode");
}
