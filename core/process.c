/* SPDX-License-Identifier: MIT */
/* Writing what a program reads, reading what it writes, and making an answer of how it ended. The
 * end of its output is not its end: one may close its output and go on, and a grandchild may keep
 * it open for ever. So the program's exit counts, and after it what is in the pipes and no more. */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "scrub.h"
#include "secret.h"

#define MAX_OUTPUT ((size_t)64 * 1024)
#define BATCH      ((size_t)64 * 1024) /* of one pipe, before others have their turn */
#define PATIENCE   100                 /* milliseconds for one that was killed to die */
#define MAX_LINE   240                 /* of its standard error, in a message */

/* --- its descriptors --- */

static bool watch(const struct ecr_process *process, int fd, uint32_t what)
{
    struct epoll_event event = {.events = what, .data.fd = ECR_PROCESS_EVENT};
    return epoll_ctl(process->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Closing alone would not do where the host has forked: its copy keeps the descriptor in the set.
 */
static void forget(const struct ecr_process *process, int fd)
{
    if (fd >= 0)
        epoll_ctl(process->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void hang_up(struct ecr_process *process, int *fd)
{
    forget(process, *fd);
    close(*fd);
    *fd = -1;
}

/* Nothing of it runs or is open afterwards. */
static void end(struct ecr_process *process)
{
    forget(process, process->child.handle);
    forget(process, process->child.in);
    forget(process, process->child.out);
    forget(process, process->child.err);
    ecr_child_close(&process->child, PATIENCE);
    ecr_buf_clear(&process->input);
}

/* --- what it reads --- */

static void stop_feeding(struct ecr_process *process)
{
    forget(process, process->child.in);
    ecr_child_fed(&process->child);
}

/* What there is room for. One that does not read all of it has what it wanted: its end tells. */
static void feed(struct ecr_process *process)
{
    const struct ecr_buf *input = &process->input;
    while (process->child.in >= 0 && process->fed < input->len) {
        ssize_t put =
            write(process->child.in, input->data + process->fed, input->len - process->fed);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno == EAGAIN)
            return;
        process->fed = put < 0 ? input->len : process->fed + (size_t)put;
    }
    if (process->child.in >= 0)
        stop_feeding(process);
}

/* --- what it writes --- */

static void put(struct ecr_process *process, int fd, const char *bytes, size_t len)
{
    struct ecr_http_answer *answer = &process->flight.answer;
    if (fd == process->child.err)
        ecr_remark_add(&process->remark, bytes, len);
    else if (answer->error.status == ECR_OK)
        ecr_sink_write(&answer->sink, bytes, len, &answer->error);
}

/* Takes at most so many bytes. */
static void take(struct ecr_process *process, int *fd, size_t most)
{
    char bytes[4096];
    while (*fd >= 0 && most > 0) {
        ssize_t got = read(*fd, bytes, most < sizeof bytes ? most : sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            hang_up(process, fd);
            break;
        }
        put(process, *fd, bytes, (size_t)got);
        most -= (size_t)got;
    }
    ecr_wipe(bytes, sizeof bytes);
}

/* What is there now: after the program's end nothing of its own follows. */
static void drain(struct ecr_process *process, int *fd)
{
    int there = 0;
    if (*fd >= 0 && ioctl(*fd, FIONREAD, &there) == 0 && there > 0)
        take(process, fd, (size_t)there);
}

/* --- how it ended --- */

/* What it was given to read, and what must not be shown besides. */
static void scrub(struct ecr_process *process, struct ecr_remark *remark)
{
    ecr_scrub(remark->bytes, remark->len, process->input.data, process->input.len);
    for (size_t i = 0; i < ECR_HTTP_HIDDEN && process->hidden[i]; i++)
        ecr_scrub(remark->bytes, remark->len, ecr_secret_bytes(process->hidden[i]),
                  ecr_secret_len(process->hidden[i]));
}

/* ": " and what it said on its standard error, but nothing secret of ours; nothing when it said
 * nothing. */
static const char *remark_of(struct ecr_process *process, char line[MAX_LINE])
{
    struct ecr_remark *remark = &process->remark;
    scrub(process, remark);
    memcpy(line, ": ", 3);
    ecr_remark_line(remark, line + 2, MAX_LINE - 2);
    return line[2] ? line : "";
}

static void fail_exit(struct ecr_process *process, const struct ecr_child_end *how)
{
    char line[MAX_LINE];
    struct ecr_error *error = &process->flight.answer.error;
    const char *remark = remark_of(process, line);
    if (how->signalled)
        ecr_fail(error, ECR_AUTH, "process_exit", "was ended by signal %d (%s)%s", how->code,
                 strsignal(how->code), remark);
    else
        ecr_fail(error, ECR_AUTH, "process_exit", "exited with %d%s", how->code, remark);
    ecr_wipe(line, sizeof line);
}

static void fail_late(struct ecr_process *process)
{
    char line[MAX_LINE];
    ecr_fail(&process->flight.answer.error, ECR_TIMEOUT, "process_timeout",
             "did not end within %g seconds%s", process->timeout, remark_of(process, line));
    ecr_wipe(line, sizeof line);
}

static void conclude(struct ecr_process *process, const struct ecr_child_end *how)
{
    struct ecr_http_answer *answer = &process->flight.answer;
    answer->exited = how->known && !how->signalled && !how->trouble;
    answer->status = answer->exited ? how->code : 0;
    if (how->trouble)
        ecr_child_fail_start(&process->child, how->trouble, &answer->error);
    else if (!how->known)
        ecr_child_fail_unknown(&answer->error);
    else if (how->signalled || how->code != 0)
        fail_exit(process, how);
    else if (answer->error.status == ECR_OK)
        ecr_sink_finish(&answer->sink, &answer->error);
}

bool ecr_process_step(struct ecr_process *process)
{
    struct ecr_child_end how;
    struct ecr_error *error = &process->flight.answer.error;
    feed(process);
    take(process, &process->child.out, BATCH);
    take(process, &process->child.err, BATCH);
    if (error->status == ECR_OK && ecr_child_has_ended(&process->child, &how)) {
        drain(process, &process->child.out);
        drain(process, &process->child.err);
        conclude(process, &how);
    } else if (error->status == ECR_OK) {
        if (ecr_clock_monotonic() < process->deadline)
            return false;
        fail_late(process);
    }
    end(process);
    return true;
}

/* --- making one --- */

static void free_process(struct ecr_flight *flight)
{
    struct ecr_process *process = (struct ecr_process *)flight;
    end(process);
    for (size_t i = 0; i < ECR_HTTP_HIDDEN; i++)
        ecr_secret_free(process->hidden[i]);
    ecr_flight_clear(&flight->answer);
    ecr_wipe(&process->remark, sizeof process->remark);
    ecr_free(process);
}

/* Before the start, so that a failure has killed nothing. */
static enum ecr_status expect(struct ecr_process *process, const struct ecr_http_request *request,
                              struct ecr_error *error)
{
    struct ecr_sink *sink = &process->flight.answer.sink;
    size_t max = request->sink == ECR_SINK_RAW ? request->max_body : 0;
    ecr_sink_init(sink, request->sink, request->shape, max ? max : MAX_OUTPUT);
    if (request->body_len > 0 &&
        ecr_buf_append(&process->input, request->body, request->body_len) != ECR_OK)
        return ecr_fail_nomem(error);
    return ecr_sink_begin(sink, 200, NULL, error);
}

static enum ecr_status watch_all(struct ecr_process *process, struct ecr_error *error)
{
    const struct ecr_child *child = &process->child;
    if (watch(process, child->handle, EPOLLIN) && watch(process, child->out, EPOLLIN) &&
        watch(process, child->err, EPOLLIN) &&
        (child->in < 0 || watch(process, child->in, EPOLLOUT)))
        return ECR_OK;
    return ecr_child_fail_start(child, errno, error);
}

enum ecr_status ecr_process_new(int epoll, const struct ecr_http_request *request,
                                struct ecr_process **process, struct ecr_error *error)
{
    *process = NULL;
    struct ecr_process *made = ecr_alloc(sizeof *made);
    if (!made)
        return ecr_fail_nomem(error);
    *made = (struct ecr_process){
        .flight.free = free_process, .epoll = epoll, .timeout = request->timeout};
    ecr_child_init(&made->child);
    ecr_buf_init_secret(&made->input, request->body_len);
    for (size_t i = 0; i < request->hidden_count; i++)
        made->hidden[i] = ecr_secret_ref(request->hidden[i]);
    enum ecr_status status = expect(made, request, error);
    if (status == ECR_OK)
        status = ecr_child_start(&made->child, request->argv, request->body_len > 0, error);
    if (status == ECR_OK)
        status = watch_all(made, error);
    if (status != ECR_OK) {
        free_process(&made->flight);
        return status;
    }
    made->deadline = ecr_clock_monotonic() + request->timeout;
    *process = made;
    return ECR_OK;
}
