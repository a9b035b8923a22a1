/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cached.h"
#include "unit.h"

#define NOBODY 65534

TEST(has_names)
{
    char longest[ECR_CACHE_MAX_NAME + 2];
    memset(longest, 'a', sizeof longest);
    CHECK(ecr_cache_is_name(longest, ECR_CACHE_MAX_NAME));
    CHECK(!ecr_cache_is_name(longest, ECR_CACHE_MAX_NAME + 1));
    CHECK(ecr_cache_is_name("aZ09._-", 7) && ecr_cache_is_name("-", 1));
    static const char *const others[] = {"",    ".",   "..",       ".a", "a/b",
                                         "a b", "a\n", "\xc3\xa4", "a:b"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK(!ecr_cache_is_name(others[i], strlen(others[i])));
    CHECK(!ecr_cache_is_name("a\0b", 3));
}

TEST(gives_back_what_was_put)
{
    CHECK_TEXT(get("token"), "(nothing)");
    CHECK(mode_of(directory) == 0);
    CHECK_TEXT(put("token", "canary"), "written");
    CHECK_TEXT(get("token"), "canary");
    CHECK(mode_of(directory) == (S_IFDIR | 0700));
    CHECK(mode_of(at("token")) == (S_IFREG | 0600));
    CHECK_TEXT(put("token", ""), "written");
    CHECK_TEXT(get("token"), "");
    CHECK(count_names() == 1);
    CHECK_TEXT(drop("token"), "removed");
    CHECK_TEXT(drop("token"), "removed");
    CHECK_TEXT(get("token"), "(nothing)");
    CHECK(count_names() == 0);
}

TEST(makes_directories_above)
{
    char deep[2][300];
    snprintf(deep[0], sizeof deep[0], "%s/x", directory);
    snprintf(deep[1], sizeof deep[1], "%s/x//y//", directory);
    CHECK_TEXT(put_in(deep[1], "token", "canary"), "written");
    CHECK_TEXT(get_in(deep[1], "token"), "canary");
    CHECK(mode_of(deep[0]) == (S_IFDIR | 0700) && mode_of(deep[1]) == (S_IFDIR | 0700));
    unlink(at("x/y/token"));
    CHECK(rmdir(deep[1]) == 0 && rmdir(deep[0]) == 0);
}

TEST(replaces_what_cannot_be_trusted)
{
    put("token", "canary");
    CHECK(chmod(at("token"), 0640) == 0);
    CHECK_TEXT(get("token"), "loose");
    CHECK_TEXT(put("token", "new"), "written");
    CHECK_TEXT(get("token"), "new");
    CHECK(rename(at("token"), at("real")) == 0 && symlink("real", at("token")) == 0);
    CHECK_TEXT(get("token"), "link");
    CHECK_TEXT(put("token", "newer"), "written");
    CHECK_TEXT(get("token"), "newer");
    CHECK_TEXT(get("real"), "new");
    unlink(at("real"));
    unlink(at("token"));
    CHECK(mkfifo(at("token"), 0600) == 0);
    CHECK_TEXT(get("token"), "kind");
    CHECK_TEXT(put("token", "newest"), "written");
    CHECK_TEXT(get("token"), "newest");
    unlink(at("token"));
    CHECK(mkdir(at("token"), 0700) == 0);
    CHECK_TEXT(get("token"), "kind");
    CHECK_TEXT(put("token", "canary"), "write");
    CHECK_TEXT(drop("token"), "write");
    rmdir(at("token"));
    CHECK(count_names() == 0);
}

TEST(has_a_maximum)
{
    bool found;
    struct ecr_buf buf;
    struct ecr_error error;
    char *large = calloc(1, ECR_CACHE_MAX + 1);
    CHECK(ecr_cache_write(directory, "token", large, ECR_CACHE_MAX, &error) == ECR_OK);
    ecr_buf_init_secret(&buf, ECR_CACHE_MAX + 1);
    CHECK(ecr_cache_read(directory, "token", &buf, &found, &error) == ECR_OK && found);
    CHECK(buf.len == ECR_CACHE_MAX);
    ecr_buf_clear(&buf);
    CHECK(ecr_cache_write(directory, "token", large, ECR_CACHE_MAX + 1, &error) == ECR_OK);
    CHECK_TEXT(get("token"), "corrupt");
    free(large);
    drop("token");
}

TEST(refuses_a_directory_that_others_may_write_to)
{
    put("token", "canary");
    CHECK(chmod(directory, 0777) == 0);
    CHECK_TEXT(get("token"), "loose");
    CHECK_TEXT(put("token", "canary"), "loose");
    CHECK_TEXT(lock_a_moment("token"), "loose");
    CHECK_TEXT(drop("token"), "loose");
    CHECK(mode_of(directory) == (S_IFDIR | 0777));
    CHECK(chmod(directory, 0720) == 0);
    CHECK_TEXT(put("token", "canary"), "loose");
    CHECK(chmod(directory, 0755) == 0);
    CHECK_TEXT(put("token", "canary"), "written");
    CHECK_TEXT(drop("token"), "removed");
    CHECK(chmod(directory, 0700) == 0);
}

TEST(refuses_a_directory_that_is_none)
{
    char moved[300], slash[300];
    put("token", "canary");
    snprintf(moved, sizeof moved, "%s/cache.moved", base);
    snprintf(slash, sizeof slash, "%s/", directory);
    CHECK(rename(directory, moved) == 0 && symlink(moved, directory) == 0);
    CHECK_TEXT(get("token"), "link");
    CHECK_TEXT(get_in(slash, "token"), "link");
    CHECK_TEXT(put("token", "canary"), "link");
    CHECK_TEXT(put_in(slash, "token", "canary"), "link");
    CHECK_TEXT(lock_a_moment("token"), "link");
    CHECK_TEXT(drop("token"), "link");
    CHECK(unlink(directory) == 0 && mkfifo(directory, 0600) == 0);
    CHECK_TEXT(get("token"), "kind");
    CHECK_TEXT(put("token", "canary"), "kind");
    snprintf(slash, sizeof slash, "%s/below", directory);
    CHECK_TEXT(get_in(slash, "token"), "(nothing)");
    CHECK_TEXT(put_in(slash, "token", "canary"), "write");
    CHECK_TEXT(put_in("/proc/no/cache", "token", "canary"), "write");
    CHECK(unlink(directory) == 0 && rename(moved, directory) == 0);
    CHECK_TEXT(get("token"), "canary");
    drop("token");
}

TEST(refuses_what_is_another_users)
{
    put("token", "canary");
    CHECK_TEXT(lock_a_moment("token"), "held");
    CHECK(chown(at("token"), NOBODY, NOBODY) == 0);
    CHECK(chown(at(".token.lock"), NOBODY, NOBODY) == 0);
    CHECK_TEXT(get("token"), "foreign");
    CHECK_TEXT(lock_a_moment("token"), "foreign");
    CHECK_TEXT(put("token", "new"), "written");
    CHECK_TEXT(get("token"), "new");
    CHECK(chown(directory, NOBODY, NOBODY) == 0);
    CHECK_TEXT(get("token"), "foreign");
    CHECK_TEXT(put("token", "canary"), "foreign");
    CHECK_TEXT(lock_a_moment("token"), "foreign");
    CHECK_TEXT(drop("token"), "foreign");
    CHECK(chown(directory, 0, 0) == 0 && chmod(base, 0755) == 0 && seteuid(NOBODY) == 0);
    CHECK_TEXT(get("token"), "unreadable");
    CHECK_TEXT(put("token", "canary"), "unreadable");
    CHECK(seteuid(0) == 0 && chmod(base, 0700) == 0);
    drop("token");
    unlink(at(".token.lock"));
}

/* --- what is left behind --- */

/* A file of this age in seconds. */
static void leave(const char *name, time_t age)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - age}};
    int fd = open(at(name), O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0 && futimens(fd, times) == 0);
    close(fd);
}

