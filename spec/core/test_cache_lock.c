/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cached.h"
#include "unit.h"

TEST(locks_out_others)
{
    int first, other;
    CHECK_TEXT(lock("token", &first), "held");
    CHECK_TEXT(lock_a_moment("token"), "busy");
    CHECK_TEXT(lock("other", &other), "held");
    pid_t child = fork();
    if (child == 0)
        _exit(strcmp(lock_a_moment("token"), "busy") != 0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(other);
    ecr_cache_unlock(first);
    CHECK_TEXT(lock_a_moment("token"), "held");
    CHECK_TEXT(lock_a_moment("other"), "held");
    CHECK(mode_of(at(".token.lock")) == (S_IFREG | 0600));
    unlink(at(".other.lock"));
}

/* Holds the lock until it is killed, and says when it does. */
static pid_t hold_elsewhere(void)
{
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        int fd;
        bool sound = strcmp(lock("token", &fd), "held") == 0 && write(ends[1], "x", 1) == 1;
        while (sound)
            pause();
        _exit(1);
    }
    close(ends[1]);
    CHECK(read(ends[0], &byte, 1) == 1);
    close(ends[0]);
    return child;
}

TEST(is_free_when_it_was_given_up)
{
    int fd;
    CHECK_TEXT(lock("token", &fd), "held");
    int inherited = dup(fd); /* as a child has it before exec */
    ecr_cache_unlock(fd);
    CHECK_TEXT(lock_a_moment("token"), "held");
    close(inherited);
    ecr_cache_unlock(-1);
}

TEST(is_free_when_its_holder_was_killed)
{
    int status;
    pid_t child = hold_elsewhere();
    CHECK_TEXT(lock_a_moment("token"), "busy");
    CHECK_TEXT(get("token"), "(nothing)");
    CHECK_TEXT(put("token", "canary"), "written"); /* whoever does not want to wait goes on */
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    CHECK_TEXT(lock_a_moment("token"), "held");
    drop("token");
}

TEST(locks_no_file_but_ours)
{
    CHECK(chmod(at(".token.lock"), 0666) == 0);
    CHECK_TEXT(lock_a_moment("token"), "held");
    CHECK(mode_of(at(".token.lock")) == (S_IFREG | 0600));
    CHECK(rename(at(".token.lock"), at("real")) == 0 && symlink("real", at(".token.lock")) == 0);
    CHECK_TEXT(lock_a_moment("token"), "link");
    unlink(at(".token.lock"));
    unlink(at("real"));
    CHECK(symlink("new", at(".token.lock")) == 0);
    CHECK_TEXT(lock_a_moment("token"), "link");
    CHECK(mode_of(at("new")) == 0);
    unlink(at(".token.lock"));
    CHECK(mkfifo(at(".token.lock"), 0600) == 0);
    CHECK_TEXT(lock_a_moment("token"), "kind");
    unlink(at(".token.lock"));
    CHECK(mkdir(at(".token.lock"), 0700) == 0);
    CHECK_TEXT(lock_a_moment("token"), "kind");
    rmdir(at(".token.lock"));
}

int main(void)
{
    if (!begin())
        return 1;
    RUN("a lock locks out others and ourselves", locks_out_others);
    RUN("a lock is free when it was given up", is_free_when_it_was_given_up);
    RUN("a lock is free when its holder was killed", is_free_when_its_holder_was_killed);
    RUN("no file is locked but ours", locks_no_file_but_ours);
    CHECK(rmdir(directory) == 0 && rmdir(base) == 0);
    return unit_end();
}
