/* SPDX-License-Identifier: MIT */
/* Running programs through ecr_http in a test. The process makes itself the one that orphans come
 * to, so that what becomes of a program's own children can be waited for. Each test ends without
 * children and without descriptors that it did not begin with. */
#pragma once

#include "http.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "unit.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#define LONG_ENOUGH 30 /* seconds that no test takes */

static struct ecr_http *http;
static struct ecr_error error;

/* How one ended; output is cut. */
static struct {
    long status;
    bool exited;
    struct ecr_error error;
    size_t len;
    char output[400];
} seen;

static inline bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static inline int count_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static inline void open_http(void)
{
    struct ecr_http_options options = {.proxy = ""};
    http = NULL;
    CHECK(ecr_http_new(&options, &http, &error) == ECR_OK);
}

static inline uint64_t submit_request(const struct ecr_http_request *request)
{
    uint64_t ticket = 0;
    error = (struct ecr_error){0};
    CHECK(ecr_http_submit(http, request, &ticket, &error) == ECR_OK);
    return ticket;
}

static inline uint64_t submit(const char *const *argv, double timeout, size_t max)
{
    struct ecr_http_request request = {
        .argv = argv, .timeout = timeout, .sink = ECR_SINK_RAW, .max_body = max};
    return submit_request(&request);
}

static inline uint64_t submit_script(const char *script, double timeout)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    return submit(argv, timeout, 0);
}

/* The oldest answer, which must come. */
static inline void await(void)
{
    memset(&seen, 0, sizeof seen);
    while (!ecr_http_next(http, NULL) && ecr_http_in_flight(http) > 0)
        CHECK(ecr_http_poll(http, LONG_ENOUGH, &error) == ECR_OK);
    const struct ecr_http_answer *answer = ecr_http_next(http, NULL);
    CHECK(answer);
    if (!answer)
        return;
    const struct ecr_buf *raw = &answer->sink.raw;
    seen.status = answer->status;
    seen.exited = answer->exited;
    seen.error = answer->error;
    seen.len = raw->len;
    snprintf(seen.output, sizeof seen.output, "%s", raw->data ? raw->data : "");
    ecr_http_drop(http);
}

static inline void run(const char *const *argv)
{
    open_http();
    submit(argv, LONG_ENOUGH, 0);
    await();
    ecr_http_free(http);
    CHECK(!has_children());
}

static inline void run_script(const char *script, double timeout)
{
    open_http();
    submit_script(script, timeout);
    await();
    ecr_http_free(http);
}

static inline void check_failed(enum ecr_status status, const char *code, const char *message)
{
    CHECK(seen.error.status == status);
    CHECK_TEXT(seen.error.code, code);
    CHECK_TEXT(seen.error.message, message);
}

/* Waits for an orphan; true when SIGKILL was its end. */
static inline bool was_killed(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_code == CLD_KILLED &&
           info.si_status == SIGKILL;
}

/* As on a kernel that does not know this call. */
static inline bool forbid(unsigned call)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The test in a process of its own must pass. */
static inline void check_apart(void (*test)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t apart = fork();
    if (apart == 0) {
        test();
        _exit(unit_broken != 0);
    }
    CHECK(waitpid(apart, &status, 0) == apart && status == 0);
}

/* A test that leaves nothing. */
#define RUN_CLEAN(sentence, function)                                                              \
    do {                                                                                           \
        int before_it = count_descriptors();                                                       \
        RUN(sentence, function);                                                                   \
        if (has_children() || count_descriptors() != before_it) {                                  \
            printf("not ok - leaves something: %s\n", sentence);                                   \
            unit_failed++;                                                                         \
        }                                                                                          \
    } while (0)

static inline void begin_tests(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}
