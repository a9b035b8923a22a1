/* SPDX-License-Identifier: MIT */
/* What a descriptor's terminal is like, and asking the person at the terminal. */
#pragma once

#include "buf.h"
#include "error.h"

/* How many columns it has; 0 = no terminal, -1 = a terminal that does not say. */
int ecr_terminal_columns(int fd);

#define ECR_TERMINAL_LINE 128 /* bytes of an answer, at most */

/* Asks on the process's terminal, wherever its input and output go, and appends the line that is
 * typed, without its end, to a secret buffer. What is typed does not show. Waits at most `seconds`;
 * SIGINT and SIGTERM end the waiting, and do their work when the terminal is as it was: here, or in
 * whoever catches them (core/interrupt.h).
 *
 * ECR_AUTH "no_terminal" (none, or the process is in its background), "timeout", "interrupted"
 * (also by an end of input), "too_long". */
enum ecr_status ecr_terminal_ask(const char *prompt, double seconds, struct ecr_buf *answer,
                                 struct ecr_error *error);
