/* SPDX-License-Identifier: MIT */
/* Programs run through ecr_http. This process makes itself the one that orphans come to, so that
 * what becomes of a program's own children can be waited for. Each test ends without children and
 * without descriptors that it did not begin with. */
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

static bool has_children(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

static int count_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    closedir(directory);
    return count;
}

static void open_http(void)
{
    struct ecr_http_options options = {.proxy = ""};
    http = NULL;
    CHECK(ecr_http_new(&options, &http, &error) == ECR_OK);
}

static uint64_t submit(const char *const *argv, double timeout, size_t max)
{
    uint64_t ticket = 0;
    struct ecr_http_request request = {
        .argv = argv, .timeout = timeout, .sink = ECR_SINK_RAW, .max_body = max};
    error = (struct ecr_error){0};
    CHECK(ecr_http_submit(http, &request, &ticket, &error) == ECR_OK);
    return ticket;
}

static uint64_t submit_script(const char *script, double timeout)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    return submit(argv, timeout, 0);
}

/* The oldest answer, which must come. */
static void await(void)
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

static void run(const char *const *argv)
{
    open_http();
    submit(argv, LONG_ENOUGH, 0);
    await();
    ecr_http_free(http);
    CHECK(!has_children());
}

static void run_script(const char *script, double timeout)
{
    open_http();
    submit_script(script, timeout);
    await();
    ecr_http_free(http);
}

static void check_failed(enum ecr_status status, const char *code, const char *message)
{
    CHECK(seen.error.status == status);
    CHECK_TEXT(seen.error.code, code);
    CHECK_TEXT(seen.error.message, message);
}

/* Waits for an orphan; true when SIGKILL was its end. */
static bool was_killed(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_code == CLD_KILLED &&
           info.si_status == SIGKILL;
}

/* --- how programs end --- */

TEST(gives_output_and_exit_code)
{
    run((const char *const[]){"printf", "%s|%s", "a b", "", NULL});
    CHECK(seen.error.status == ECR_OK && seen.exited && seen.status == 0);
    CHECK_TEXT(seen.output, "a b|");
    run((const char *const[]){"true", NULL});
    CHECK(seen.error.status == ECR_OK && seen.exited && seen.len == 0);
    run((const char *const[]){"/bin/sh", "-c", "echo \"$HOME\"", NULL});
    CHECK(strncmp(seen.output, getenv("HOME"), strlen(getenv("HOME"))) == 0);
}

TEST(gives_the_remark_of_one_that_fails)
{
    run_script("echo secret; echo 'no such role' >&2; exit 3", LONG_ENOUGH);
    CHECK(seen.exited && seen.status == 3);
    check_failed(ECR_AUTH, "process_exit", "exited with 3: no such role");
    run_script("exit 255", LONG_ENOUGH);
    CHECK(seen.exited && seen.status == 255);
    check_failed(ECR_AUTH, "process_exit", "exited with 255");
    run_script("head -c 1000000 /dev/zero | tr '\\0' e >&2; printf '\\n\\033[1mlast' >&2; exit 1",
               LONG_ENOUGH);
    size_t len = strlen(seen.error.message);
    CHECK(len > 200 && strcmp(seen.error.message + len - 9, "e [1mlast") == 0);
}

TEST(says_which_signal)
{
    run_script("kill -TERM $$", LONG_ENOUGH);
    CHECK(!seen.exited);
    check_failed(ECR_AUTH, "process_exit", "was ended by signal 15 (Terminated)");
    run_script("echo oh >&2; kill -KILL $$", LONG_ENOUGH);
    check_failed(ECR_AUTH, "process_exit", "was ended by signal 9 (Killed): oh");
}

