/* SPDX-License-Identifier: MIT */
/* What is around the process: its terminal, and the signals that ask it to stop. */
#include "bind.h"

#include "../interrupt.h"
#include "../terminal.h"

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

static const luaL_Reg functions[] = {
    {"terminal", host_terminal},
    {"catch_signals", host_catch_signals},
    {"release_signals", host_release_signals},
    {"take_signal", host_take_signal},
    {NULL, NULL},
};

void ecr_bind_open_host(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
