/* SPDX-License-Identifier: MIT */
/* Which settings of the shared files anybody may see. The list names the harmless ones, and every
 * other is a secret: a key that nobody has heard of yet may be a new kind of credential. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The key in lower case. */
bool ecr_setting_is_harmless(const char *key, size_t len);
