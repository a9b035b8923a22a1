/* SPDX-License-Identifier: MIT */
/* The model as Lua tables, made on demand: documentation, coverage and tools read it, no hot path.
 */
#include "bind.h"

static const char *const type_names[] = {
    [ECR_T_ANY] = "any",       [ECR_T_STRUCTURE] = "structure", [ECR_T_LIST] = "list",
    [ECR_T_MAP] = "map",       [ECR_T_STRING] = "string",       [ECR_T_INTEGER] = "integer",
    [ECR_T_DOUBLE] = "double", [ECR_T_BOOLEAN] = "boolean",     [ECR_T_TIMESTAMP] = "timestamp",
    [ECR_T_BLOB] = "blob",
};

/* [-0, +0, m] on the table at the top */
static void set_string(lua_State *L, const char *name, const char *value)
{
    if (!value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

static void set_true(lua_State *L, const char *name, bool value)
{
    if (!value)
        return;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, name);
}

static void set_limit(lua_State *L, const char *name, int64_t value)
{
    if (value == ECR_NO_LIMIT)
        return;
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

/* [-0, +1, m] */
static void push_strings(lua_State *L, const char *const *texts, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, texts[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_shape(lua_State *L, const struct ecr_shape *shape);

/* [-0, +1, m] */
static void push_members(lua_State *L, const struct ecr_shape *shape)
{
    lua_createtable(L, shape->member_count, 0);
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct ecr_member *member = &shape->members[i];
        push_shape(L, member->shape);
        set_string(L, "name", member->name);
        set_string(L, "wire", member->wire);
        set_true(L, "required", member->required);
        set_true(L, "deprecated", member->deprecated);
        set_true(L, "sealed", member->sealed);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* Recursive along the model's shapes, which nest a few levels and never contain themselves. [-0,
 * +1, m] */
static void push_shape(lua_State *L, const struct ecr_shape *shape)
{
    luaL_checkstack(L, 8, "model is nested too deeply");
    lua_createtable(L, 0, 8);
    set_string(L, "shape", shape->name);
    set_string(L, "type", type_names[shape->type]);
    set_limit(L, "min", shape->min);
    set_limit(L, "max", shape->max);
    if (shape->pattern >= 0)
        set_string(L, "pattern", ecr_patterns[shape->pattern].published);
    if (shape->enum_count) {
        push_strings(L, shape->enums, shape->enum_count);
        lua_setfield(L, -2, "enum");
    }
    if (shape->type == ECR_T_STRUCTURE) {
        push_members(L, shape);
        lua_setfield(L, -2, "members");
    }
    if (shape->key) {
        push_shape(L, shape->key);
        lua_setfield(L, -2, "key");
    }
    if (shape->element) {
        push_shape(L, shape->element);
        lua_setfield(L, -2, "element");
    }
}

/* [-0, +0, m] */
static void set_pages(lua_State *L, const struct ecr_pagination *pages)
{
    if (!pages->output_token)
        return;
    lua_createtable(L, 0, 4);
    set_string(L, "input_token", pages->input_token);
    set_string(L, "output_token", pages->output_token);
    set_string(L, "limit_key", pages->limit_key);
    push_strings(L, pages->results, pages->result_count);
    lua_setfield(L, -2, "results");
    lua_setfield(L, -2, "pages");
}

/* [-0, +0, m] */
static void set_errors(lua_State *L, const struct ecr_operation *operation)
{
    lua_createtable(L, operation->error_count, 0);
    for (size_t i = 0; i < operation->error_count; i++) {
        lua_pushstring(L, operation->errors[i]->name);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "errors");
}

static const char *class_name(const struct ecr_operation *operation)
{
    return operation->class == ECR_CLASS_READ ? "read" : "write";
}

/* core.model(service, operation) -> {name, service, class, repeat, input, output, pages?, errors} |
 * nil */
static int model_view(lua_State *L)
{
    const struct ecr_operation *operation =
        ecr_model_operation(luaL_checkstring(L, 1), luaL_checkstring(L, 2));
    if (!operation)
        return 0;
    lua_createtable(L, 0, 8);
    set_string(L, "name", operation->name);
    set_string(L, "service", operation->service->name);
    set_string(L, "class", class_name(operation));
    set_string(L, "repeat", operation->repeat);
    push_shape(L, operation->input);
    lua_setfield(L, -2, "input");
    push_shape(L, operation->output);
    lua_setfield(L, -2, "output");
    set_pages(L, &operation->pages);
    set_errors(L, operation);
    return 1;
}

/* core.operation(service, operation) -> class ("read"|"write"), repeat ("safe", or what a repeated
 * write does) | nil */
static int model_operation(lua_State *L)
{
    const struct ecr_operation *operation =
        ecr_model_operation(luaL_checkstring(L, 1), luaL_checkstring(L, 2));
    if (!operation)
        return 0;
    lua_pushstring(L, class_name(operation));
    lua_pushstring(L, operation->repeat);
    return 2;
}

/* core.operations() -> {{service=, name=}, ...} */
static int model_operations(lua_State *L)
{
    lua_Integer count = 0;
    lua_newtable(L);
    for (size_t s = 0; s < ecr_service_count; s++) {
        for (size_t i = 0; i < ecr_services[s].operation_count; i++) {
            lua_createtable(L, 0, 2);
            set_string(L, "service", ecr_services[s].name);
            set_string(L, "name", ecr_services[s].operations[i].name);
            lua_rawseti(L, -2, ++count);
        }
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"model", model_view},
    {"operation", model_operation},
    {"operations", model_operations},
    {NULL, NULL},
};

void ecr_bind_open_model(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
