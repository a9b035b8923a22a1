/* SPDX-License-Identifier: MIT */
/* The interpreter: Lua with the module `ecr`, lua-cjson, argparse and the shipped scripts inside.
 * It reads its own options, makes them known to Lua as the module "ecr.flags", runs one script and
 * turns what it returns into an exit code. A report that could not be written never leaves with 0.
 */
#include <errno.h>
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

#include "embedded.h"
#include "version.h"
#include "wipe.h"

enum { EXIT_ERROR = 3, EXIT_USAGE = 64 };

int luaopen_ecr_core(lua_State *L);

/* --- options --- */

struct option {
    const char *name;
    const char *flag; /* its name in "ecr.flags"; NULL = for the interpreter itself */
    const char *value_name;
    const char *help;
};

static const struct option options[] = {
    {"--region", "region", "NAME", "AWS region (else AWS_REGION, AWS_DEFAULT_REGION)"},
    {"--profile", "profile", "NAME", "profile of the AWS configuration"},
    {"--endpoint-url", "endpoint_url", "URL", "API endpoint instead of AWS's"},
    {"--timeout", "timeout", "SECONDS", "for one attempt of a request (30)"},
    {"--retries", "max_retries", "N", "repetitions of a failed request (3)"},
    {"--log", "log", "LEVEL", "error, warn, info or debug, to standard error (warn)"},
    {"--sim", "sim", "SCENARIO", "run against the simulator, in virtual time"},
    {"--source", "source", "DIR", "take Lua from DIR/lua and DIR/scripts first (development)"},
    {"-e", NULL, "CODE", "run CODE"},
};

struct command {
    const char *values[sizeof options / sizeof *options];
    const char *code;   /* -e */
    const char *script; /* NULL = standard input or the prompt */
    int first_argument; /* index into argv of the script's first argument */
    bool list, version, help;
};

enum { SOURCE = 7, CODE = 8 }; /* places in `options` that the interpreter reads itself */

static int usage_error(const char *format, const char *what)
{
    fprintf(stderr, "ecrlua: ");
    fprintf(stderr, format, what);
    fprintf(stderr, "; see ecrlua --help\n");
    return EXIT_USAGE;
}

static bool is_switch(struct command *command, const char *word)
{
    bool *flag = NULL;
    if (strcmp(word, "--list") == 0)
        flag = &command->list;
    else if (strcmp(word, "--version") == 0)
        flag = &command->version;
    else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        flag = &command->help;
    if (flag)
        *flag = true;
    return flag != NULL;
}

/* The option that `word` names ("--region" or "--region=x"), or NULL. */
static const struct option *find_option(const char *word, const char **value)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        size_t len = strlen(options[i].name);
        if (strncmp(word, options[i].name, len) != 0 || (word[len] && word[len] != '='))
            continue;
        *value = word[len] ? word + len + 1 : NULL;
        return &options[i];
    }
    return NULL;
}

/* Reads what stands before the script; 0 or an exit code. */
static int read_options(struct command *command, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        const char *value;
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        const struct option *option = find_option(argv[i], &value);
        if (!option && is_switch(command, argv[i]))
            continue;
        if (!option)
            return usage_error("unknown option %s", argv[i]);
        if (!value && i + 1 == argc)
            return usage_error("%s needs a value", argv[i]);
        command->values[option - options] = value ? value : argv[++i];
        if (!value && option == &options[CODE]) {
            i++;
            break;
        }
    }
    command->code = command->values[CODE];
    if (!command->code && i < argc)
        command->script = argv[i++];
    command->first_argument = i;
    return 0;
}

