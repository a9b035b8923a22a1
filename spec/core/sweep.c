/* SPDX-License-Identifier: MIT */
/* The allocation sweep: runs each section of sweep.lua in a new Lua state for every n, with the
 * n-th allocation failing, of Lua, of the core, and of libcurl and libcrypto (which a run without
 * failures has initialised before). A section must then do its work or raise "not enough memory";
 * afterwards everything must work, and when the state is closed no block and no descriptor may be
 * left. The sanitizers look at the rest.
 *
 * Lua collects and tries once more when an allocation fails. So with the n-th alone failing there
 * is a collection at every place where there can be one, which finds values that were not anchored;
 * with all after it failing too, Lua's own allocations fail for good. Neither runs finalizers: for
 * userdata that were not anchored there is one run with a whole cycle at every chance instead. */
#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <time.h>

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#include <openssl/crypto.h>

#include "alloc.h"
#include "canned.h"
#include "touched.h"
#include "unit.h"
#include "wipe.h"

#define SCRIPT       "spec/core/sweep.lua"
#define MAX_SECTIONS 60
#define MAX_SWEPT    20000 /* allocations of one section: more means that it never ends */
#define MAX_FAULTS   3     /* of one section: the rest would say the same */

int luaopen_ecr_core(lua_State *L);
int __real_regcomp(regex_t *pattern, const char *text, int flags);
int __wrap_regcomp(regex_t *pattern, const char *text, int flags);

static struct canned canned;
static char names[MAX_SECTIONS][80];
static lua_Integer section_count;
static long total_allocations, total_runs;

enum mode {
    WATCH,   /* nothing fails, calls are noted */
    COLLECT, /* nothing fails, everything is collected at every chance */
    ONE,     /* the n-th allocation fails */
    ALL,     /* so do all after it */
};

/* One run of one section. */
struct run {
    lua_Integer section;
    enum mode mode;
    long n;
    long blocks;
};

/* The C library's own allocation that the core depends on. */
int __wrap_regcomp(regex_t *pattern, const char *text, int flags)
{
    return ecr_alloc_must_fail() ? REG_ESPACE : __real_regcomp(pattern, text, flags);
}

/* Lua's memory. Only growing fails: shrinking never does. What is freed is overwritten, so that
 * whoever still looks at it finds nothing of use. */
static void *lua_memory(void *user, void *block, size_t old, size_t size)
{
    struct run *run = user;
    if (block && size == 0) {
        memset(block, 0x55, old);
        run->blocks--;
    }
    if (size == 0) {
        free(block);
        return NULL;
    }
    if ((!block || size > old) && ecr_alloc_must_fail())
        return NULL;
    void *moved = realloc(block, size);
    run->blocks += !block && moved;
    return moved;
}

/* --- what the script's world holds --- */

static int world_open(lua_State *L)
{
    return luaopen_ecr_core(L);
}

static int world_setenv(lua_State *L)
{
    if (lua_isnoneornil(L, 2))
        unsetenv(luaL_checkstring(L, 1));
    else
        setenv(luaL_checkstring(L, 1), luaL_checkstring(L, 2), 1);
    return 0;
}

static int world_is_full(lua_State *L)
{
    lua_pushboolean(L, canned_is_full(&canned));
    return 1;
}

static int world_release(lua_State *L)
{
    (void)L;
    canned_release(&canned);
    return 0;
}

/* [-0, +1, m] */
static void push_world(lua_State *L, const struct run *run)
{
    static const luaL_Reg functions[] = {{"open", world_open},
                                         {"setenv", world_setenv},
                                         {"is_full", world_is_full},
                                         {"release", world_release},
                                         {NULL, NULL}};
    static const char *const places[] = {"core", "http", "secret", "seen"};
    luaL_newlib(L, functions);
    lua_pushfstring(L, "http://127.0.0.1:%d", canned.port);
    lua_setfield(L, -2, "url");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, places[i]);
    }
    lua_pushboolean(L, run->n == 0);
    lua_setfield(L, -2, "clean");
}

/* --- one run --- */

/* [-0, +1, m] */
static void push_script(lua_State *L)
{
    luaL_openlibs(L);
    if (luaL_dofile(L, SCRIPT) != LUA_OK)
        lua_error(L);
}

