/* SPDX-License-Identifier: MIT */
/* PATH, and the way from fork to exec. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define SET_CLOEXEC  4u /* CLOSE_RANGE_CLOEXEC */
#define MAX_PATHS    (256 * 1024)
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define CANNOT       127 /* as a shell exits when it cannot start a program */

extern char **environ;

/* --- before the fork --- */

/* An empty directory is the current one. */
static enum ecr_status add_path(struct ecr_buf *paths, const char *directory, size_t len,
                                const char *name)
{
    enum ecr_status status = ecr_buf_append(paths, directory, len);
    if (status == ECR_OK && len > 0)
        status = ecr_buf_byte(paths, '/');
    if (status == ECR_OK)
        status = ecr_buf_append(paths, name, strlen(name) + 1);
    return status;
}

enum ecr_status ecr_spawn_find(struct ecr_spawn *spawn, struct ecr_error *error)
{
    const char *name = spawn->argv[0], *path = getenv("PATH");
    enum ecr_status status = ECR_OK;
    ecr_buf_init(&spawn->paths, MAX_PATHS);
    if (strchr(name, '/'))
        path = "";
    for (const char *at = path ? path : DEFAULT_PATH; at && status == ECR_OK;) {
        size_t len = strcspn(at, ":");
        status = add_path(&spawn->paths, at, len, name);
        at = at[len] ? at + len + 1 : NULL;
    }
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (status != ECR_OK)
        return ecr_fail(error, ECR_CONFIG, "process_start", "PATH is too long");
    return ECR_OK;
}

void ecr_spawn_clear(struct ecr_spawn *spawn)
{
    ecr_buf_clear(&spawn->paths);
}

/* --- after it --- */

static void forget_handlers(void)
{
    sigset_t none;
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, &action, NULL); /* fails for those nobody may change: fine */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* -1 for "." and "..". */
static int number_of(const char *name)
{
    int number = 0;
    for (; *name; name++) {
        if (*name < '0' || *name > '9')
            return -1;
        number = number * 10 + (*name - '0');
    }
    return number;
}

struct entry { /* what the kernel writes */
    uint64_t inode;
    int64_t offset;
    unsigned short len;
    unsigned char type;
    char name[];
};

/* For kernels before 5.11. */
static bool hide_listed(void)
{
    _Alignas(struct entry) char entries[4096];
    int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (list < 0)
        return false;
    long got;
    while ((got = syscall(SYS_getdents64, list, entries, sizeof entries)) > 0) {
        for (long at = 0; at < got; at += ((struct entry *)(entries + at))->len) {
            int fd = number_of(((struct entry *)(entries + at))->name);
            if (fd > STDERR_FILENO)
                fcntl(fd, F_SETFD, FD_CLOEXEC);
        }
    }
    return got == 0;
}

/* The host's descriptors, which may not be close-on-exec, are no business of the program's. */
static bool hide_descriptors(void)
{
    return syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, SET_CLOEXEC) == 0 || hide_listed();
}

static bool take_standard(const struct ecr_spawn *spawn)
{
    return dup2(spawn->in, STDIN_FILENO) >= 0 && dup2(spawn->out, STDOUT_FILENO) >= 0 &&
           dup2(spawn->err, STDERR_FILENO) >= 0;
}

/* Returns errno: of a program that is there and may not be run rather than of the places where it
 * is not. */
static int exec_any(const struct ecr_spawn *spawn)
{
    int found = ENOENT;
    for (size_t at = 0; at < spawn->paths.len; at += strlen(spawn->paths.data + at) + 1) {
        execve(spawn->paths.data + at, (char *const *)spawn->argv, environ);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            return errno;
        if (errno == EACCES)
            found = EACCES;
    }
    return found;
}

_Noreturn void ecr_spawn_exec(const struct ecr_spawn *spawn)
{
    int number = 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != spawn->parent)
        _exit(CANNOT); /* the parent died already: nobody would kill us */
    if (setsid() < 0 || !take_standard(spawn) || !hide_descriptors())
        number = errno;
    forget_handlers();
    if (number == 0)
        number = exec_any(spawn);
    ssize_t written = write(spawn->trouble, &number, sizeof number);
    (void)written; /* there is nobody else to tell */
    _exit(CANNOT);
}
