/* SPDX-License-Identifier: MIT */
/* The interpreter: Lua with the module `ecr`, lua-cjson, argparse and the shipped scripts inside.
 * It reads its own options, makes them known to Lua as the module "ecr.flags", runs one script and
 * turns what it returns into an exit code. A report or a recording that could not be written never
 * leaves with 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lua.h>
#include <lauxlib.h>
#include <lua-cjson.h>
#include <lualib.h>
#include <openssl/crypto.h>

#include "command.h"
#include "embedded.h"
#include "version.h"
#include "wipe.h"

#define RECORDING "ecr.recording" /* in the registry: the recorder of --record */

int luaopen_ecr_core(lua_State *L);

/* A shipped script's second line says in a sentence what it does. */
static void print_scripts(void)
{
    for (size_t i = 0; i < ecr_embedded_script_count; i++) {
        const char *text = strchr(ecr_embedded_scripts[i].text, '\n');
        text = text ? text + 1 + strspn(text + 1, "- ") : "";
        printf("%-22s %.*s\n", ecr_embedded_scripts[i].name, (int)strcspn(text, "\n"), text);
    }
}

static void print_version(void)
{
    printf("ecrlua %s (%s, %s)\n", ECRLUA_VERSION, LUA_RELEASE, OpenSSL_version(OPENSSL_VERSION));
}

/* --- Lua modules inside the binary --- */

static const struct ecr_embedded *find_embedded(const struct ecr_embedded *table, size_t count,
                                                const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* [-0, +1, m] the path "<source>/<folder>/<name>", or nil when there is no such file */
static bool push_source_path(lua_State *L, const char *source, const char *folder, const char *name)
{
    if (!source)
        return false;
    lua_pushfstring(L, "%s/%s/%s", source, folder, name);
    if (access(lua_tostring(L, -1), R_OK) == 0)
        return true;
    lua_pop(L, 1);
    return false;
}

/* package.searchers: --source first, then what is embedded */
static int search_module(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *source = lua_tostring(L, lua_upvalueindex(1));
    const char *file = luaL_gsub(L, name, ".", "/");
    lua_pushfstring(L, "%s.lua", file);
    const struct ecr_embedded *module =
        find_embedded(ecr_embedded_modules, ecr_embedded_module_count, name);
    int status;
    if (push_source_path(L, source, "lua", lua_tostring(L, -1))) {
        status = luaL_loadfile(L, lua_tostring(L, -1));
    } else if (module) {
        lua_pushfstring(L, "@lua/%s", lua_tostring(L, -1));
        status = luaL_loadbufferx(L, module->text, module->len, lua_tostring(L, -1), "t");
    } else {
        lua_pushfstring(L, "no module '%s' inside ecrlua", name);
        return 1;
    }
    if (status != LUA_OK)
        return lua_error(L);
    lua_pushstring(L, name);
    return 2;
}

/* [-0, +0, m] table.<field> = {name = text} */
static void set_texts(lua_State *L, const char *field, const struct ecr_embedded *table,
                      size_t count)
{
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(L, table[i].text, table[i].len);
        lua_setfield(L, -2, table[i].name);
    }
    lua_setfield(L, -2, field);
}

/* require "ecr.embedded" -> {modules = {name = text}, scripts = {name = text}} */
static int open_embedded(lua_State *L)
{
    lua_createtable(L, 0, 2);
    set_texts(L, "modules", ecr_embedded_modules, ecr_embedded_module_count);
    set_texts(L, "scripts", ecr_embedded_scripts, ecr_embedded_script_count);
    return 1;
}

static void install_modules(lua_State *L, const struct ecr_command *command)
{
    static const luaL_Reg preloaded[] = {
        {"ecr.core", luaopen_ecr_core},
        {"ecr.embedded", open_embedded},
        {"cjson", luaopen_cjson},
        {NULL, NULL},
    };
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    luaL_setfuncs(L, preloaded, 0);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) { /* ours is the second */
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushstring(L, command->values[ECR_OPTION_SOURCE]);
    lua_pushcclosure(L, search_module, 1);
    lua_rawseti(L, -2, 2);
    lua_pop(L, 3);
}

