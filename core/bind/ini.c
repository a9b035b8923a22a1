/* SPDX-License-Identifier: MIT */
/* AWS's shared files as Lua tables. Only settings known to be harmless become strings, and only of
 * one line. */
#include "bind.h"

#include <string.h>

#include "../ini.h"
#include "../setting.h"

#define INI_CLASS "ecr.ini"

static const char *const sections[] = {[ECR_INI_PROFILE] = "profile",
                                       [ECR_INI_SSO_SESSION] = "sso-session",
                                       [ECR_INI_SERVICES] = "services"};

#define SECTIONS (sizeof sections / sizeof *sections)

/* Where the tables stand on the stack while they are filled. */
enum { RESULT = 4, SECTION, BLOCK };

static int ini_gc(lua_State *L)
{
    ecr_ini_clear(luaL_checkudata(L, 1, INI_CLASS));
    return 0;
}

/* [-0, +1, m] */
static struct ecr_ini *new_ini(lua_State *L)
{
    struct ecr_ini *ini = lua_newuserdatauv(L, sizeof *ini, 0);
    ecr_ini_init(ini);
    luaL_setmetatable(L, INI_CLASS);
    return ini;
}

/* [-0, +1, m] */
static void push_piece(lua_State *L, const struct ecr_ini *ini, struct ecr_ini_piece piece)
{
    lua_pushlstring(L, ini->text.data + piece.at, piece.len);
}

/* Leaves the section's table, which may be there from before, at SECTION. */
static void open_section(lua_State *L, const struct ecr_ini *ini, const struct ecr_ini_row *row)
{
    lua_settop(L, RESULT);
    lua_getfield(L, RESULT, sections[row->section]);
    push_piece(L, ini, row->name);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, SECTION) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, SECTION);
    }
    lua_replace(L, SECTION);
    lua_settop(L, SECTION);
}

/* Leaves the block's table at BLOCK. */
static void open_block(lua_State *L, const struct ecr_ini *ini, const struct ecr_ini_row *row)
{
    lua_settop(L, SECTION);
    lua_newtable(L);
    push_piece(L, ini, row->name);
    lua_pushvalue(L, BLOCK);
    lua_rawset(L, SECTION);
}

/* A harmless setting has one line. More of them are what follows when the line below was indented
 * by mistake, and that one may be the key. */
static bool is_open(const struct ecr_ini *ini, const struct ecr_ini_row *row)
{
    const char *text = ini->text.data;
    return ecr_setting_is_harmless(text + row->name.at, row->name.len) &&
           !memchr(text + row->value.at, '\n', row->value.len);
}

/* [-0, +0, m] */
static void set_value(lua_State *L, int table, const struct ecr_ini *ini,
                      const struct ecr_ini_row *row)
{
    push_piece(L, ini, row->name);
    if (is_open(ini, row))
        push_piece(L, ini, row->value);
    else
        ecr_bind_push_secret(L, ini->text.data + row->value.at, row->value.len);
    lua_rawset(L, table);
}

/* [-0, +1, m] The rows by their order: what comes later joins a section and replaces a value. */
static void push_rows(lua_State *L, const struct ecr_ini *ini)
{
    lua_createtable(L, 0, SECTIONS);
    for (size_t i = 0; i < SECTIONS; i++) {
        lua_newtable(L);
        lua_setfield(L, RESULT, sections[i]);
    }
    for (size_t i = 0; i < ini->count; i++) {
        const struct ecr_ini_row *row = &ini->rows[i];
        if (row->kind == ECR_INI_SECTION)
            open_section(L, ini, row);
        else if (row->kind == ECR_INI_BLOCK)
            open_block(L, ini, row);
        else
            set_value(L, row->kind == ECR_INI_SUB ? BLOCK : SECTION, ini, row);
    }
    lua_settop(L, RESULT);
}

/* core.read_ini(path, "config"|"credentials") -> {profile={[name]={[key]=value}},
 * ["sso-session"]={...}, services={...}} | nil (no such file) | nil, failure. A value is a string,
 * a secret, or a table of those. */
static int ini_read(lua_State *L)
{
    static const char *const files[] = {
        [ECR_INI_CONFIG] = "config", [ECR_INI_CREDENTIALS] = "credentials", NULL};
    struct ecr_error error;
    bool found;
    const char *path = ecr_bind_check_text(L, 1);
    enum ecr_ini_file file = (enum ecr_ini_file)luaL_checkoption(L, 2, NULL, files);
    lua_settop(L, 2);
    struct ecr_ini *ini = new_ini(L);
    if (ecr_ini_read(path, file, ini, &found, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    if (found)
        push_rows(L, ini);
    else
        lua_pushnil(L);
    ecr_ini_clear(ini);
    return 1;
}

static const luaL_Reg ini_functions[] = {{"__gc", ini_gc}, {"__close", ini_gc}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"read_ini", ini_read}, {NULL, NULL}};

void ecr_bind_open_ini(lua_State *L)
{
    ecr_bind_class(L, INI_CLASS, ini_functions);
    luaL_setfuncs(L, functions, 0);
}
