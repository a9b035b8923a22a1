/* SPDX-License-Identifier: MIT */
#include "replacement.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char directory[] = "/tmp/test_replacement.XXXXXX";
static int directory_fd;

static enum ecr_status put(const char *path, const char *text, struct ecr_error *error)
{
    struct ecr_replacement made = {directory_fd, path, "what was asked for", text, strlen(text)};
    return ecr_replacement_make(&made, error);
}

static const char *content(const char *path)
{
    static char text[100];
    int fd = openat(directory_fd, path, O_RDONLY | O_NOFOLLOW);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    return len < 0 ? "(none)" : text;
}

static mode_t mode_of(const char *path)
{
    struct stat there;
    return fstatat(directory_fd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 ? there.st_mode : 0;
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

TEST(replaces_a_file)
{
    struct ecr_error error;
    CHECK(put("a", "one", &error) == ECR_OK);
    CHECK_TEXT(content("a"), "one");
    CHECK(mode_of("a") == (S_IFREG | 0600));
    CHECK(fchmodat(directory_fd, "a", 0644, 0) == 0);
    CHECK(put("a", "two", &error) == ECR_OK);
    CHECK_TEXT(content("a"), "two");
    CHECK(mode_of("a") == (S_IFREG | 0600));
    CHECK(count_names() == 1);
    unlinkat(directory_fd, "a", 0);
}

TEST(replaces_a_link)
{
    struct ecr_error error;
    CHECK(put("real", "before", &error) == ECR_OK);
    CHECK(symlinkat("real", directory_fd, "link") == 0);
    CHECK(put("link", "after", &error) == ECR_OK);
    CHECK_TEXT(content("link"), "after");
    CHECK_TEXT(content("real"), "before");
    unlinkat(directory_fd, "link", 0);
    unlinkat(directory_fd, "real", 0);
}

TEST(fails_with_its_name)
{
    struct ecr_error error;
    CHECK(mkdirat(directory_fd, "full", 0700) == 0 && mkdirat(directory_fd, "full/x", 0700) == 0);
    CHECK(put("full", "secret", &error) == ECR_CONFIG);
    CHECK_TEXT(error.code, "write");
    CHECK(strstr(error.message, "what was asked for cannot be written: ") &&
          !strstr(error.message, "secret"));
    CHECK(put("nothing/a", "secret", &error) == ECR_CONFIG);
    CHECK(count_names() == 1);
    unlinkat(directory_fd, "full/x", AT_REMOVEDIR);
    unlinkat(directory_fd, "full", AT_REMOVEDIR);
}

TEST(tries_without_a_trace)
{
    struct ecr_error error;
    struct ecr_replacement tried = {directory_fd, "a", "a", "x", 1};
    CHECK(ecr_replacement_try(&tried, &error) == ECR_OK);
    tried.path = "nothing/a";
    CHECK(ecr_replacement_try(&tried, &error) == ECR_CONFIG);
    CHECK(count_names() == 0);
}

TEST(knows_its_temporary_files)
{
    size_t len = 0;
    CHECK(ecr_replacement_is_temporary(".token.0123456789abcdef.new", &len) && len == 5);
    CHECK(ecr_replacement_is_temporary(".t.n.0123456789abcdef.new", &len) && len == 3);
    static const char *const others[] = {"",
                                         ".",
                                         "..",
                                         ".new",
                                         "token",
                                         ".token.lock",
                                         ".0123456789abcdef.new",
                                         "..0123456789abcdef.new",
                                         "x.0123456789abcdef.new",
                                         "token.0123456789abcdef.new",
                                         ".token.0123456789abcde.new",
                                         ".token.0123456789abcdeg.new",
                                         ".token.0123456789ABCDEF.new",
                                         ".tokenx0123456789abcdef.new",
                                         ".token.0123456789abcdef.old",
                                         ".token.0123456789abcdef.new.lock"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK(!ecr_replacement_is_temporary(others[i], &len));
}

int main(void)
{
    if (!mkdtemp(directory) || (directory_fd = open(directory, O_RDONLY | O_DIRECTORY)) < 0)
        return 1;
    RUN("a file is replaced, its owner's only", replaces_a_file);
    RUN("a link is replaced and not followed", replaces_a_link);
    RUN("what fails has the name it was given and leaves nothing", fails_with_its_name);
    RUN("trying leaves nothing", tries_without_a_trace);
    RUN("temporary files are known by their names", knows_its_temporary_files);
    close(directory_fd);
    CHECK(rmdir(directory) == 0);
    return unit_end();
}
