/* SPDX-License-Identifier: MIT */
#include "swap.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "alloc.h"
#include "directory.h"
#include "store.h"
#include "folder.h"

static struct ecr_buf bytes_of(const char *text)
{
    struct ecr_buf buf;
    ecr_buf_init_secret(&buf, 1000);
    CHECK(ecr_buf_append(&buf, text, strlen(text)) == ECR_OK);
    return buf;
}

/* Whether "after" took the file's place; `before` is what was read, NULL = nothing was there. */
static bool swaps(const char *before)
{
    struct ecr_error error;
    bool swapped;
    struct ecr_buf buf = bytes_of(before ? before : "");
    int names = count_names(directory);
    CHECK(ecr_swap(at("token"), before ? &buf : NULL, "after", 5, &swapped, &error) == ECR_OK);
    CHECK(count_names(directory) == names + (swapped && !before));
    ecr_buf_clear(&buf);
    return swapped;
}

TEST(swaps_what_was_read)
{
    CHECK(!swaps("before") && !swaps(""));
    CHECK(swaps(NULL));
    check_content(at("token"), "after");
    put(at("token"), "before");
    CHECK(chmod(at("token"), 0644) == 0);
    CHECK(!swaps(NULL) && !swaps("") && !swaps("befor") && !swaps("before?") && !swaps("BEFORE"));
    CHECK(swaps("before"));
    check_content(at("token"), "after");
    put(at("token"), "");
    CHECK(!swaps(NULL) && swaps(""));
    unlink(at("token"));
}

TEST(refuses_to_swap_what_is_no_file)
{
    struct ecr_error error;
    bool swapped = true;
    CHECK(ecr_swap(directory, NULL, "after", 5, &swapped, &error) == ECR_CONFIG && !swapped);
    CHECK_TEXT(error.code, "write");
}

/* Root alone can have a file of somebody else's to try with. */
TEST(keeps_the_owner)
{
    struct stat there;
    if (geteuid() != 0)
        return;
    put(at("token"), "before");
    CHECK(chown(at("token"), 1234, 1234) == 0 && chown(directory, 1234, 1234) == 0);
    CHECK(swaps("before"));
    CHECK(stat(at("token"), &there) == 0 && there.st_uid == 1234 && there.st_gid == 1234);
    unlink(at("token"));
}

/* He may have laid it there to read what root writes. */
TEST(makes_no_present_to_who_laid_a_file)
{
    struct ecr_error error;
    bool swapped = true;
    if (geteuid() != 0)
        return;
    CHECK(chown(directory, 0, 0) == 0);
    put(at("token"), "before");
    CHECK(chown(at("token"), 1234, 1234) == 0);
    struct ecr_buf before = bytes_of("before");
    CHECK(ecr_swap(at("token"), &before, "after", 5, &swapped, &error) == ECR_CONFIG && !swapped);
    CHECK(strstr(error.message, "belongs to somebody else") != NULL);
    ecr_buf_clear(&before);
    CHECK(count_names(directory) == 1);
    unlink(at("token"));
}

TEST(follows_no_link_that_was_laid_for_us)
{
    struct ecr_error error;
    bool swapped;
    if (geteuid() != 0)
        return;
    CHECK(symlink("token", at("trap")) == 0 && lchown(at("trap"), 1234, 1234) == 0);
    CHECK(ecr_swap(at("trap"), NULL, "after", 5, &swapped, &error) == ECR_OK && swapped);
    unlink(at("token"));
    CHECK(chmod(directory, 01777) == 0);
    CHECK(ecr_swap(at("trap"), NULL, "after", 5, &swapped, &error) == ECR_CONFIG && !swapped);
    CHECK(strstr(error.message, "somebody else's link") != NULL && mode_of(at("token")) == 0);
    CHECK(lchown(at("trap"), geteuid(), 0) == 0);
    CHECK(ecr_swap(at("trap"), NULL, "after", 5, &swapped, &error) == ECR_OK && swapped);
    CHECK(chmod(directory, 0700) == 0);
    unlink(at("token"));
    unlink(at("trap"));
}

/* Adds a byte to the file as often as it says, as one of several processes. */
static void add_bytes(const char *path, int times)
{
    while (times > 0) {
        struct ecr_buf before, after;
        struct ecr_error error;
        bool swapped;
        ecr_buf_init_secret(&before, 1000);
        CHECK(ecr_store_read(path, 900, &before, &error) == ECR_OK);
        after = bytes_of("x");
        CHECK(ecr_buf_append(&after, before.data, before.len) == ECR_OK);
        CHECK(ecr_swap(path, &before, after.data, after.len, &swapped, &error) == ECR_OK);
        times -= swapped;
        ecr_buf_clear(&before);
        ecr_buf_clear(&after);
    }
    _exit(unit_broken != 0);
}