/* package.loaded["ecr.flags"] = {region = ..., ...} */
static void install_flags(lua_State *L, const struct ecr_command *command)
{
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_newtable(L);
    for (size_t i = 0; i < ECR_OPTION_COUNT; i++) {
        if (!ecr_options[i].flag || !command->values[i])
            continue;
        lua_pushstring(L, command->values[i]);
        lua_setfield(L, -2, ecr_options[i].flag);
    }
    lua_setfield(L, -2, "ecr.flags");
    lua_pop(L, 1);
}

static void install_arguments(lua_State *L, const struct ecr_command *command, int argc,
                              char **argv)
{
    lua_newtable(L);
    for (int i = command->first_argument; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - command->first_argument + 1);
    }
    lua_pushstring(L, command->script ? command->script : argv[0]);
    lua_rawseti(L, -2, 0);
    lua_setglobal(L, "arg");
}

/* --- what must not be lost on the way out: recording and output --- */

/* [-0, +?, m] False when the file cannot be written, which was told. */
static bool start_recording(lua_State *L, const char *file)
{
    if (!file)
        return true;
    lua_getglobal(L, "require");
    lua_pushliteral(L, "ecr.recorder");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "of_file");
    lua_pushstring(L, file);
    lua_call(L, 1, 2);
    if (lua_isnil(L, -2)) {
        fprintf(stderr, "ecrlua: %s\n", luaL_tolstring(L, -1, NULL));
        return false;
    }
    lua_pop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, RECORDING);
    return true;
}

/* A recording that is not whole makes a success none. */
static int end_recording(lua_State *L, int code)
{
    int top = lua_gettop(L);
    if (lua_getfield(L, LUA_REGISTRYINDEX, RECORDING) != LUA_TNIL) {
        lua_getfield(L, -1, "close");
        lua_insert(L, -2);
        bool raised = lua_pcall(L, 1, 2, 0) != LUA_OK;
        if (raised || lua_isnil(L, -2)) {
            fprintf(stderr, "ecrlua: %s\n", luaL_tolstring(L, -1, NULL));
            code = code == EXIT_SUCCESS ? ECR_EXIT_ERROR : code;
        }
    }
    lua_settop(L, top);
    return code;
}

/* Output that did not reach its reader makes a success none. */
static int flush_output(int code)
{
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (lost && code == EXIT_SUCCESS) {
        fprintf(stderr, "ecrlua: standard output could not be written: %s\n", strerror(errno));
        return ECR_EXIT_ERROR;
    }
    return code;
}