TEST(removes_old_temporary_files)
{
    static const char *const kept[] = {"token.0123456789abcdef.new", ".token.lock",
                                       "..x.0123456789abcdef.new", ".a b.0123456789abcdef.new",
                                       ".token.0123456789abcdef.old"};
    size_t count = sizeof kept / sizeof *kept;
    put("token", "x");
    for (size_t i = 0; i < count; i++)
        leave(kept[i], 7200);
    leave(".token.0123456789abcde0.new", 7200);
    leave(".other.0123456789abcde1.new", 3700);
    leave(".token.0123456789abcde2.new", 3500);
    leave(".token.0123456789abcde3.new", -7200); /* by a clock that is wrong */
    CHECK(mkdir(at(".token.0123456789abcde4.new"), 0700) == 0);
    CHECK_TEXT(put("token", "y"), "written");
    CHECK(mode_of(at(".token.0123456789abcde0.new")) == 0);
    CHECK(mode_of(at(".other.0123456789abcde1.new")) == 0);
    CHECK(count_names() == (int)count + 1 + 3);
    for (size_t i = 0; i < count; i++)
        unlink(at(kept[i]));
    unlink(at(".token.0123456789abcde2.new"));
    unlink(at(".token.0123456789abcde3.new"));
    rmdir(at(".token.0123456789abcde4.new"));
    drop("token");
    CHECK(count_names() == 0);
}