TEST(says_why_one_does_not_start)
{
    char path[] = "/tmp/test_process_XXXXXX";
    int fd = mkstemp(path);
    CHECK(write(fd, "true\n", 5) == 5);
    run((const char *const[]){path, NULL});
    CHECK(!seen.exited && seen.error.status == ECR_CONFIG);
    CHECK(strstr(seen.error.message, path) && strstr(seen.error.message, ": Permission denied"));
    fchmod(fd, 0700); /* a script that does not say whose: no shell takes it */
    close(fd);
    run((const char *const[]){path, NULL});
    CHECK(strstr(seen.error.message, ": Exec format error"));
    unlink(path);
    run((const char *const[]){"no-such-program", "x", NULL});
    check_failed(ECR_CONFIG, "process_start",
                 "cannot start no-such-program: No such file or directory");
    run((const char *const[]){"./no/such", NULL});
    check_failed(ECR_CONFIG, "process_start", "cannot start ./no/such: No such file or directory");
    run((const char *const[]){"KEY=secret", "program", NULL});
    check_failed(ECR_CONFIG, "process_start",
                 "cannot start the program: No such file or directory");
}

/* At each number that there may be. */
TEST(says_when_there_are_no_descriptors)
{
    const char *const argv[] = {"true", NULL};
    struct ecr_http_request request = {.argv = argv, .timeout = LONG_ENOUGH};
    uint64_t ticket;
    struct rlimit before, limit;
    bool started = false;
    open_http();
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    for (limit.rlim_cur = 4; limit.rlim_cur < 50 && !started; limit.rlim_cur++) {
        setrlimit(RLIMIT_NOFILE, &limit);
        started = ecr_http_submit(http, &request, &ticket, &error) == ECR_OK;
        if (!started)
            CHECK_TEXT(error.message, "cannot start true: Too many open files");
    }
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK(started && error.status == ECR_CONFIG && strcmp(error.code, "process_start") == 0);
    await();
    CHECK(seen.exited && seen.status == 0);
    ecr_http_free(http);
}

TEST(takes_more_than_a_pipe_holds)
{
    const char *const argv[] = {"head", "-c", "300000", "/dev/zero", NULL};
    open_http();
    submit(argv, LONG_ENOUGH, 300000);
    await();
    CHECK(seen.error.status == ECR_OK && seen.len == 300000);
    submit(argv, LONG_ENOUGH, 299999);
    await();
    CHECK(seen.error.status == ECR_PROTOCOL);
    CHECK_TEXT(seen.error.code, "too_large");
    ecr_http_free(http);
    run((const char *const[]){"yes", NULL});
    check_failed(ECR_PROTOCOL, "too_large", "the answer is larger than the 65536 bytes allowed");
}

/* --- what else there is to end --- */

TEST(ends_at_the_deadline_with_its_children)
{
    double begin = ecr_clock_monotonic();
    run_script("sleep 1000 & exec >&- 2>&-; sleep 1000", 0.2);
    double took = ecr_clock_monotonic() - begin;
    CHECK(took >= 0.2 && took < LONG_ENOUGH);
    check_failed(ECR_TIMEOUT, "process_timeout", "did not end within 0.2 seconds");
    while (has_children()) /* both sleeps, as far as it came */
        CHECK(was_killed());
}

/* As early as the machine lets the program say it. */
TEST(says_at_the_deadline_what_it_heard)
{
    for (double timeout = 0.1; timeout < LONG_ENOUGH; timeout *= 2) {
        run_script("echo 'touch the key' >&2; exec sleep 1000", timeout);
        CHECK(seen.error.status == ECR_TIMEOUT);
        if (strstr(seen.error.message, "seconds: touch the key"))
            return;
    }
    CHECK(!"heard");
}

TEST(waits_for_no_grandchild)
{
    run_script("sleep 1000 & echo $!", LONG_ENOUGH);
    CHECK(seen.error.status == ECR_OK && seen.exited);
    CHECK(kill(atoi(seen.output), SIGKILL) == 0); /* what it left behind still runs */
    CHECK(was_killed());
}

TEST(lets_a_flood_of_a_grandchild_be)
{
    run_script("yes >&2 & echo $!", LONG_ENOUGH);
    CHECK(seen.error.status == ECR_OK);
    waitpid(atoi(seen.output), NULL, 0); /* SIGPIPE ends it */
}

/* Runs one until it has written something. */
static uint64_t run_on(const char *script)
{
    uint64_t bytes = 0, ticket = submit_script(script, LONG_ENOUGH);
    while (bytes == 0 && ecr_http_progress(http, ticket, &bytes) && !ecr_http_next(http, NULL))
        CHECK(ecr_http_poll(http, 0.001, &error) == ECR_OK);
    CHECK(bytes == 5);
    return ticket;
}

