/* SPDX-License-Identifier: MIT */
/* The interpreter's own command line: what stands before the script. By some names the binary is
 * one of its scripts: then all words are that script's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { ECR_EXIT_ERROR = 3, ECR_EXIT_USAGE = 64 };

/* Options with a value, in the order of ecr_options. */
enum {
    ECR_OPTION_REGION,
    ECR_OPTION_PROFILE,
    ECR_OPTION_ENDPOINT_URL,
    ECR_OPTION_TIMEOUT,
    ECR_OPTION_RETRIES,
    ECR_OPTION_LOG,
    ECR_OPTION_SIM,
    ECR_OPTION_RECORD,
    ECR_OPTION_REPLAY,
    ECR_OPTION_SOURCE,
    ECR_OPTION_CODE,
    ECR_OPTION_COUNT,
};

struct ecr_option {
    const char *name;
    const char *flag; /* its name in "ecr.flags"; NULL = for the interpreter itself */
    const char *value_name;
    const char *help;
};

extern const struct ecr_option ecr_options[ECR_OPTION_COUNT];

struct ecr_command {
    const char *values[ECR_OPTION_COUNT]; /* borrowed from argv; NULL = not given */
    const char *script;                   /* NULL = -e, standard input or the prompt */
    int first_argument;                   /* index into argv of the script's first argument */
    bool list, version, help;
};

/* 0, or the exit code of a usage error that was told to standard error. */
int ecr_command_read(struct ecr_command *command, int argc, char **argv);
void ecr_command_help(void);
