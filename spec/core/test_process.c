/* SPDX-License-Identifier: MIT */
/* How programs that are requests end, one by one and many at once. */
#include "programs.h"

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
    struct ecr_http_request request = {
        .argv = argv, .timeout = LONG_ENOUGH, .body = "input", .body_len = 5};
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

/* --- what one reads --- */

/* With as many bytes on its standard input; gives all that it wrote. */
static void feed_script(const char *script, const char *input, size_t len, double timeout)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct ecr_http_request request = {.argv = argv,
                                       .timeout = timeout,
                                       .body = input,
                                       .body_len = len,
                                       .sink = ECR_SINK_RAW,
                                       .max_body = len + 100};
    open_http();
    submit_request(&request);
    await();
    CHECK(ecr_http_in_flight(http) == 0);
    ecr_http_free(http);
}

#define MUCH 300000 /* more than a pipe holds */

static char *much(void)
{
    static char bytes[MUCH];
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = (char)(' ' + i % 95);
    return bytes;
}

TEST(reads_what_it_is_given)
{
    feed_script("cat; echo .", "a\0b", 3, LONG_ENOUGH);
    CHECK(seen.error.status == ECR_OK && seen.len == 5);
    feed_script("exec ls /proc/self/fd", "few", 3, LONG_ENOUGH);
    CHECK_TEXT(seen.output, "0\n1\n2\n3\n"); /* the last is the directory's */
    feed_script("cat", much(), MUCH, LONG_ENOUGH);
    CHECK(seen.error.status == ECR_OK && seen.len == MUCH);
    CHECK(strncmp(seen.output, much(), sizeof seen.output - 1) == 0);
    feed_script("sleep 0.1; wc -c", much(), MUCH, LONG_ENOUGH);
    CHECK(atol(seen.output) == MUCH);
}

/* SIGPIPE would end this process. */
TEST(need_not_read_what_it_is_given)
{
    feed_script("echo done", much(), MUCH, LONG_ENOUGH);
    CHECK(seen.error.status == ECR_OK);
    CHECK_TEXT(seen.output, "done\n");
    feed_script("exec <&-; sleep 0.1; echo done", much(), MUCH, LONG_ENOUGH);
    CHECK_TEXT(seen.output, "done\n");
    feed_script("head -c 1; exit 5", much(), MUCH, LONG_ENOUGH);
    CHECK(seen.exited && seen.status == 5);
    feed_script("exec sleep 1000", much(), MUCH, 0.2);
    CHECK(seen.error.status == ECR_TIMEOUT);
    feed_script("exec sleep 1000", "few", 3, 0.2);
    CHECK(seen.error.status == ECR_TIMEOUT);
}

TEST(cannot_make_us_say_what_it_was_given)
{
    const char *secret = "canary-0123456789-0123456789-0123456789-tail";
    feed_script("read -r line; echo \"no good: $line\" >&2; exit 1", secret, strlen(secret),
                LONG_ENOUGH);
    CHECK(strstr(seen.error.message, "exited with 1: no good: ***") != NULL);
    CHECK(!strstr(seen.error.message, "canary") && !strstr(seen.error.message, "0123"));
    feed_script("cat >&2; exec sleep 1000", secret, strlen(secret), 0.3);
    CHECK(seen.error.status == ECR_TIMEOUT && !strstr(seen.error.message, "canary"));
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

int main(void)
{
    begin_tests();
    RUN_CLEAN("gives output and exit code", gives_output_and_exit_code);
    RUN_CLEAN("gives the remark of one that fails", gives_the_remark_of_one_that_fails);
    RUN_CLEAN("says which signal ended one", says_which_signal);
    RUN_CLEAN("says why one does not start", says_why_one_does_not_start);
    RUN_CLEAN("says when there are no descriptors", says_when_there_are_no_descriptors);
    RUN_CLEAN("takes more than a pipe holds, and no more than allowed",
              takes_more_than_a_pipe_holds);
    RUN_CLEAN("reads what it is given, to the end", reads_what_it_is_given);
    RUN_CLEAN("need not read what it is given", need_not_read_what_it_is_given);
    RUN_CLEAN("cannot make us say what it was given", cannot_make_us_say_what_it_was_given);
    RUN_CLEAN("ends at the deadline with its children", ends_at_the_deadline_with_its_children);
    RUN_CLEAN("says at the deadline what it heard", says_at_the_deadline_what_it_heard);
    RUN_CLEAN("waits for no grandchild that holds the pipe", waits_for_no_grandchild);
    RUN_CLEAN("lets a flood of a grandchild be", lets_a_flood_of_a_grandchild_be);
    RUN_CLEAN("is cancelled with its children", is_cancelled_with_its_children);
    RUN_CLEAN("ends with the handle", ends_with_the_handle);
    RUN_CLEAN("dies with its parent", dies_with_its_parent);
    RUN_CLEAN("is not killed by a fork of its parent", is_not_killed_by_a_fork_of_its_parent);
    RUN_CLEAN("runs many at once", runs_many_at_once);
    RUN_CLEAN("drives a foreign loop", drives_a_foreign_loop);
    RUN_CLEAN("leaves the set of a host that forks", leaves_the_set_of_a_host_that_forks);
    return unit_end();
}
