/* SPDX-License-Identifier: MIT */
/* A program that was started: without a shell, in a session of its own, with nothing of ours but
 * the environment, two pipes for what it writes, and one for what it reads if there is something to
 * read. It dies with the thread that started it. No
 * handler of SIGCHLD is installed and none is needed: its end is noticed by a pidfd (Linux 5.4),
 * since the end of its output says little: a grandchild may hold the pipes. Where the host ignores
 * SIGCHLD or waits for any child, how it ended cannot be known, and that is what is said. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "error.h"

struct ecr_child {
    pid_t pid;
    int handle;  /* readable when it has ended; -1 = there is none */
    int in;      /* what it reads is written here, not blocking; -1 = nothing (more) */
    int in_end;  /* the other end of that: while it is open no write raises SIGPIPE */
    int out;     /* its standard output, not blocking; -1 = closed */
    int err;     /* and its standard error */
    int trouble; /* has the reason why the program could not be started */
    bool reaped;
    char name[80]; /* of the program, for messages */
};

struct ecr_child_end {
    int trouble;    /* errno when it could not be started; 0 = it was */
    bool known;     /* whether code and signalled say anything */
    bool signalled; /* code is a signal, not what it exited with */
    int code;
};

/* None, so that it can be closed. */
void ecr_child_init(struct ecr_child *child);
/* `argv` ends with NULL; argv[0] is looked up along PATH. All is copied. What only shows when the
 * program is to be run is reported as its end. Without `feed` there is nothing on its standard
 * input. After a failure too it must be closed. */
enum ecr_status ecr_child_start(struct ecr_child *child, const char *const *argv, bool feed,
                                struct ecr_error *error);
/* Nothing more comes: the program sees the end of its input. */
void ecr_child_fed(struct ecr_child *child);
/* False while it runs. */
bool ecr_child_has_ended(struct ecr_child *child, struct ecr_child_end *end);
/* The failure of one that could not be started, for the reason `number`. */
enum ecr_status ecr_child_fail_start(const struct ecr_child *child, int number,
                                     struct ecr_error *error);
/* The failure of one of which nobody can know how it ended. */
enum ecr_status ecr_child_fail_unknown(struct ecr_error *error);
/* Kills it with all its group when it runs, waits at most `milliseconds` for its death, and closes
 * what is open. What the kernel does not let die by then is reaped by a sweep. */
void ecr_child_close(struct ecr_child *child, int milliseconds);
/* Reaps what was left behind, of all children there were. Made by each start and each close; else
 * by whoever waits anyway. */
void ecr_child_sweep(void);
