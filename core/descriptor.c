/* SPDX-License-Identifier: MIT */
/* read(2) and write(2), as often as it takes. */
#include "descriptor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "secret.h"

#define CHUNK ((size_t)4096)

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

enum ecr_status ecr_descriptor_read(int fd, size_t max, struct ecr_buf *buf)
{
    while (buf->len <= max) {
        size_t wanted = max + 1 - buf->len < CHUNK ? max + 1 - buf->len : CHUNK;
        char *room = ecr_buf_reserve(buf, wanted);
        if (!room)
            return ECR_NOMEM;
        ssize_t got = read(fd, room, wanted);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ECR_CONFIG;
        if (got == 0)
            return ECR_OK;
        buf->len += (size_t)got;
        buf->data[buf->len] = '\0';
    }
    return ECR_PROTOCOL;
}

void ecr_descriptor_drain(int fd)
{
    char bytes[CHUNK];
    ssize_t got;
    do {
        got = read(fd, bytes, sizeof bytes);
    } while (got > 0 || (got < 0 && errno == EINTR));
    ecr_wipe(bytes, sizeof bytes);
}
