/* SPDX-License-Identifier: MIT */
/* Which of the bindings' C functions a script called: so that the allocation sweep touches every
 * one of them, and a new binding that it does not touch is named. */
#pragma once

#include <lua.h>
#include <stddef.h>

/* Notes every C function of the module at the top of the stack and of its classes, and from now on
 * which of them are called in this state, by the collector too. */
void touched_watch(lua_State *L);
/* Prints those that no state called; how many functions there are goes to `total`. */
size_t touched_missing(size_t *total);