TEST(is_cancelled_with_its_children)
{
    open_http();
    uint64_t ticket = run_on("sleep 1000 & echo here; wait");
    CHECK(ecr_http_cancel(http, ticket));
    CHECK(was_killed());
    CHECK(!ecr_http_cancel(http, ticket) && ecr_http_in_flight(http) == 0);
    submit_script("exec sleep 1000", LONG_ENOUGH); /* perhaps before it has a group */
    ticket = submit_script("echo done", LONG_ENOUGH);
    await();
    CHECK_TEXT(seen.output, "done\n");
    CHECK(!ecr_http_cancel(http, ticket) && ecr_http_in_flight(http) == 1);
    ecr_http_free(http);
}

TEST(ends_with_the_handle)
{
    open_http();
    run_on("sleep 1000 & echo here; wait");
    submit_script("exec sleep 1000", LONG_ENOUGH);
    ecr_http_free(http);
    CHECK(was_killed());
}

TEST(dies_with_its_parent)
{
    pid_t parent = fork();
    if (parent == 0) {
        open_http();
        run_on("echo here; exec sleep 1000");
        _exit(unit_broken);
    }
    int status = -1;
    CHECK(waitpid(parent, &status, 0) == parent && status == 0);
    CHECK(was_killed());
}

/* A copy of this process that closes its copy of the handle is not the parent. */
TEST(is_not_killed_by_a_fork_of_its_parent)
{
    siginfo_t info = {0};
    open_http();
    run_on("echo here; exec sleep 1000");
    pid_t copy = fork();
    if (copy == 0) {
        ecr_http_free(http);
        _exit(0);
    }
    waitpid(copy, NULL, 0);
    CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0);
    ecr_http_free(http);
}

/* --- what it begins with --- */

TEST(has_no_descriptor_of_ours)
{
    int ours = dup(STDIN_FILENO);
    run((const char *const[]){"ls", "/proc/self/fd", NULL});
    CHECK_TEXT(seen.output, "0\n1\n2\n3\n"); /* the last is the directory's */
    run((const char *const[]){"readlink", "/proc/self/fd/0", NULL});
    CHECK_TEXT(seen.output, "/dev/null\n");
    close(ours);
}

/* As on a kernel that does not know this call. */
static bool forbid(unsigned call)
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
static void check_apart(void (*test)(void))
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

static void look_without_close_range(void)
{
    for (int i = 0; i < 300; i++)
        CHECK(dup(STDIN_FILENO) >= 0);
    CHECK(forbid(SYS_close_range));
    run((const char *const[]){"ls", "/proc/self/fd", NULL});
    CHECK_TEXT(seen.output, "0\n1\n2\n3\n");
}

TEST(has_no_descriptor_of_ours_on_old_kernels)
{
    check_apart(look_without_close_range);
}

static void run_without_standard_descriptors(void)
{
    open_http();
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    submit_script("cat; echo to stdout; echo to stderr >&2; exit 4", LONG_ENOUGH);
    await();
    CHECK_TEXT(seen.output, "to stdout\n");
    check_failed(ECR_AUTH, "process_exit", "exited with 4: to stderr");
}

TEST(needs_no_standard_descriptors)
{
    check_apart(run_without_standard_descriptors);
}

