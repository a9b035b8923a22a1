/* SPDX-License-Identifier: MIT */
/* What is around the process: its terminal, its descriptors, and the signals that ask it to stop.
 */
#include "bind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../clock.h"
#include "../descriptor.h"
#include "../export.h"
#include "../interrupt.h"
#include "../slurp.h"
#include "../terminal.h"

#define MAX_WAIT     86400 /* seconds for an answer */
#define MAX_DOCUMENT ((lua_Integer)1024 * 1024)

/* core.terminal(fd) -> columns (integer; -1 = it does not say) | nil (no terminal) */
static int host_terminal(lua_State *L)
{
    lua_Integer fd = luaL_checkinteger(L, 1);
    luaL_argcheck(L, fd >= 0 && fd <= 1000000, 1, "is no descriptor");
    int columns = ecr_terminal_columns((int)fd);
    if (columns == 0)
        return 0;
    lua_pushinteger(L, columns);
    return 1;
}

/* core.ask(prompt, seconds) -> secret (the line that was typed) | nil, failure. Everything else
 * waits meanwhile. */
static int host_ask(lua_State *L)
{
    struct ecr_error error;
    const char *prompt = ecr_bind_check_text(L, 1);
    lua_Number seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, seconds >= 0 && seconds <= MAX_WAIT, 2, "is no time to wait");
    struct ecr_buf *answer = ecr_bind_buf(L, ECR_TERMINAL_LINE + 1);
    if (ecr_terminal_ask(prompt, seconds, answer, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    ecr_bind_push_secret(L, answer->data, answer->len);
    ecr_buf_clear(answer);
    return 1;
}

/* core.catch_signals() -> true | nil, failure: from now on SIGINT and SIGTERM are for
 * take_signal */
static int host_catch_signals(lua_State *L)
{
    struct ecr_error error;
    if (ecr_interrupt_catch(&error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

/* core.release_signals() */
static int host_release_signals(lua_State *L)
{
    (void)L;
    ecr_interrupt_release();
    return 0;
}

/* core.take_signal() -> integer (the signal's number) | nil */
static int host_take_signal(lua_State *L)
{
    int signal = ecr_interrupt_take();
    if (signal == 0)
        return 0;
    lua_pushinteger(L, signal);
    return 1;
}

/* --- what no Lua string may hold --- */

/* The descriptor of an integer or of an open Lua file, whose own buffer is emptied first. */
static int check_descriptor(lua_State *L, int index)
{
    if (lua_isinteger(L, index)) {
        lua_Integer fd = lua_tointeger(L, index);
        luaL_argcheck(L, fd >= 0 && fd <= 1000000, index, "is no descriptor");
        return (int)fd;
    }
    luaL_Stream *stream = luaL_checkudata(L, index, LUA_FILEHANDLE);
    luaL_argcheck(L, stream->closef, index, "is a closed file");
    fflush(stream->f);
    return fileno(stream->f);
}

/* core.write(fd: integer|file, {string|secret, ...}) -> true | nil, failure. Secrets go from where
 * they are kept to the descriptor. */
static int host_write(lua_State *L)
{
    struct ecr_error error;
    int fd = check_descriptor(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 2);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t len;
        lua_rawgeti(L, 2, i);
        const char *bytes = ecr_bind_bytes(L, -1, &len);
        if (ecr_descriptor_write(fd, bytes, len, &error) != ECR_OK)
            return ecr_bind_fail(L, &error);
        lua_pop(L, 1);
    }
    lua_pushboolean(L, 1);
    return 1;
}

/* Seconds to wait, as the monotonic time at which they are over. */
static double check_deadline(lua_State *L, int index)
{
    lua_Number seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds >= 0 && seconds <= MAX_WAIT, index, "is no time to wait");
    return ecr_clock_monotonic() + seconds;
}

/* core.drain(fd: integer|file, seconds): reads what nobody wants to its end, secret or not, but no
 * more than a megabyte of it and no longer than that */
static int host_drain(lua_State *L)
{
    double deadline = check_deadline(L, 2);
    ecr_descriptor_drain(check_descriptor(L, 1), MAX_DOCUMENT, deadline);
    return 0;
}

/* core.write_creds(fd: integer|file, creds, form: "process"|"env"|"env-no-export") -> true | nil,
 * failure. The one way by which a secret key leaves the process as text. */
static int host_write_creds(lua_State *L)
{
    struct ecr_error error;
    enum ecr_export form;
    int fd = check_descriptor(L, 1);
    luaL_argcheck(L, ecr_export_form(luaL_checkstring(L, 3), &form), 3, "no such form");
    struct ecr_buf *buf = ecr_bind_buf(L, ECR_EXPORT_MAX);
    const struct ecr_creds *creds = ecr_bind_check_creds(L, 2); /* after what runs finalizers */
    enum ecr_status status = ecr_export_append(buf, creds, form);
    if (status == ECR_NOMEM)
        return luaL_error(L, "not enough memory");
    if (status != ECR_OK)
        status = ecr_fail(&error, ECR_CONFIG, "write", "the credentials are too large to write");
    else
        status = ecr_descriptor_write(fd, buf->data, buf->len, &error);
    ecr_buf_clear(buf);
    if (status != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushboolean(L, 1);
    return 1;
}

static enum ecr_status fail_input(enum ecr_status status, lua_Integer max, struct ecr_error *error)
{
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (status == ECR_TIMEOUT)
        return ecr_fail(error, status, "input", "the input did not end in time");
    if (status == ECR_CONFIG)
        return ecr_fail(error, status, "input", "the input cannot be read: %s", strerror(errno));
    return ecr_fail(error, ECR_INPUT, "too_large", "the input is larger than %lld bytes",
                    (long long)max);
}

static lua_Integer check_size(lua_State *L, int index)
{
    lua_Integer max = luaL_checkinteger(L, index);
    luaL_argcheck(L, max > 0 && max <= MAX_DOCUMENT, index, "is no size of a document");
    return max;
}

/* core.read_text(fd: integer|file, max: integer, seconds) -> string | nil, failure. Reads to the
 * end; everything else waits meanwhile. */
static int host_read_text(lua_State *L)
{
    struct ecr_error error;
    lua_Integer max = check_size(L, 2);
    double deadline = check_deadline(L, 3);
    struct ecr_buf *buf = ecr_bind_buf(L, (size_t)max + 1);
    int fd = check_descriptor(L, 1); /* after what runs finalizers */
    enum ecr_status status = ecr_descriptor_read_by(fd, (size_t)max, deadline, buf);
    if (status == ECR_OK)
        lua_pushlstring(L, buf->data ? buf->data : "", buf->len);
    else
        fail_input(status, max, &error);
    ecr_buf_clear(buf);
    return status == ECR_OK ? 1 : ecr_bind_fail(L, &error);
}

/* core.read_file(path, max: integer) -> string | nil (there is none) | nil, failure. Waits for
 * nothing, whatever is there. A link to nothing is something. */
static int host_read_file(lua_State *L)
{
    bool found;
    struct ecr_error error;
    const char *path = ecr_bind_check_text(L, 1);
    lua_Integer max = check_size(L, 2);
    struct ecr_buf *buf = ecr_bind_buf(L, (size_t)max + 1);
    enum ecr_status status = ecr_slurp(path, (size_t)max, buf, &found, &error);
    struct stat link;
    if (status == ECR_OK && !found && lstat(path, &link) == 0)
        status = ecr_fail(&error, ECR_CONFIG, "unreadable", "%.200s cannot be read: %s", path,
                          "it is a link to nothing");
    if (status == ECR_OK && found)
        lua_pushlstring(L, buf->data ? buf->data : "", buf->len);
    else if (status == ECR_OK)
        lua_pushnil(L);
    ecr_buf_clear(buf);
    return status == ECR_OK ? 1 : ecr_bind_fail(L, &error);
}

/* core.read_input(fd: integer|file, document, max: integer, seconds) -> value | nil, failure. Reads
 * to the end; everything else waits meanwhile. `document` is a name from the model's overlay. */
static int host_read_input(lua_State *L)
{
    struct ecr_error error;
    const struct ecr_shape *shape = ecr_model_document(luaL_checkstring(L, 2));
    lua_Integer max = check_size(L, 3);
    double deadline = check_deadline(L, 4);
    luaL_argcheck(L, shape, 2, "no such document in the model");
    struct ecr_buf *buf = ecr_bind_buf(L, (size_t)max + 1);
    int fd = check_descriptor(L, 1); /* after what runs finalizers */
    enum ecr_status status = ecr_descriptor_read_by(fd, (size_t)max, deadline, buf);
    if (status != ECR_OK)
        fail_input(status, max, &error);
    else if (!ecr_bind_decode(L, shape, buf->data, buf->len, &error))
        status = error.status;
    ecr_buf_clear(buf);
    return status == ECR_OK ? 1 : ecr_bind_fail(L, &error);
}

/* --- a file that only its owner may read --- */

/* An open Lua file that was made by core.create: what its `close` does. */
static int close_created(lua_State *L)
{
    luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    return luaL_fileresult(L, fclose(stream->f) == 0, NULL);
}

/* What was readable to others before is not any more; devices stay as they are. */
static int open_private(const char *path)
{
    struct stat status;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && (!S_ISREG(status.st_mode) || fchmod(fd, 0600) == 0))
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* core.create(path) -> file (empty, for writing, its owner's only) | nil, failure */
static int host_create(lua_State *L)
{
    struct ecr_error error;
    const char *path = ecr_bind_check_text(L, 1);
    luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
    stream->closef = NULL;                                /* closed, until it is open */
    if (luaL_getmetatable(L, LUA_FILEHANDLE) == LUA_TNIL) /* nobody would close it */
        return luaL_error(L, "Lua's io library is not open");
    lua_setmetatable(L, -2);
    int fd = open_private(path);
    stream->f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (stream->f) {
        stream->closef = close_created;
        return 1;
    }
    ecr_fail(&error, ECR_CONFIG, "write", "it cannot be written: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return ecr_bind_fail(L, &error);
}

/* core.uname() -> {system=, release=, machine=}, as uname(1) says them */
static int host_uname(lua_State *L)
{
    struct utsname name;
    if (uname(&name) != 0) /* cannot be: the buffer is ours */
        return luaL_error(L, "uname: %s", strerror(errno));
    lua_createtable(L, 0, 3);
    lua_pushstring(L, name.sysname);
    lua_setfield(L, -2, "system");
    lua_pushstring(L, name.release);
    lua_setfield(L, -2, "release");
    lua_pushstring(L, name.machine);
    lua_setfield(L, -2, "machine");
    return 1;
}

static const luaL_Reg functions[] = {
    {"create", host_create},
    {"write", host_write},
    {"drain", host_drain},
    {"read_text", host_read_text},
    {"read_file", host_read_file},
    {"read_input", host_read_input},
    {"uname", host_uname},
    {"write_creds", host_write_creds},
    {"terminal", host_terminal},
    {"ask", host_ask},
    {"catch_signals", host_catch_signals},
    {"release_signals", host_release_signals},
    {"take_signal", host_take_signal},
    {NULL, NULL},
};

void ecr_bind_open_host(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