/* The section's function `name`, called with the world; not an error when it has none. */
static void call_optional(lua_State *L, int section, const char *name, int world)
{
    if (lua_getfield(L, section, name) == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    lua_pushvalue(L, world);
    lua_call(L, 1, 0);
}

/* (run) -> check, world, run: with memory to spare, everything up to the call that is swept */
static int prepare(lua_State *L)
{
    const struct run *run = lua_touserdata(L, 1);
    push_script(L); /* 2 */
    lua_getfield(L, 2, "sections");
    lua_rawgeti(L, 3, run->section); /* 4 */
    push_world(L, run);              /* 5 */
    lua_getfield(L, 4, "closed");
    if (!lua_toboolean(L, -1)) {
        lua_pushcfunction(L, luaopen_ecr_core);
        lua_call(L, 0, 1);
        if (run->mode == WATCH)
            touched_watch(L);
        lua_setfield(L, 5, "core");
    }
    call_optional(L, 4, "prepare", 5);
    lua_getfield(L, 2, "check");
    lua_pushvalue(L, 5);
    lua_getfield(L, 4, "run");
    return 3;
}

static int explain(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

/* The call that is swept, with the stack as `prepare` left it. Gives its status, and says whether
 * the n-th allocation was reached. */
static int call_swept(lua_State *L, const struct run *run, bool *reached)
{
    lua_pushvalue(L, -2);
    if (run->mode == COLLECT) {
        lua_gc(L, LUA_GCINC, 1, 1000, 30); /* no pause, and a step is a whole cycle */
        lua_gc(L, LUA_GCCOLLECT);          /* from now on: ends the pause there is */
    }
    if (run->mode == ALL)
        ecr_alloc_fail_from(run->n);
    else
        ecr_alloc_fail_at(run->n);
    int status = lua_pcall(L, 1, 1, 0);
    *reached = run->n > 0 && ecr_alloc_counted() >= run->n;
    ecr_alloc_fail_at(0);
    return status;
}

static bool is_out_of_memory(const char *message)
{
    static const char words[] = "not enough memory";
    size_t len = message ? strlen(message) : 0;
    return len >= sizeof words - 1 && strcmp(message + len - (sizeof words - 1), words) == 0;
}

static void complain(const struct run *run, const char *what, const char *message)
{
    unit_broken++;
    printf("  allocation %ld%s: %s: %s\n", run->n, run->mode == ALL ? " and all after it" : "",
           what, message ? message : "(no text)");
}

/* check(section, world, ok, result), with the result at the top */
static void check_afterwards(lua_State *L, const struct run *run, int check, int status)
{
    int result = lua_gettop(L);
    lua_pushcfunction(L, explain);
    lua_pushvalue(L, check);
    lua_pushinteger(L, run->section);
    lua_pushvalue(L, check + 1);
    lua_pushboolean(L, status == LUA_OK);
    lua_pushvalue(L, result);
    if (lua_pcall(L, 4, 0, result + 1) != LUA_OK)
        complain(run, "afterwards", lua_tostring(L, -1));
}

static bool run_in(lua_State *L, struct run *run)
{
    bool reached = false;
    lua_pushcfunction(L, explain);
    lua_pushcfunction(L, prepare);
    lua_pushlightuserdata(L, run);
    if (lua_pcall(L, 1, 3, 1) != LUA_OK) {
        complain(run, "before", lua_tostring(L, -1));
        return false;
    }
    int status = call_swept(L, run, &reached);
    if (status != LUA_OK && (run->n == 0 || !is_out_of_memory(lua_tostring(L, -1))))
        complain(run, "the section", lua_tostring(L, -1));
    check_afterwards(L, run, 2, status);
    return reached;
}

static int count_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

/* True when the n-th allocation was reached. */
static bool run_once(lua_Integer section, enum mode mode, long n)
{
    struct run run = {.section = section, .mode = mode, .n = n};
    int descriptors = count_descriptors();
    long live = ecr_alloc_live();
    lua_State *L = lua_newstate(lua_memory, &run);
    bool reached = run_in(L, &run);
    lua_close(L);
    if (run.blocks != 0)
        complain(&run, "left behind", "blocks of Lua");
    if (ecr_alloc_live() != live)
        complain(&run, "left behind", "blocks of the core");
    if (count_descriptors() != descriptors)
        complain(&run, "left behind", "descriptors");
    total_runs++;
    return reached;
}

/* --- the tests --- */

static lua_Integer current;

TEST(works)
{
    run_once(current, WATCH, 0);
}

TEST(survives_the_collector)
{
    run_once(current, COLLECT, 0);
}

static void sweep(enum mode mode)
{
    long n = 1;
    while (n < MAX_SWEPT && unit_broken < MAX_FAULTS && run_once(current, mode, n))
        n++;
    CHECK(n > 1 && n < MAX_SWEPT);
    total_allocations += n - 1;
}

TEST(survives_one)
{
    sweep(ONE);
}

TEST(survives_all)
{
    sweep(ALL);
}

TEST(touches_every_binding)
{
    size_t total;
    CHECK(touched_missing(&total) == 0);
    CHECK(total > 30);
}

/* False when there are more sections than places. */
static bool read_names(void)
{
    lua_State *L = luaL_newstate();
    push_script(L);
    lua_getfield(L, -1, "sections");
    section_count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 0; i < section_count && i < MAX_SECTIONS; i++) {
        lua_rawgeti(L, -1, i + 1);
        lua_getfield(L, -1, "name");
        snprintf(names[i], sizeof names[i], "%s", lua_tostring(L, -1));
        lua_pop(L, 2);
    }
    lua_close(L);
    return section_count <= MAX_SECTIONS;
}

static void sweep_section(lua_Integer section)
{
    char sentence[160];
    current = section;
    snprintf(sentence, sizeof sentence, "%s: when all is collected at every chance",
             names[section - 1]);
    RUN(sentence, survives_the_collector);
    snprintf(sentence, sizeof sentence, "%s: when the n-th allocation fails", names[section - 1]);
    RUN(sentence, survives_one);
    snprintf(sentence, sizeof sentence, "%s: when the n-th and all after it fail",
             names[section - 1]);
    RUN(sentence, survives_all);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    CRYPTO_set_mem_functions(ecr_wiping_crypto_malloc, ecr_wiping_crypto_realloc,
                             ecr_wiping_crypto_free);
    if (!canned_start(&canned) || !read_names())
        return 1;
    for (current = 1; current <= section_count; current++)
        RUN(names[current - 1], works);
    RUN("the sections call every function of every binding", touches_every_binding);
    bool sound = unit_failed == 0;
    for (lua_Integer section = 1; section <= section_count && sound; section++)
        sweep_section(section);
    canned_stop(&canned);
    printf("%ld allocations, %ld runs, %.0f s\n", total_allocations, total_runs,
           (double)clock() / CLOCKS_PER_SEC);
    return unit_end();
}