TEST(has_no_signals_of_ours)
{
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    unsigned long long held = 1, ignored = 1;
    run((const char *const[]){"grep", "^Sig[BI]", "/proc/self/status", NULL});
    CHECK(sscanf(seen.output, "SigBlk: %llx SigIgn: %llx", &held, &ignored) == 2);
    CHECK(held == 0);
    /* 32 and 33 are the C library's own, which lets nobody touch them: they are as we found them */
    CHECK((ignored & ~(3ULL << 31)) == 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
}

TEST(leads_a_session)
{
    run_script("read -r pid name state parent group session rest < /proc/self/stat; "
               "test $$ = $group && test $$ = $session",
               LONG_ENOUGH);
    CHECK(seen.error.status == ECR_OK && seen.status == 0);
}

/* --- hosts with habits --- */

/* Its failure; where SIGCHLD is ignored, it may be lost before there is a ticket. */
static void fail_in_any_way(const char *const *argv, double timeout)
{
    struct ecr_http_request request = {.argv = argv, .timeout = timeout};
    uint64_t ticket;
    memset(&seen, 0, sizeof seen);
    open_http();
    if (ecr_http_submit(http, &request, &ticket, &error) == ECR_OK)
        await();
    else
        seen.error = error;
    ecr_http_free(http);
}

TEST(does_not_guess_where_sigchld_is_ignored)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 20; i++) {
        fail_in_any_way((const char *const[]){"true", NULL}, LONG_ENOUGH);
        CHECK(!seen.exited && seen.error.status == ECR_CONFIG);
        CHECK_TEXT(seen.error.code, "process_status");
        fail_in_any_way((const char *const[]){"no-such-program", NULL}, LONG_ENOUGH);
        check_failed(ECR_CONFIG, "process_start",
                     "cannot start no-such-program: No such file or directory");
    }
    fail_in_any_way((const char *const[]){"sleep", "1000", NULL}, 0.2);
    CHECK(seen.error.status == ECR_TIMEOUT);
    open_http();
    submit_script("exec sleep 1000", LONG_ENOUGH);
    ecr_http_free(http);
    signal(SIGCHLD, SIG_DFL);
}

static void run_on_an_old_kernel(void)
{
    CHECK(forbid(SYS_pidfd_open));
    fail_in_any_way((const char *const[]){"true", NULL}, LONG_ENOUGH);
    check_failed(ECR_CONFIG, "process_start", "cannot start true: this needs Linux 5.4");
    CHECK(!has_children());
}

TEST(says_that_the_kernel_is_too_old)
{
    check_apart(run_on_an_old_kernel);
}

TEST(does_not_guess_where_another_waits)
{
    open_http();
    submit_script("echo done", LONG_ENOUGH);
    CHECK(waitpid(-1, NULL, 0) > 0);
    await();
    CHECK_TEXT(seen.error.code, "process_status");
    ecr_http_free(http);
}

TEST(reaps_later_what_does_not_die_at_once)
{
    const char *const argv[] = {"sleep", "1000", NULL};
    for (int i = 0; i < 20; i++) {
        struct ecr_child child;
        ecr_child_init(&child);
        CHECK(ecr_child_start(&child, argv, &error) == ECR_OK);
        ecr_child_close(&child, 0);
    }
    while (has_children())
        ecr_child_sweep();
}

/* --- several, and foreign loops --- */

TEST(runs_many_at_once)
{
    enum { MANY = 40 };
    char script[80];
    uint64_t sum = 0, tickets = 0;
    size_t ended = 0;
    open_http();
    for (int i = 1; i <= MANY; i++) {
        snprintf(script, sizeof script, "echo %d; exit %d", i, i % 2);
        tickets += submit_script(script, LONG_ENOUGH);
    }
    CHECK(ecr_http_in_flight(http) == MANY);
    while (ended < MANY && ecr_http_poll(http, LONG_ENOUGH, &error) == ECR_OK) {
        const struct ecr_http_answer *answer = NULL;
        while ((answer = ecr_http_next(http, answer))) {
            CHECK(answer->status == (long)(answer->ticket % 2));
            CHECK(atoi(answer->sink.raw.data) == (int)answer->ticket);
            sum += answer->ticket;
            ended++;
        }
        ecr_http_drop(http);
    }
    CHECK(sum == tickets && ecr_http_in_flight(http) == 0);
    ecr_http_free(http);
}