TEST(loses_nothing_to_others_that_swap)
{
    enum { PROCESSES = 6, TIMES = 30 };
    char expected[PROCESSES * TIMES + 1] = {0};
    pid_t children[PROCESSES];
    int status;
    put(at("token"), "");
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            add_bytes(at("token"), TIMES);
    }
    for (int i = 0; i < PROCESSES; i++)
        CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
    memset(expected, 'x', sizeof expected - 1);
    check_content(at("token"), expected);
    unlink(at("token"));
}

/* Like docker: takes no lock and does not look. */
static void rename_over(const char *path, int round)
{
    char other[250];
    snprintf(other, sizeof other, "%s.other", path);
    put(other, "m");
    for (volatile int i = 0; i < round * 1000; i++)
        ;
    _exit(rename(other, path) != 0);
}

TEST(undoes_nothing_of_those_who_rename)
{
    for (int round = 0; round < 30; round++) {
        char text[200] = "";
        int statuses[2];
        put(at("token"), "");
        pid_t adding = fork();
        if (adding == 0)
            add_bytes(at("token"), 6);
        pid_t renaming = fork();
        if (renaming == 0)
            rename_over(at("token"), round);
        CHECK(waitpid(adding, &statuses[0], 0) == adding && statuses[0] == 0);
        CHECK(waitpid(renaming, &statuses[1], 0) == renaming && statuses[1] == 0);
        FILE *file = fopen(at("token"), "rb");
        CHECK(file && fread(text, 1, sizeof text - 1, file) > 0 && strchr(text, 'm'));
        if (file)
            fclose(file);
    }
    unlink(at("token"));
}

/* Somebody holds the lock for ever: we go on, as those do who never take it. */
TEST(does_not_wait_for_ever_for_the_lock)
{
    int lock = ecr_directory_lock(at("token"));
    CHECK(lock >= 0 && ecr_directory_lock(at("token")) == -1);
    CHECK(swaps(NULL));
    close(lock);
    unlink(at("token"));
}

TEST(writes_through_a_link)
{
    struct stat there;
    CHECK(mkdir(at("managed"), 0700) == 0);
    CHECK(symlink("managed/real", at("token")) == 0);
    put(at("managed/real"), "before");
    CHECK(swaps("before"));
    check_content(at("managed/real"), "after");
    CHECK(lstat(at("token"), &there) == 0 && S_ISLNK(there.st_mode));
    CHECK(count_names(at("managed")) == 1);
    unlink(at("token"));
    unlink(at("managed/real"));
    rmdir(at("managed"));
}

/* Files cannot grow: as on a full disk, writing stops half-way. */
TEST(leaves_the_old_file_when_it_fails)
{
    struct ecr_error error;
    struct rlimit before, small;
    struct ecr_buf read = bytes_of("before");
    bool swapped = true;
    static const char large[10000];
    put(at("token"), "before");
    chmod(at("token"), 0600);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){4096, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK(ecr_swap(at("token"), &read, large, sizeof large, &swapped, &error) == ECR_CONFIG);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK(!swapped && strstr(error.message, at("token")) != NULL);
    check_content(at("token"), "before");
    CHECK(count_names(directory) == 1);
    ecr_buf_clear(&read);
    unlink(at("token"));
}

/* Whatever fails, the file holds either all or nothing of what was to be put there. */
TEST(leaves_a_whole_file_without_memory)
{
    struct ecr_error error;
    long n = 1;
    for (bool reached = true; reached; n++) {
        bool swapped;
        struct ecr_buf read = bytes_of("before");
        put(at("token"), "before");
        chmod(at("token"), 0600);
        long live = ecr_alloc_live();
        ecr_alloc_fail_at(n);
        enum ecr_status status = ecr_swap(at("token"), &read, "after", 5, &swapped, &error);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == ECR_OK || (reached && status == ECR_NOMEM));
        CHECK(swapped == (status == ECR_OK));
        CHECK(ecr_alloc_live() == live);
        CHECK(count_names(directory) == 1);
        check_content(at("token"), swapped ? "after" : "before");
        ecr_buf_clear(&read);
    }
    CHECK(n > 3);
    unlink(at("token"));
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    RUN("a file is swapped if it is what was read", swaps_what_was_read);
    RUN("what is no file is not swapped", refuses_to_swap_what_is_no_file);
    RUN("a file that is swapped keeps its owner", keeps_the_owner);
    RUN("a file that somebody may have laid for us is not swapped",
        makes_no_present_to_who_laid_a_file);
    RUN("a link that somebody may have laid for us is not followed",
        follows_no_link_that_was_laid_for_us);
    RUN("a link stays, and what it points to is swapped", writes_through_a_link);
    RUN("of many processes that swap none undoes another's", loses_nothing_to_others_that_swap);
    RUN("what one that only renames has written is not undone", undoes_nothing_of_those_who_rename);
    RUN("a lock that is not to be had is gone without", does_not_wait_for_ever_for_the_lock);
    RUN("the old file is as it was when writing fails", leaves_the_old_file_when_it_fails);
    RUN("without memory the file is the old or the new one", leaves_a_whole_file_without_memory);
    CHECK(rmdir(directory) == 0);
    return unit_end();
}
