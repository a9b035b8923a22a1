/* SPDX-License-Identifier: MIT */
/* What a program begins with, and hosts with habits that it must bear. */
#include "programs.h"

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
        CHECK(ecr_child_start(&child, argv, i % 2, &error) == ECR_OK);
        ecr_child_close(&child, 0);
    }
    while (has_children())
        ecr_child_sweep();
}

int main(void)
{
    begin_tests();
    RUN_CLEAN("has no descriptor of ours", has_no_descriptor_of_ours);
    RUN_CLEAN("has none on old kernels", has_no_descriptor_of_ours_on_old_kernels);
    RUN_CLEAN("needs no standard descriptors", needs_no_standard_descriptors);
    RUN_CLEAN("has no signals of ours", has_no_signals_of_ours);
    RUN_CLEAN("leads a session", leads_a_session);
    RUN_CLEAN("does not guess where SIGCHLD is ignored", does_not_guess_where_sigchld_is_ignored);
    RUN_CLEAN("says that the kernel is too old", says_that_the_kernel_is_too_old);
    RUN_CLEAN("does not guess where another waits", does_not_guess_where_another_waits);
    RUN_CLEAN("reaps later what does not die at once", reaps_later_what_does_not_die_at_once);
    return unit_end();
}