static void print_help(void)
{
    puts("usage: ecrlua [OPTIONS] SCRIPT [ARGUMENTS]   a file, or a shipped script's name\n"
         "       ecrlua [OPTIONS] -e CODE [ARGUMENTS]\n"
         "       ecrlua [OPTIONS] -                    a script on standard input\n"
         "       ecrlua [OPTIONS]                      a prompt\n"
         "       ecrlua --list | --version | --help\n");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", options[i].name, options[i].value_name);
        printf("  %-22s %s\n", left, options[i].help);
    }
    puts("\nA script's integer result is the exit code: 0 yes, 1 no, 2 inconclusive, 3 could not\n"
         "find out, 64 usage. A name without a slash means the shipped script of that name first;\n"
         "write ./NAME for a file.");
}

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

static void install_modules(lua_State *L, const struct command *command)
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
    lua_pushstring(L, command->values[SOURCE]);
    lua_pushcclosure(L, search_module, 1);
    lua_rawseti(L, -2, 2);
    lua_pop(L, 3);
}

/* package.loaded["ecr.flags"] = {region = ..., ...} */
static void install_flags(lua_State *L, const struct command *command)
{
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (!options[i].flag || !command->values[i])
            continue;
        lua_pushstring(L, command->values[i]);
        lua_setfield(L, -2, options[i].flag);
    }
    lua_setfield(L, -2, "ecr.flags");
    lua_pop(L, 1);
}

static void install_arguments(lua_State *L, const struct command *command, int argc, char **argv)
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

/* --- running --- */

/* [-1, +1, m] one line, then the traceback */
static int explain(lua_State *L)
{
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    return 1;
}

/* [-0, +1, -] the chunk, or the message of the error */
static int load(lua_State *L, const struct command *command)
{
    if (command->code)
        return luaL_loadbufferx(L, command->code, strlen(command->code), "=(command line)", "t");
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
    if (push_source_path(L, command->values[SOURCE], "scripts", command->script))
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
    return EXIT_ERROR;
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
        return EXIT_ERROR;
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
        return EXIT_ERROR;
    }
    return exit_code(L, base + 1);
}

struct start {
    const struct command *command;
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
    install_modules(L, start->command);
    install_flags(L, start->command);
    install_arguments(L, start->command, start->argc, start->argv);
    lua_settop(L, 0);
    int status = load(L, start->command);
    if (status == LUA_OK) {
        lua_pushinteger(L, run(L));
        return 1;
    }
    fprintf(stderr, "ecrlua: %s\n", luaL_tolstring(L, -1, NULL));
    lua_pushinteger(L, status == LUA_ERRFILE ? EXIT_USAGE : EXIT_ERROR);
    return 1;
}

/* Output that did not reach its reader makes a success none. */
static int flush_output(int code)
{
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (lost && code == EXIT_SUCCESS) {
        fprintf(stderr, "ecrlua: standard output could not be written: %s\n", strerror(errno));
        return EXIT_ERROR;
    }
    return code;
}

static int run_lua(const struct command *command, int argc, char **argv)
{
    struct start start = {command, argc, argv};
    lua_State *L = luaL_newstate();
    if (!L) {
        fprintf(stderr, "ecrlua: not enough memory\n");
        return EXIT_ERROR;
    }
    lua_pushcfunction(L, protected_main);
    lua_pushlightuserdata(L, &start);
    int code = EXIT_ERROR;
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        code = (int)lua_tointeger(L, -1);
    else
        fprintf(stderr, "ecrlua: %s\n", lua_tostring(L, -1));
    lua_close(L);
    return code;
}

int main(int argc, char **argv)
{
    struct command command = {0};
    signal(SIGPIPE, SIG_IGN); /* a reader that left is an error to report, not a silent death */
    CRYPTO_set_mem_functions(ecr_wiping_crypto_malloc, ecr_wiping_crypto_realloc,
                             ecr_wiping_crypto_free);
    int code = read_options(&command, argc, argv);
    if (code == 0 && command.help)
        print_help();
    else if (code == 0 && command.version)
        print_version();
    else if (code == 0 && command.list)
        print_scripts();
    else if (code == 0)
        code = run_lua(&command, argc, argv);
    return flush_output(code);
}
