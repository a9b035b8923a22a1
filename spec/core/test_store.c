/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "alloc.h"
#include "folder.h"

/* Reads at most 10 bytes of a line; the code of the failure, or the text. */
static const char *line_of(const char *path)
{
    static char text[50];
    struct ecr_buf buf;
    struct ecr_error error;
    ecr_buf_init_secret(&buf, 10 + ECR_STORE_SPARE);
    enum ecr_status status = ecr_store_read_line(path, 10, &buf, &error);
    CHECK(status == ECR_OK || (status == ECR_AUTH && strstr(error.message, path)));
    snprintf(text, sizeof text, "%.*s", status == ECR_OK ? (int)buf.len : 49,
             status == ECR_OK ? buf.data : error.code);
    ecr_buf_clear(&buf);
    return text;
}

static const char *line_with(const char *content)
{
    put(at("line"), content);
    return line_of(at("line"));
}

TEST(drops_one_end_of_a_line)
{
    CHECK_TEXT(line_with("token"), "token");
    CHECK_TEXT(line_with("token\n"), "token");
    CHECK_TEXT(line_with("token\r\n"), "token");
    CHECK_TEXT(line_with("token\n\n"), "token\n");
    CHECK_TEXT(line_with("token\r"), "token\r");
    CHECK_TEXT(line_with(" t "), " t ");
}

TEST(keeps_to_the_maximum)
{
    CHECK_TEXT(line_with("0123456789"), "0123456789");
    CHECK_TEXT(line_with("0123456789\r\n"), "0123456789");
    CHECK_TEXT(line_with("0123456789x"), "too_large");
    CHECK_TEXT(line_with("0123456789\n\n"), "too_large");
    CHECK_TEXT(line_with("0123456789 and many more"), "too_large");
    CHECK_TEXT(line_with(""), "empty");
    CHECK_TEXT(line_with("\n"), "empty");
    CHECK_TEXT(line_of("/dev/zero"), "unreadable");
}

TEST(refuses_what_is_no_file)
{
    CHECK(mkfifo(at("fifo"), 0600) == 0);
    CHECK_TEXT(line_of(at("fifo")), "unreadable");
    CHECK_TEXT(line_of(directory), "unreadable");
    CHECK_TEXT(line_of(at("nothing")), "no_file");
    CHECK_TEXT(line_of(at("line/below")), "no_file");
    unlink(at("fifo"));
}

