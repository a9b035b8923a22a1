/* SPDX-License-Identifier: MIT */
/* A tape to Lua values, without recursion: the containers that are open stand on the Lua stack. */
#include "bind.h"

#include "../json.h"

/* An open container: how many items a list has so far; -1 for a table with keys. */
struct open {
    lua_Integer items;
};

/* [-0, +1, m] */
static void push_scalar(lua_State *L, const struct ecr_tape *tape, const struct ecr_token *token)
{
    const char *text = tape->text.data;
    switch (token->kind) {
    case ECR_TOKEN_NAME:
        lua_pushlstring(L, token->name, token->count);
        break;
    case ECR_TOKEN_KEY:
    case ECR_TOKEN_STRING:
        lua_pushlstring(L, text ? text + token->at : "", token->count);
        break;
    case ECR_TOKEN_SECRET:
        ecr_bind_push_secret(L, text ? text + token->at : "", token->count);
        break;
    case ECR_TOKEN_INTEGER:
        lua_pushinteger(L, token->integer);
        break;
    case ECR_TOKEN_NUMBER:
        lua_pushnumber(L, token->number);
        break;
    case ECR_TOKEN_BOOLEAN:
        lua_pushboolean(L, token->integer != 0);
        break;
    default: /* as lua-cjson spells null */
        lua_pushlightuserdata(L, NULL);
        break;
    }
}

/* [-0, +1, m] */
static struct open push_container(lua_State *L, const struct ecr_token *token)
{
    int size = token->count > 1000000 ? 1000000 : (int)token->count;
    bool list = token->kind == ECR_TOKEN_LIST;
    luaL_checkstack(L, 4, "document is nested too deeply");
    lua_createtable(L, list ? size : 0, list ? 0 : size);
    if (list && size == 0) /* or nobody could tell it from an object */
        luaL_setmetatable(L, ECR_LIST);
    return (struct open){list ? 0 : -1};
}

/* The value at the top goes into its container below. [-1 or -2, +0, m] */
static void store(lua_State *L, struct open *open)
{
    if (open->items >= 0)
        lua_rawseti(L, -2, ++open->items);
    else
        lua_rawset(L, -3);
}

void ecr_bind_push_tape(lua_State *L, const struct ecr_tape *tape)
{
    struct open open[ECR_JSON_DEPTH];
    size_t depth = 0;
    for (size_t i = 0; i < tape->count; i++) {
        const struct ecr_token *token = &tape->tokens[i];
        bool key = token->kind == ECR_TOKEN_NAME || token->kind == ECR_TOKEN_KEY;
        if (token->kind == ECR_TOKEN_MAP || token->kind == ECR_TOKEN_LIST) {
            open[depth++] = push_container(L, token);
            continue;
        }
        if (token->kind == ECR_TOKEN_END)
            depth--;
        else
            push_scalar(L, tape, token);
        if (!key && depth > 0)
            store(L, &open[depth - 1]);
    }
}