/* os.exit(code, close): as Lua's, but it is no success either when output or recording is lost. */
static int exit_with_output(lua_State *L)
{
    int code = EXIT_SUCCESS;
    if (lua_isboolean(L, 1))
        code = lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
    else
        code = (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
    lua_settop(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushinteger(L, flush_output(end_recording(L, code)));
    lua_pushvalue(L, 2);
    lua_call(L, 2, 0);
    return 0;
}

static void install_exit(lua_State *L)
{
    lua_getglobal(L, LUA_OSLIBNAME);
    lua_getfield(L, -1, "exit");
    lua_pushcclosure(L, exit_with_output, 1);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
}

/* --- running --- */

/* [-1, +1, m] one line, then the traceback */
static int explain(lua_State *L)
{
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    return 1;
}

/* [-0, +1, -] the chunk, or the message of the error */
static int load(lua_State *L, const struct ecr_command *command)
{
    if (command->values[ECR_OPTION_CODE])
        return luaL_loadbufferx(L, command->values[ECR_OPTION_CODE],
                                strlen(command->values[ECR_OPTION_CODE]), "=(command line)", "t");
    if (!command->script && isatty(STDIN_FILENO)) {
        lua_getglobal(L, "require");
        lua_pushliteral(L, "ecr.prompt");
        int status = lua_pcall(L, 1, 1, 0);
        return status;
    }
    if (!command->script || strcmp(command->script, "-") == 0)
        return luaL_loadfilex(L, NULL, "t");
    if (strchr(command->script, '/'))
        return luaL_loadfilex(L, command->script, "t");
    if (push_source_path(L, command->values[ECR_OPTION_SOURCE], "scripts", command->script))
        return luaL_loadfilex(L, lua_tostring(L, -1), "t");
    const struct ecr_embedded *script =
        find_embedded(ecr_embedded_scripts, ecr_embedded_script_count, command->script);
    if (!script)
        return luaL_loadfilex(L, command->script, "t");
    lua_pushfstring(L, "@scripts/%s", script->name);
    return luaL_loadbufferx(L, script->text, script->len, lua_tostring(L, -1), "t");
}

/* A script that gives nil and an error object failed, as any call of ours does. */
static int failed_result(lua_State *L, int first)
{
    fprintf(stderr, "ecrlua: %s\n", luaL_tolstring(L, first + 1, NULL));
    return ECR_EXIT_ERROR;
}

static int exit_code(lua_State *L, int first)
{
    int whole;
    if (lua_type(L, first) == LUA_TNUMBER) {
        lua_Integer code = lua_tointegerx(L, first, &whole);
        if (whole && code >= 0 && code <= 255)
            return (int)code;
        fprintf(stderr, "ecrlua: the script returned %s, which is no exit code\n",
                luaL_tolstring(L, first, NULL));
        return ECR_EXIT_ERROR;
    }
    if (lua_isnoneornil(L, first) && !lua_isnoneornil(L, first + 1))
        return failed_result(L, first);
    return lua_isboolean(L, first) && !lua_toboolean(L, first) ? 1 : EXIT_SUCCESS;
}

/* [-1, +0, -] runs the chunk at the top with the script's arguments */
static int run(lua_State *L)
{
    int base = lua_gettop(L);
    lua_pushcfunction(L, explain);
    lua_insert(L, base);
    lua_getglobal(L, "arg");
    int count = (int)lua_rawlen(L, -1);
    luaL_checkstack(L, count + 1, "too many arguments");
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, base + 2, i);
    lua_remove(L, base + 2);
    if (lua_pcall(L, count, LUA_MULTRET, base) != LUA_OK) {
        fprintf(stderr, "ecrlua: %s\n", lua_tostring(L, -1));
        return ECR_EXIT_ERROR;
    }
    return exit_code(L, base + 1);
}

static int load_and_run(lua_State *L, const struct ecr_command *command)
{
    int status = load(L, command);
    if (status == LUA_OK)
        return run(L);
    fprintf(stderr, "ecrlua: %s\n", luaL_tolstring(L, -1, NULL));
    return status == LUA_ERRFILE ? ECR_EXIT_USAGE : ECR_EXIT_ERROR;
}

struct start {
    const struct ecr_command *command;
    int argc;
    char **argv;
};

/* Protected: everything that may run out of memory. Returns the exit code. */
static int protected_main(lua_State *L)
{
    const struct start *start = lua_touserdata(L, 1);
    lua_pushboolean(L, 1); /* no LUA_PATH, LUA_CPATH: no code from the environment */
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_openlibs(L);
    install_exit(L);
    install_modules(L, start->command);
    install_flags(L, start->command);
    install_arguments(L, start->command, start->argc, start->argv);
    int code = ECR_EXIT_ERROR;
    if (start_recording(L, start->command->values[ECR_OPTION_RECORD])) {
        lua_settop(L, 0);
        code = end_recording(L, load_and_run(L, start->command));
    }
    lua_pushinteger(L, code);
    return 1;
}

static int run_lua(const struct ecr_command *command, int argc, char **argv)
{
    struct start start = {command, argc, argv};
    lua_State *L = luaL_newstate();
    if (!L) {
        fprintf(stderr, "ecrlua: not enough memory\n");
        return ECR_EXIT_ERROR;
    }
    lua_pushcfunction(L, protected_main);
    lua_pushlightuserdata(L, &start);
    int code = ECR_EXIT_ERROR;
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        code = (int)lua_tointeger(L, -1);
    else
        fprintf(stderr, "ecrlua: %s\n", lua_tostring(L, -1));
    lua_close(L);
    return code;
}

/* A standard descriptor that is closed would be the next socket's number, and a report would go
 * there. In its place stands one on which reading and writing fail. */
static void guard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(ECR_EXIT_ERROR);
}

int main(int argc, char **argv)
{
    struct ecr_command command = {0};
    guard_descriptors();
    signal(SIGPIPE, SIG_IGN); /* a reader that left is an error to report, not a silent death */
    CRYPTO_set_mem_functions(ecr_wiping_crypto_malloc, ecr_wiping_crypto_realloc,
                             ecr_wiping_crypto_free);
    int code = ecr_command_read(&command, argc, argv);
    if (code == 0 && command.help)
        ecr_command_help();
    else if (code == 0 && command.version)
        print_version();
    else if (code == 0 && command.list)
        print_scripts();
    else if (code == 0)
        code = run_lua(&command, argc, argv);
    return flush_output(code);
}