TEST(reads_a_pipe_whose_writer_has_finished)
{
    int ends[2];
    char path[40];
    CHECK(pipe(ends) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    CHECK_TEXT(line_of(path), "pending");
    CHECK(write(ends[1], "token\n", 6) == 6);
    CHECK_TEXT(line_of(path), "pending");
    close(ends[1]);
    CHECK_TEXT(line_of(path), "token");
    CHECK_TEXT(line_of(path), "empty");
    close(ends[0]);
}

TEST(replaces_a_file)
{
    struct ecr_error error;
    put(at("token"), "before, and longer");
    CHECK(chmod(at("token"), 0644) == 0);
    CHECK(ecr_store_try(at("token"), &error) == ECR_OK);
    CHECK(ecr_store_replace(at("token"), "after", 5, &error) == ECR_OK);
    check_content(at("token"), "after");
    CHECK(ecr_store_replace(at("token"), NULL, 0, &error) == ECR_OK);
    check_content(at("token"), "");
    unlink(at("token"));
}

TEST(makes_missing_directories)
{
    struct stat there;
    struct ecr_error error;
    CHECK(ecr_store_replace(at("a//b/token"), "x", 1, &error) == ECR_OK);
    check_content(at("a/b/token"), "x");
    CHECK(count_names(at("a/b")) == 1);
    CHECK(stat(at("a/b"), &there) == 0 && (there.st_mode & 0777) == 0700);
    CHECK(stat(at("a"), &there) == 0 && (there.st_mode & 0777) == 0700);
    unlink(at("a/b/token"));
    rmdir(at("a/b"));
    rmdir(at("a"));
}

TEST(writes_through_links)
{
    struct stat there;
    struct ecr_error error;
    CHECK(mkdir(at("managed"), 0700) == 0);
    CHECK(symlink("managed/second", at("first")) == 0);
    CHECK(symlink(at("managed/real"), at("managed/second")) == 0);
    CHECK(ecr_store_replace(at("first"), "one", 3, &error) == ECR_OK); /* points to nothing yet */
    check_content(at("managed/real"), "one");
    CHECK(ecr_store_replace(at("first"), "two", 3, &error) == ECR_OK);
    check_content(at("managed/real"), "two");
    CHECK(lstat(at("first"), &there) == 0 && S_ISLNK(there.st_mode));
    CHECK(lstat(at("managed/second"), &there) == 0 && S_ISLNK(there.st_mode));
    CHECK(count_names(at("managed")) == 2);
    unlink(at("first"));
    unlink(at("managed/second"));
    unlink(at("managed/real"));
    rmdir(at("managed"));
}

static void check_refused(const char *path)
{
    struct ecr_error error = {.message = ""};
    CHECK(ecr_store_try(path, &error) == ECR_CONFIG);
    CHECK(ecr_store_replace(path, "secret", 6, &error) == ECR_CONFIG);
    CHECK_TEXT(error.code, "write");
    CHECK(strstr(error.message, "cannot be written") && !strstr(error.message, "secret"));
}

TEST(refuses_a_place_that_is_none)
{
    CHECK(symlink("loop", at("loop")) == 0);
    CHECK(symlink("", at("empty")) != 0);
    check_refused(at("loop"));
    check_refused(directory);
    check_refused("/dev/null");
    check_refused("");
    check_refused(at("ends/"));
    check_refused(at("line/below"));
    unlink(at("loop"));
}

/* Files cannot grow: as on a full disk, writing stops half-way. */
TEST(leaves_the_old_file_when_it_fails)
{
    struct ecr_error error;
    struct rlimit before, small;
    static const char large[10000];
    put(at("token"), "before");
    chmod(at("token"), 0600);
    int names = count_names(directory);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){4096, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK(ecr_store_replace(at("token"), large, sizeof large, &error) == ECR_CONFIG);
    CHECK(strstr(error.message, at("token")) != NULL);
    CHECK(ecr_store_try(at("token"), &error) == ECR_CONFIG);
    setrlimit(RLIMIT_FSIZE, &before);
    check_content(at("token"), "before");
    CHECK(count_names(directory) == names);
    unlink(at("token"));
}

TEST(leaves_the_old_file_without_memory)
{
    struct ecr_error error;
    long n = 1;
    put(at("token"), "before");
    chmod(at("token"), 0600);
    int names = count_names(directory);
    for (bool reached = true; reached; n++) {
        long live = ecr_alloc_live();
        ecr_alloc_fail_at(n);
        enum ecr_status status = ecr_store_replace(at("token"), "after", 5, &error);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == ECR_OK || (reached && status == ECR_NOMEM));
        CHECK(ecr_alloc_live() == live);
        CHECK(count_names(directory) == names);
        check_content(at("token"), status == ECR_OK ? "after" : "before");
    }
    CHECK(n > 3);
    unlink(at("token"));
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    RUN("a line loses one end of a line and nothing else", drops_one_end_of_a_line);
    RUN("a line has a maximum and is not empty", keeps_to_the_maximum);
    RUN("what is no file is refused at once", refuses_what_is_no_file);
    RUN("a pipe is read when its writer has finished, once",
        reads_a_pipe_whose_writer_has_finished);
    RUN("a file is replaced, its owner's only", replaces_a_file);
    RUN("missing directories are made, their owner's only", makes_missing_directories);
    RUN("a link stays, and what it points to is replaced", writes_through_links);
    RUN("a place that is none is refused with its name", refuses_a_place_that_is_none);
    RUN("the old file is as it was when writing fails", leaves_the_old_file_when_it_fails);
    RUN("the old file is as it was without memory", leaves_the_old_file_without_memory);
    unlink(at("line"));
    CHECK(rmdir(directory) == 0);
    return unit_end();
}
