/* SPDX-License-Identifier: MIT */
/* Starting, killing and reaping. What runs between fork and exec is in spawn.c. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "remark.h"
#include "spawn.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#define HANDLE      ((idtype_t)3) /* P_PIDFD, which not every C library has */
#define LEFT_BEHIND 32

/* --- the dead who are not dead yet --- */

/* Handles, plus 1, of children that were killed and did not die while anybody could wait. Of the
 * whole process: the ecr_http they belonged to may be gone. 0 = a free place. */
static atomic_int left_behind[LEFT_BEHIND];

/* True also for a child that somebody else reaped. */
static bool reap(int handle, siginfo_t *info)
{
    info->si_pid = 0;
    return waitid(HANDLE, (id_t)handle, info, WEXITED | WNOHANG) != 0 || info->si_pid != 0;
}

/* Without a place it stays a zombie until the host ends. */
static void leave_behind(int handle)
{
    for (size_t i = 0; i < LEFT_BEHIND; i++) {
        int free_place = 0;
        if (atomic_compare_exchange_strong(&left_behind[i], &free_place, handle + 1))
            return;
    }
    close(handle);
}

void ecr_child_sweep(void)
{
    siginfo_t info;
    for (size_t i = 0; i < LEFT_BEHIND; i++) {
        int held = atomic_load(&left_behind[i]) ? atomic_exchange(&left_behind[i], 0) : 0;
        if (held == 0)
            continue;
        if (reap(held - 1, &info))
            close(held - 1);
        else
            leave_behind(held - 1);
    }
}

/* --- starting --- */

void ecr_child_init(struct ecr_child *child)
{
    *child = (struct ecr_child){
        .handle = -1, .in = -1, .in_end = -1, .out = -1, .err = -1, .trouble = -1};
}

/* It is left out when it may be none: who writes a setting in front of a command, as a shell would
 * take it, may have put a secret there. */
static void keep_name(struct ecr_child *child, const char *program)
{
    struct ecr_remark remark = {.len = 0};
    if (strchr(program, '='))
        program = "the program";
    ecr_remark_add(&remark, program, strlen(program));
    ecr_remark_line(&remark, child->name, sizeof child->name);
}

enum ecr_status ecr_child_fail_start(const struct ecr_child *child, int number,
                                     struct ecr_error *error)
{
    const char *reason = number == ENOSYS ? "this needs Linux 5.4" : strerror(number);
    return ecr_fail(error, ECR_CONFIG, "process_start", "cannot start %s: %s", child->name, reason);
}

enum ecr_status ecr_child_fail_unknown(struct ecr_error *error)
{
    return ecr_fail(error, ECR_CONFIG, "process_status",
                    "how the program ended is not known: this process ignores SIGCHLD, or waits "
                    "for children that are not its own");
}

/* Above the standard descriptors, which the child overwrites. */
static bool lift(int *fd)
{
    if (*fd > STDERR_FILENO)
        return true;
    int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (lifted < 0)
        return false;
    close(*fd);
    *fd = lifted;
    return true;
}

static bool open_pipe(int *reading, int *writing, int *ours)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    *reading = ends[0];
    *writing = ends[1];
    return lift(reading) && lift(writing) && fcntl(*ours, F_SETFL, O_NONBLOCK) == 0;
}

