/* SPDX-License-Identifier: MIT */
/* SIGINT and SIGTERM as something to wait for. Signals are the process's own, so this is
 * process-wide: while they are caught, the first of each is kept here and makes a descriptor
 * readable; a second one ends the process as if nobody caught it. Nothing is caught until it is
 * asked for. */
#pragma once

#include "error.h"

enum ecr_status ecr_interrupt_catch(struct ecr_error *error);
/* Gives the signals back to whoever had them before. Without a catch before, nothing happens. */
void ecr_interrupt_release(void);
/* The signal that came since the last call, or 0. */
int ecr_interrupt_take(void);
/* Readable while a signal waits to be taken; -1 while nothing is caught. */
int ecr_interrupt_fd(void);
