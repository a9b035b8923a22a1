/* SPDX-License-Identifier: MIT */
/* UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool ecr_utf8_valid(const char *text, size_t len);
/* How many characters valid UTF-8 holds. */
size_t ecr_utf8_count(const char *text, size_t len);
