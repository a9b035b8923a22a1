/* SPDX-License-Identifier: MIT */
/* Asking a terminal for its width. */
#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

int ecr_terminal_columns(int fd)
{
    struct winsize size;
    if (!isatty(fd))
        return 0;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : -1;
}
