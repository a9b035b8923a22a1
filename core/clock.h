/* SPDX-License-Identifier: MIT */
/* The two clocks, in seconds. */
#pragma once

double ecr_clock_monotonic(void);
double ecr_clock_wall(void);
