/* SPDX-License-Identifier: MIT */
/* read(2) and write(2), as often as it takes. */
#include "descriptor.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
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

/* What one read gives; *ended when that is nothing. */
static enum ecr_status read_some(int fd, size_t max, struct ecr_buf *buf, bool *ended)
{
    size_t wanted = max + 1 - buf->len < CHUNK ? max + 1 - buf->len : CHUNK;
    char *room = ecr_buf_reserve(buf, wanted);
    if (!room)
        return ECR_NOMEM;
    ssize_t got = read(fd, room, wanted);
    if (got < 0)
        return errno == EINTR ? ECR_OK : ECR_CONFIG;
    *ended = got == 0;
    buf->len += (size_t)got;
    buf->data[buf->len] = '\0';
    return buf->len > max ? ECR_PROTOCOL : ECR_OK;
}

enum ecr_status ecr_descriptor_read(int fd, size_t max, struct ecr_buf *buf)
{
    bool ended = false;
    enum ecr_status status = ECR_OK;
    while (status == ECR_OK && !ended)
        status = read_some(fd, max, buf, &ended);
    return status;
}

/* Until there is something to read, or nothing to come: read(2) says what. */
static enum ecr_status await(int fd, double deadline)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (;;) {
        double left = deadline - ecr_clock_monotonic();
        int count = poll(&ready, 1, left > 0 ? (int)ceil(left * 1000) : 0);
        if (count > 0)
            return ECR_OK;
        if (count < 0 && errno != EINTR)
            return ECR_CONFIG;
        if (left <= 0)
            return ECR_TIMEOUT;
    }
}

enum ecr_status ecr_descriptor_read_by(int fd, size_t max, double deadline, struct ecr_buf *buf)
{
    bool ended = false;
    enum ecr_status status = ECR_OK;
    while (status == ECR_OK && !ended) {
        status = await(fd, deadline);
        if (status == ECR_OK)
            status = read_some(fd, max, buf, &ended);
    }
    return status;
}

void ecr_descriptor_drain(int fd, size_t max, double deadline)
{
    char bytes[CHUNK];
    ssize_t got = 1;
    for (size_t all = 0; got > 0 && all < max && await(fd, deadline) == ECR_OK;) {
        do
            got = read(fd, bytes, sizeof bytes);
        while (got < 0 && errno == EINTR);
        all += got > 0 ? (size_t)got : 0;
    }
    ecr_wipe(bytes, sizeof bytes);
}
