/* SPDX-License-Identifier: MIT */
/* write(2), as often as it takes. */
#include "descriptor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum ecr_status ecr_descriptor_write(int fd, const void *bytes, size_t len, struct ecr_error *error)
{
    const char *next = bytes;
    while (len > 0) {
        ssize_t written = write(fd, next, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            poll(&ready, 1, -1);
            continue;
        }
        if (written < 0)
            return ecr_fail(error, ECR_CONFIG, "write", "it cannot be written: %s",
                            strerror(errno));
        next += written;
        len -= (size_t)written;
    }
    return ECR_OK;
}