static bool open_input(struct ecr_child *child, struct ecr_spawn *spawn, bool feed)
{
    if (feed)
        return open_pipe(&child->in_end, &child->in, &child->in) &&
               (spawn->in = fcntl(child->in_end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) >= 0;
    spawn->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return spawn->in >= 0 && lift(&spawn->in);
}

static bool open_output(int *ours, int *its)
{
    return open_pipe(ours, its, ours);
}

static bool open_ends(struct ecr_child *child, struct ecr_spawn *spawn, bool feed)
{
    return open_input(child, spawn, feed) && open_output(&child->out, &spawn->out) &&
           open_output(&child->err, &spawn->err) && open_output(&child->trouble, &spawn->trouble);
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int read_trouble(const struct ecr_child *child)
{
    int number = 0;
    return read(child->trouble, &number, sizeof number) == sizeof number ? number : 0;
}

/* No signal reaches the child before it has forgotten the host's handlers. */
static pid_t fork_blocked(struct ecr_spawn *spawn)
{
    sigset_t all, before;
    sigfillset(&all);
    spawn->parent = getpid();
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        ecr_spawn_exec(spawn);
    int kept = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = kept;
    return pid;
}

/* Gives errno: ENOSYS also where there are handles and nobody can wait for one (Linux 5.3). */
static int open_handle(struct ecr_child *child)
{
    siginfo_t info;
    child->handle = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->handle < 0)
        return errno;
    if (waitid(HANDLE, (id_t)child->handle, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ||
        errno != EINVAL)
        return 0;
    close_end(&child->handle);
    return ENOSYS;
}

static enum ecr_status run(struct ecr_child *child, struct ecr_spawn *spawn,
                           struct ecr_error *error)
{
    child->pid = fork_blocked(spawn);
    if (child->pid < 0)
        return ecr_child_fail_start(child, errno, error);
    int number = open_handle(child);
    if (number == 0)
        return ECR_OK;
    if (number == ESRCH) { /* a host that ignores SIGCHLD lost it before there was a handle */
        number = read_trouble(child);
        return number ? ecr_child_fail_start(child, number, error) : ecr_child_fail_unknown(error);
    }
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    return ecr_child_fail_start(child, number, error);
}

enum ecr_status ecr_child_start(struct ecr_child *child, const char *const *argv, bool feed,
                                struct ecr_error *error)
{
    struct ecr_spawn spawn = {.argv = argv, .in = -1, .out = -1, .err = -1, .trouble = -1};
    keep_name(child, argv[0]);
    ecr_child_sweep();
    enum ecr_status status = ecr_spawn_find(&spawn, error);
    if (status == ECR_OK)
        status = open_ends(child, &spawn, feed) ? run(child, &spawn, error)
                                                : ecr_child_fail_start(child, errno, error);
    close_end(&spawn.in);
    close_end(&spawn.out);
    close_end(&spawn.err);
    close_end(&spawn.trouble);
    ecr_spawn_clear(&spawn);
    return status;
}

void ecr_child_fed(struct ecr_child *child)
{
    close_end(&child->in);
    close_end(&child->in_end);
}

/* --- ending --- */

bool ecr_child_has_ended(struct ecr_child *child, struct ecr_child_end *end)
{
    siginfo_t info = {0};
    if (!reap(child->handle, &info))
        return false;
    child->reaped = true;
    *end = (struct ecr_child_end){.trouble = read_trouble(child)};
    end->known = info.si_pid != 0;
    end->signalled = info.si_code != CLD_EXITED;
    end->code = info.si_status;
    return true;
}

/* Its number names it, and its group, as long as it waits to be reaped. It may have no group yet,
 * and then no children either. */
static void kill_group(const struct ecr_child *child)
{
    siginfo_t info;
    if (waitid(HANDLE, (id_t)child->handle, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return; /* somebody else reaped it: the number may be a stranger's by now */
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL);
}

static void bury(struct ecr_child *child, int milliseconds)
{
    siginfo_t info;
    struct pollfd death = {.fd = child->handle, .events = POLLIN};
    kill_group(child);
    while (poll(&death, 1, milliseconds) < 0 && errno == EINTR)
        ;
    if (!reap(child->handle, &info)) {
        leave_behind(child->handle);
        child->handle = -1;
    }
}

void ecr_child_close(struct ecr_child *child, int milliseconds)
{
    if (child->handle >= 0 && !child->reaped)
        bury(child, milliseconds);
    close_end(&child->handle);
    ecr_child_fed(child);
    close_end(&child->out);
    close_end(&child->err);
    close_end(&child->trouble);
    ecr_child_sweep();
}
