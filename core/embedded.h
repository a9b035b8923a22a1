/* SPDX-License-Identifier: MIT */
/* The Lua files inside the binary, as text. Written at build time by core/embed.c. */
#pragma once

#include <stddef.h>

struct ecr_embedded {
    const char *name; /* "ecr.client", or "scan_gate.lua" */
    const char *text; /* followed by a NUL that `len` does not count */
    size_t len;
};

extern const struct ecr_embedded ecr_embedded_modules[], ecr_embedded_scripts[];
extern const size_t ecr_embedded_module_count, ecr_embedded_script_count;
