/* SPDX-License-Identifier: MIT */
/* AWS's shared files, `config` and `credentials`, as rows. The rules are those of the table of
 * parser cases that AWS's SDKs share; where it is silent and they differ, what more of them do:
 *
 * - `key = value` only. Python's parser takes `key: value` too; the table calls it an error, and a
 *   file that only one tool reads is better reported than read.
 * - A comment is a line that begins with # or ;, indented or not; the rest of a line after a
 *   section's bracket; the rest of a setting's line from a # or ; that follows white space. Without
 *   white space it belongs to the value. A line that continues a value keeps what looks like a
 *   comment behind text (the table's rule).
 * - An indented line continues the setting above, after a line feed. When that one has no value, it
 *   is a setting inside it: one level, and deeper indentation means nothing. Before any setting of
 *   a section it is an error.
 * - A section whose name or kind is none is skipped unread; so is a setting whose name is none,
 *   with the lines that continue it. Names are letters, digits and _ . - % @ / : +, and a section's
 *   may be quoted and then hold spaces.
 * - The same section again goes on with it, the same key again replaces the value: whoever puts the
 *   rows into tables does both by their order. `[profile default]` replaces `[default]` wholly,
 *   wherever it stands; of the two only the rows that count are there.
 *
 * Any value may be a secret, so all text is wiped, and no message quotes a line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

#define ECR_INI_MAX_FILE ((size_t)1024 * 1024)
#define ECR_INI_MAX_LINE ((size_t)64 * 1024)
#define ECR_INI_MAX_ROWS ((size_t)100 * 1000)

enum ecr_ini_file { ECR_INI_CONFIG, ECR_INI_CREDENTIALS };

enum ecr_ini_section { ECR_INI_PROFILE, ECR_INI_SSO_SESSION, ECR_INI_SERVICES };

enum ecr_ini_kind {
    ECR_INI_SECTION, /* `section` and `name`; the rows up to the next one are in it */
    ECR_INI_VALUE,   /* `name` and `value` */
    ECR_INI_BLOCK,   /* `name`; the SUB rows that follow are in it */
    ECR_INI_SUB,     /* `name` and `value` */
};

/* A piece of `text`. */
struct ecr_ini_piece {
    size_t at, len;
};

struct ecr_ini_row {
    enum ecr_ini_kind kind;
    enum ecr_ini_section section;
    bool unprefixed; /* `[default]` in the config file */
    struct ecr_ini_piece name, value;
};

struct ecr_ini {
    struct ecr_ini_row *rows;
    size_t count, cap;
    struct ecr_buf text;
};

void ecr_ini_init(struct ecr_ini *ini);
void ecr_ini_clear(struct ecr_ini *ini);

/* Into an empty `ini`, which stays empty on failure: ECR_CONFIG "config_file", with a message that
 * begins with "line <n>: " where a line is to blame. */
enum ecr_status ecr_ini_parse(const char *bytes, size_t len, enum ecr_ini_file file,
                              struct ecr_ini *ini, struct ecr_error *error);
/* The same of a file: messages name it. Not *found and ECR_OK when there is no such file. */
enum ecr_status ecr_ini_read(const char *path, enum ecr_ini_file file, struct ecr_ini *ini,
                             bool *found, struct ecr_error *error);
