/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#define NOBODY 65534

static char directory[] = "/tmp/test_guard.XXXXXX";
static int inside;

/* The code of the failure, or "ours", or "nothing". */
static const char *look(const char *path, mode_t kind, bool tighten)
{
    static struct ecr_error error;
    int fd = -7;
    struct ecr_guard guard = {inside, path, "/shown", kind, O_RDONLY, tighten};
    enum ecr_status status = ecr_guard_open(&guard, &fd, &error);
    CHECK(status == ECR_OK || (status == ECR_AUTH && fd == -1 &&
                               strncmp(error.message, "/shown is not used: ", 20) == 0));
    bool found = fd >= 0;
    if (found)
        close(fd);
    return status != ECR_OK ? error.code : found ? "ours" : "nothing";
}

static const char *file_with(mode_t mode)
{
    CHECK(fchmodat(inside, "file", mode, 0) == 0);
    return look("file", S_IFREG, false);
}

static const char *directory_with(mode_t mode)
{
    CHECK(fchmodat(inside, "dir", mode, 0) == 0);
    return look("dir", S_IFDIR, false);
}

static mode_t mode_of(const char *path)
{
    struct stat there;
    return fstatat(inside, path, &there, 0) == 0 ? there.st_mode & 07777 : 0;
}

TEST(refuses_what_others_may_touch)
{
    CHECK_TEXT(file_with(0600), "ours");
    CHECK_TEXT(file_with(0400), "ours");
    CHECK_TEXT(file_with(0700), "ours");
    for (mode_t bit = 0; bit < 4; bit++)
        CHECK_TEXT(file_with(0600 | (mode_t[]){0040, 0020, 0004, 0002}[bit]), "loose");
    CHECK_TEXT(directory_with(0700), "ours");
    CHECK_TEXT(directory_with(0755), "ours");
    CHECK_TEXT(directory_with(0720), "loose");
    CHECK_TEXT(directory_with(0702), "loose");
    CHECK_TEXT(directory_with(01777), "loose");
}

TEST(tightens_when_told)
{
    file_with(0666);
    CHECK_TEXT(look("file", S_IFREG, true), "ours");
    CHECK(mode_of("file") == 0600);
    directory_with(0777);
    CHECK_TEXT(look("dir", S_IFDIR, true), "ours");
    CHECK(mode_of("dir") == 0700);
    directory_with(0755);
    CHECK_TEXT(look("dir", S_IFDIR, true), "ours");
    CHECK(mode_of("dir") == 0755);
    directory_with(01777);
    CHECK_TEXT(look("dir", S_IFDIR, true), "loose");
    CHECK(mode_of("dir") == 01777);
    directory_with(0700);
    file_with(0600);
}

TEST(does_not_follow_links)
{
    CHECK(symlinkat("file", inside, "link") == 0 && symlinkat("dir", inside, "dirlink") == 0);
    CHECK(symlinkat("nowhere", inside, "dangling") == 0);
    CHECK_TEXT(look("link", S_IFREG, true), "link");
    CHECK_TEXT(look("dirlink", S_IFDIR, true), "link");
    CHECK_TEXT(look("dangling", S_IFREG, true), "link");
    CHECK_TEXT(look("dangling", S_IFDIR, true), "link");
    CHECK_TEXT(look("dirlink/nothing", S_IFREG, false), "nothing");
    unlinkat(inside, "link", 0);
    unlinkat(inside, "dirlink", 0);
    unlinkat(inside, "dangling", 0);
}

static void make_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    close(fd);
}

TEST(refuses_another_kind_at_once)
{
    make_socket();
    CHECK(mkfifoat(inside, "fifo", 0600) == 0);
    CHECK_TEXT(look("fifo", S_IFREG, true), "kind");
    CHECK_TEXT(look("socket", S_IFREG, true), "kind");
    CHECK_TEXT(look("dir", S_IFREG, true), "kind");
    CHECK_TEXT(look("file", S_IFDIR, true), "kind");
    CHECK_TEXT(look("fifo", S_IFDIR, true), "kind");
    CHECK_TEXT(look("/dev/null", S_IFREG, true), "kind");
    unlinkat(inside, "fifo", 0);
    unlinkat(inside, "socket", 0);
}

TEST(finds_nothing)
{
    CHECK_TEXT(look("nothing", S_IFREG, false), "nothing");
    CHECK_TEXT(look("nothing/at/all", S_IFREG, false), "nothing");
    CHECK_TEXT(look("file/below", S_IFREG, false), "nothing");
    CHECK_TEXT(look("nothing", S_IFDIR, false), "nothing");
}

TEST(refuses_what_is_another_users)
{
    CHECK(fchownat(inside, "file", NOBODY, NOBODY, 0) == 0);
    CHECK(fchownat(inside, "dir", NOBODY, NOBODY, 0) == 0);
    CHECK_TEXT(look("file", S_IFREG, true), "foreign");
    CHECK_TEXT(look("dir", S_IFDIR, true), "foreign");
    CHECK(fchownat(inside, "file", 0, 0, 0) == 0 && fchownat(inside, "dir", 0, 0, 0) == 0);
    CHECK(fchmod(inside, 0755) == 0 && seteuid(NOBODY) == 0);
    CHECK_TEXT(look("file", S_IFREG, true), "unreadable");
    CHECK_TEXT(look("dir", S_IFDIR, true), "unreadable");
    CHECK_TEXT(look(".", S_IFDIR, true), "foreign");
    CHECK(seteuid(0) == 0 && fchmod(inside, 0700) == 0);
    file_with(0644);
    CHECK_TEXT(look("file", S_IFREG, true), "ours");
}

int main(void)
{
    if (!mkdtemp(directory) || (inside = open(directory, O_RDONLY | O_DIRECTORY)) < 0)
        return 1;
    close(openat(inside, "file", O_WRONLY | O_CREAT, 0600));
    CHECK(mkdirat(inside, "dir", 0700) == 0);
    RUN("what others may touch is refused", refuses_what_others_may_touch);
    RUN("what is ours is tightened, but for what is meant for many", tightens_when_told);
    RUN("no link is followed", does_not_follow_links);
    RUN("another kind is refused at once", refuses_another_kind_at_once);
    RUN("nothing is no failure", finds_nothing);
    if (geteuid() == 0)
        RUN("what is another user's is refused", refuses_what_is_another_users);
    else
        printf("SKIPPED: what is another user's is refused (only the superuser can test it)\n");
    unlinkat(inside, "file", 0);
    unlinkat(inside, "dir", AT_REMOVEDIR);
    close(inside);
    CHECK(rmdir(directory) == 0);
    return unit_end();
}