/* What is called otherwise may be anybody's. */
TEST(removes_tokens_that_outlived_their_use)
{
#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
    static const char *const kept[] = {DIGITS "0",       DIGITS ".token", DIGITS "00.token",
                                       DIGITS "A.token", "notes.token",   "notes"};
    size_t count = sizeof kept / sizeof *kept;
    for (size_t i = 0; i < count; i++)
        leave(kept[i], 1000000);
    leave(DIGITS "1.token", 13 * 3600 + 100);
    leave(DIGITS "2.token", 13 * 3600 - 100);
    CHECK_TEXT(put("token", "x"), "written");
    CHECK(mode_of(at(DIGITS "1.token")) == 0 && mode_of(at(DIGITS "2.token")) != 0);
    CHECK(count_names() == (int)count + 2);
    for (size_t i = 0; i < count; i++)
        unlink(at(kept[i]));
    drop(DIGITS "2.token");
    drop("token");
#undef DIGITS
}

TEST(removes_some_at_a_time)
{
    char name[60];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, ".token.%016x.new", (unsigned)i);
        leave(name, 7200);
    }
    put("token", "x");
    int left = count_names() - 1;
    CHECK(left > 0 && left < 100);
    for (int i = 0; i < 10; i++)
        put("token", "x");
    CHECK(count_names() == 1);
    drop("token");
}

/* Files cannot grow: as on a full disk, writing stops half-way. */
TEST(leaves_the_old_file_on_a_full_disk)
{
    struct ecr_error error;
    struct rlimit before, small;
    static const char large[10000];
    put("token", "before");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){4096, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK(ecr_cache_write(directory, "token", large, sizeof large, &error) == ECR_CONFIG);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_TEXT(error.code, "write");
    CHECK(strstr(error.message, at("token")) != NULL);
    CHECK_TEXT(get("token"), "before");
    CHECK(count_names() == 1);
    drop("token");
}

int main(void)
{
    if (!begin())
        return 1;
    RUN("names are such that they lead nowhere else", has_names);
    RUN("what was put is given back, until it is removed", gives_back_what_was_put);
    RUN("missing directories are made, their owner's only", makes_directories_above);
    RUN("what cannot be trusted is refused and replaced", replaces_what_cannot_be_trusted);
    RUN("a file has a maximum", has_a_maximum);
    RUN("a directory that others may write to is not used",
        refuses_a_directory_that_others_may_write_to);
    RUN("a directory that is none is refused", refuses_a_directory_that_is_none);
    if (geteuid() == 0)
        RUN("what is another user's is refused", refuses_what_is_another_users);
    else
        printf("SKIPPED: what is another user's is refused (only the superuser can test it)\n");
    RUN("old temporary files are removed in passing", removes_old_temporary_files);
    RUN("tokens that nobody can use any more are removed in passing",
        removes_tokens_that_outlived_their_use);
    RUN("some of many are removed at a time", removes_some_at_a_time);
    RUN("the old file is as it was on a full disk", leaves_the_old_file_on_a_full_disk);
    CHECK(rmdir(directory) == 0 && rmdir(base) == 0);
    return unit_end();
}
