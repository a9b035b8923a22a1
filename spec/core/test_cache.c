/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define NOBODY 65534

static char base[] = "/tmp/test_cache.XXXXXX";
static char directory[200]; /* of the cache, in it */

/* The path of this name in the cache, until the next call but three. */
static const char *at(const char *name)
{
    static char paths[4][300];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", directory, name);
    return paths[next];
}

/* A code, "written" or what was read. */
static char answer[400];

static const char *code_of(enum ecr_status status, enum ecr_status kind,
                           const struct ecr_error *error)
{
    CHECK(status == kind && error->status == kind && !strstr(error->message, "canary"));
    CHECK(strstr(error->message, "/cache") != NULL);
    snprintf(answer, sizeof answer, "%s", error->code);
    return answer;
}

static const char *get_in(const char *path, const char *name)
{
    bool found;
    struct ecr_buf buf;
    struct ecr_error error;
    ecr_buf_init_secret(&buf, ECR_CACHE_MAX + 1);
    enum ecr_status status = ecr_cache_read(path, name, &buf, &found, &error);
    if (status != ECR_OK)
        code_of(status, ECR_AUTH, &error);
    else
        snprintf(answer, sizeof answer, "%.*s", found ? (int)buf.len : 9,
                 found ? buf.data : "(nothing)");
    CHECK(status == ECR_OK || !found);
    CHECK(!found || buf.data[buf.len] == '\0');
    ecr_buf_clear(&buf);
    return answer;
}

static const char *put_in(const char *path, const char *name, const char *text)
{
    struct ecr_error error;
    enum ecr_status status = ecr_cache_write(path, name, text, strlen(text), &error);
    return status == ECR_OK ? "written" : code_of(status, ECR_CONFIG, &error);
}

static const char *get(const char *name)
{
    return get_in(directory, name);
}

static const char *put(const char *name, const char *text)
{
    return put_in(directory, name, text);
}

static const char *drop(const char *name)
{
    struct ecr_error error;
    enum ecr_status status = ecr_cache_remove(directory, name, &error);
    return status == ECR_OK ? "removed" : code_of(status, ECR_CONFIG, &error);
}

/* "held", "busy" or a code. What is held is returned in *fd, which the caller closes. */
static const char *lock(const char *name, int *fd)
{
    struct ecr_error error;
    enum ecr_status status = ecr_cache_lock(directory, name, fd, &error);
    CHECK(status == ECR_OK || *fd == -1);
    if (status != ECR_OK)
        return code_of(status, ECR_CONFIG, &error);
    return *fd >= 0 ? "held" : "busy";
}

static const char *lock_a_moment(const char *name)
{
    int fd;
    const char *got = lock(name, &fd);
    ecr_cache_unlock(fd);
    return got;
}

static mode_t mode_of(const char *path)
{
    struct stat there;
    return lstat(path, &there) == 0 ? there.st_mode : 0;
}

static int count_names(void)
{
    int count = -2;
    DIR *names = opendir(directory);
    while (names && readdir(names))
        count++;
    if (names)
        closedir(names);
    return count;
}

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

/* --- the lock --- */

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
    if (!mkdtemp(base))
        return 1;
    snprintf(directory, sizeof directory, "%s/cache", base);
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
    RUN("a lock locks out others and ourselves", locks_out_others);
    RUN("a lock is free when it was given up", is_free_when_it_was_given_up);
    RUN("a lock is free when its holder was killed", is_free_when_its_holder_was_killed);
    RUN("no file is locked but ours", locks_no_file_but_ours);
    RUN("old temporary files are removed in passing", removes_old_temporary_files);
    RUN("tokens that nobody can use any more are removed in passing",
        removes_tokens_that_outlived_their_use);
    RUN("some of many are removed at a time", removes_some_at_a_time);
    RUN("the old file is as it was on a full disk", leaves_the_old_file_on_a_full_disk);
    CHECK(rmdir(directory) == 0 && rmdir(base) == 0);
    return unit_end();
}
