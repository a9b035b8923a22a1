/* SPDX-License-Identifier: MIT */
/* Points in time as AWS writes them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* "2025-12-13T10:11:12[.123456](Z|UTC|+02:00|-0530)" to seconds since the epoch; false when it is
 * not that. */
bool ecr_timestamp_parse(const char *text, size_t len, double *seconds);

#define ECR_TIMESTAMP_SIZE sizeof "2025-12-13T10:11:12+00:00"

/* Whether these seconds can be written: years 1 to 9999. */
bool ecr_timestamp_is(double seconds);
/* The whole seconds of a time that can be written, in UTC, as Python's isoformat writes them:
 * "2025-12-13T10:11:12+00:00". */
void ecr_timestamp_format(double seconds, char text[ECR_TIMESTAMP_SIZE]);
