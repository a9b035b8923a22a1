/* SPDX-License-Identifier: MIT */
/* Reading the command line: one table, and what is not in it is a usage error. Another table has
 * the names under which the binary is one of its scripts. */
#include "command.h"

#include <stdio.h>
#include <string.h>

const struct ecr_option ecr_options[ECR_OPTION_COUNT] = {
    {"--region", "region", "NAME", "AWS region (else AWS_REGION, AWS_DEFAULT_REGION)"},
    {"--profile", "profile", "NAME", "profile of the AWS configuration"},
    {"--endpoint-url", "endpoint_url", "URL", "API endpoint instead of AWS's"},
    {"--timeout", "timeout", "SECONDS", "for one attempt of a request (30)"},
    {"--retries", "max_retries", "N", "repetitions of a failed request (3)"},
    {"--log", "log", "LEVEL", "error, warn, info or debug, to standard error (warn)"},
    {"--sim", "sim", "SCENARIO", "run against the simulator, in virtual time"},
    {"--record", "record", "FILE", "write the calls and their answers to FILE"},
    {"--replay", "replay", "FILE", "be answered from a recording, in virtual time"},
    {"--source", "source", "DIR", "take Lua from DIR/lua and DIR/scripts first (development)"},
    {"-e", NULL, "CODE", "run CODE"},
};

/* Docker runs a program of this name with an action as its only word. */
static const struct {
    const char *name;
    const char *script;
} program_names[] = {
    {"docker-credential-ecrlua", "credential_helper.lua"},
};

/* The script that the binary is when it is called by this path, or NULL. */
static const char *script_of_program(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < sizeof program_names / sizeof *program_names; i++)
        if (strcmp(program_names[i].name, name) == 0)
            return program_names[i].script;
    return NULL;
}

static int usage_error(const char *format, const char *what)
{
    fprintf(stderr, "ecrlua: ");
    fprintf(stderr, format, what);
    fprintf(stderr, "; see ecrlua --help\n");
    return ECR_EXIT_USAGE;
}

static bool is_switch(struct ecr_command *command, const char *word)
{
    bool *flag = NULL;
    if (strcmp(word, "--list") == 0)
        flag = &command->list;
    else if (strcmp(word, "--version") == 0)
        flag = &command->version;
    else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        flag = &command->help;
    if (flag)
        *flag = true;
    return flag != NULL;
}

/* The option that `word` names ("--region" or "--region=x"), or NULL. */
static const struct ecr_option *find_option(const char *word, const char **value)
{
    for (size_t i = 0; i < ECR_OPTION_COUNT; i++) {
        size_t len = strlen(ecr_options[i].name);
        if (strncmp(word, ecr_options[i].name, len) != 0 || (word[len] && word[len] != '='))
            continue;
        *value = word[len] ? word + len + 1 : NULL;
        return &ecr_options[i];
    }
    return NULL;
}

/* What is answered from a recording is neither simulated nor recorded. */
static int check_together(const struct ecr_command *command)
{
    if (!command->values[ECR_OPTION_REPLAY])
        return 0;
    if (command->values[ECR_OPTION_SIM])
        return usage_error("--replay cannot be used with %s", "--sim");
    if (command->values[ECR_OPTION_RECORD])
        return usage_error("--replay cannot be used with %s", "--record");
    return 0;
}

/* Options, the script, and where its arguments begin. */
static int read_words(struct ecr_command *command, int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        const char *value;
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        const struct ecr_option *option = find_option(argv[i], &value);
        if (!option && is_switch(command, argv[i]))
            continue;
        if (!option)
            return usage_error("unknown option %s", argv[i]);
        if (!value && i + 1 == argc)
            return usage_error("%s needs a value", argv[i]);
        command->values[option - ecr_options] = value ? value : argv[++i];
        if (!value && option == &ecr_options[ECR_OPTION_CODE]) {
            i++;
            break;
        }
    }
    if (!command->values[ECR_OPTION_CODE] && i < argc)
        command->script = argv[i++];
    command->first_argument = i;
    return check_together(command);
}

int ecr_command_read(struct ecr_command *command, int argc, char **argv)
{
    command->script = argc > 0 ? script_of_program(argv[0]) : NULL;
    command->first_argument = 1;
    return command->script ? 0 : read_words(command, argc, argv);
}

void ecr_command_help(void)
{
    puts("usage: ecrlua [OPTIONS] SCRIPT [ARGUMENTS]   a file, or a shipped script's name\n"
         "       ecrlua [OPTIONS] -e CODE [ARGUMENTS]\n"
         "       ecrlua [OPTIONS] -                    a script on standard input\n"
         "       ecrlua [OPTIONS]                      a prompt\n"
         "       ecrlua --list | --version | --help\n"
         "       docker-credential-ecrlua ACTION       the same binary by this name: see\n"
         "                                             ecrlua credential_helper.lua --help\n");
    for (size_t i = 0; i < ECR_OPTION_COUNT; i++) {
        char left[40];
        snprintf(left, sizeof left, "%s %s", ecr_options[i].name, ecr_options[i].value_name);
        printf("  %-22s %s\n", left, ecr_options[i].help);
    }
    puts("\nA script's integer result is the exit code: 0 yes, 1 no, 2 inconclusive, 3 could not\n"
         "find out, 64 usage. A name without a slash means the shipped script of that name first;\n"
         "write ./NAME for a file.");
}