TEST(drives_a_foreign_loop)
{
    open_http();
    CHECK(ecr_http_timeout(http) < 0);
    submit_script("exec sleep 1000", 0.2);
    double left = ecr_http_timeout(http);
    CHECK(left > 0 && left <= 0.2);
    uint64_t ticket = submit_script("echo done", LONG_ENOUGH);
    struct pollfd loop = {.fd = ecr_http_fd(http), .events = POLLIN};
    while (!ecr_http_next(http, NULL)) {
        CHECK(poll(&loop, 1, (int)(ecr_http_timeout(http) * 1000) + 1) >= 0);
        CHECK(ecr_http_poll(http, 0, &error) == ECR_OK);
    }
    CHECK(ecr_http_next(http, NULL)->ticket == ticket && ecr_http_timeout(http) == 0);
    await();
    CHECK(ecr_http_timeout(http) <= 0.2);
    while (!ecr_http_next(http, NULL)) {
        CHECK(poll(&loop, 1, (int)(ecr_http_timeout(http) * 1000) + 1) >= 0);
        CHECK(ecr_http_poll(http, 0, &error) == ECR_OK);
    }
    await();
    CHECK(seen.error.status == ECR_TIMEOUT);
    CHECK(poll(&loop, 1, 0) == 0); /* nothing is left in the set */
    ecr_http_free(http);
}

/* A copy of this process keeps in the set what is only closed here. */
TEST(leaves_the_set_of_a_host_that_forks)
{
    open_http();
    submit_script("exec sleep 1000", 0.2);
    submit_script("exec >&- 2>&-; exec sleep 1000", 0.2);
    submit_script("echo done", LONG_ENOUGH);
    pid_t copy = fork();
    if (copy == 0) {
        pause();
        _exit(0);
    }
    while (ecr_http_in_flight(http) > 0)
        await();
    CHECK(seen.error.status == ECR_TIMEOUT);
    struct pollfd set = {.fd = ecr_http_fd(http), .events = POLLIN};
    CHECK(poll(&set, 1, 0) == 0);
    kill(copy, SIGKILL);
    waitpid(copy, NULL, 0);
    ecr_http_free(http);
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

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    RUN_CLEAN("gives output and exit code", gives_output_and_exit_code);
    RUN_CLEAN("gives the remark of one that fails", gives_the_remark_of_one_that_fails);
    RUN_CLEAN("says which signal ended one", says_which_signal);
    RUN_CLEAN("says why one does not start", says_why_one_does_not_start);
    RUN_CLEAN("says when there are no descriptors", says_when_there_are_no_descriptors);
    RUN_CLEAN("takes more than a pipe holds, and no more than allowed",
              takes_more_than_a_pipe_holds);
    RUN_CLEAN("ends at the deadline with its children", ends_at_the_deadline_with_its_children);
    RUN_CLEAN("says at the deadline what it heard", says_at_the_deadline_what_it_heard);
    RUN_CLEAN("waits for no grandchild that holds the pipe", waits_for_no_grandchild);
    RUN_CLEAN("lets a flood of a grandchild be", lets_a_flood_of_a_grandchild_be);
    RUN_CLEAN("is cancelled with its children", is_cancelled_with_its_children);
    RUN_CLEAN("ends with the handle", ends_with_the_handle);
    RUN_CLEAN("dies with its parent", dies_with_its_parent);
    RUN_CLEAN("is not killed by a fork of its parent", is_not_killed_by_a_fork_of_its_parent);
    RUN_CLEAN("has no descriptor of ours", has_no_descriptor_of_ours);
    RUN_CLEAN("has none on old kernels", has_no_descriptor_of_ours_on_old_kernels);
    RUN_CLEAN("needs no standard descriptors", needs_no_standard_descriptors);
    RUN_CLEAN("has no signals of ours", has_no_signals_of_ours);
    RUN_CLEAN("leads a session", leads_a_session);
    RUN_CLEAN("does not guess where SIGCHLD is ignored", does_not_guess_where_sigchld_is_ignored);
    RUN_CLEAN("says that the kernel is too old", says_that_the_kernel_is_too_old);
    RUN_CLEAN("does not guess where another waits", does_not_guess_where_another_waits);
    RUN_CLEAN("reaps later what does not die at once", reaps_later_what_does_not_die_at_once);
    RUN_CLEAN("runs many at once", runs_many_at_once);
    RUN_CLEAN("drives a foreign loop", drives_a_foreign_loop);
    RUN_CLEAN("leaves the set of a host that forks", leaves_the_set_of_a_host_that_forks);
    return unit_end();
}
