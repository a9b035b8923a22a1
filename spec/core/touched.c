/* SPDX-License-Identifier: MIT */
/* Calls are seen by a hook. Lua disables hooks inside finalizers, so each class's `__gc` is
 * replaced by a closure that says so and goes on to the real one. */
#include "touched.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_FUNCTIONS 200

struct function {
    char name[64];
    lua_CFunction call;
    bool touched;
};

static struct function functions[MAX_FUNCTIONS];
static size_t function_count;

static void note(const char *owner, const char *name, lua_CFunction call)
{
    char text[sizeof functions->name];
    snprintf(text, sizeof text, "%s.%s", owner, name);
    for (size_t i = 0; i < function_count; i++)
        if (strcmp(functions[i].name, text) == 0)
            return;
    if (function_count < MAX_FUNCTIONS) {
        memcpy(functions[function_count].name, text, sizeof text);
        functions[function_count++].call = call;
    }
}

static void touch(lua_CFunction call)
{
    for (size_t i = 0; i < function_count; i++)
        functions[i].touched |= functions[i].call == call;
}

static void on_call(lua_State *L, lua_Debug *call)
{
    lua_getinfo(L, "f", call);
    if (lua_iscfunction(L, -1))
        touch(lua_tocfunction(L, -1));
    lua_pop(L, 1);
}

static int on_collect(lua_State *L)
{
    lua_CFunction finalizer = lua_tocfunction(L, lua_upvalueindex(1));
    touch(finalizer);
    return finalizer(L);
}

/* [-0, +0, -] the functions of the table at the top, and of tables inside it */
static void note_table(lua_State *L, const char *owner)
{
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        if (lua_iscfunction(L, -1))
            note(owner, name, lua_tocfunction(L, -1));
        else if (lua_istable(L, -1) && strcmp(name, "__index") != 0)
            note_table(L, name);
        lua_pop(L, 1);
    }
}

/* [-0, +0, m] */
static void watch_finalizer(lua_State *L)
{
    lua_getfield(L, -1, "__gc");
    if (lua_iscfunction(L, -1)) {
        lua_pushcclosure(L, on_collect, 1);
        lua_setfield(L, -2, "__gc");
        return;
    }
    lua_pop(L, 1);
}

void touched_watch(lua_State *L)
{
    note_table(L, "core");
    lua_pushnil(L);
    while (lua_next(L, LUA_REGISTRYINDEX)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        if (strncmp(name, "ecr.", 4) == 0 && lua_istable(L, -1)) {
            note_table(L, name);
            watch_finalizer(L);
        }
        lua_pop(L, 1);
    }
    lua_sethook(L, on_call, LUA_MASKCALL, 0);
}

size_t touched_missing(size_t *total)
{
    size_t missing = 0;
    for (size_t i = 0; i < function_count; i++) {
        if (functions[i].touched)
            continue;
        printf("  %s was never called\n", functions[i].name);
        missing++;
    }
    *total = function_count;
    return missing;
}
