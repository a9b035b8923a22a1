/* SPDX-License-Identifier: MIT */
/* The system's clocks. Everything that can be tested takes the time as an argument instead. */
#include "clock.h"

#include <time.h>

static double read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double ecr_clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double ecr_clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}
