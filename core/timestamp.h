/* SPDX-License-Identifier: MIT */
/* Points in time as AWS writes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* "2025-12-13T10:11:12[.123456](Z|UTC|+02:00|-0530)" to seconds since the epoch; false when it is
 * not that. */
bool ecr_timestamp_parse(const char *text, size_t len, double *seconds);
