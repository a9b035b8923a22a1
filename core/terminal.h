/* SPDX-License-Identifier: MIT */
/* What a descriptor's terminal is like. */
#pragma once

/* How many columns it has; 0 = no terminal, -1 = a terminal that does not say. */
int ecr_terminal_columns(int fd);
