/* SPDX-License-Identifier: MIT */
/* The multi handle, its epoll descriptor and its one timer; and the processes, which share the
 * descriptor. */
#include "http.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "interrupt.h"
#include "process.h"
#include "transfer.h"

#define EVENTS 64

struct ecr_http {
    const struct ecr_curl *curl; /* NULL until the first transfer */
    CURLM *multi;
    int epoll;
    int bell;   /* the descriptor of signals that is watched; -1 = none */
    double due; /* when libcurl wants to be called anyway (monotonic); negative = not */
    long max_connections;
    uint64_t tickets;
    struct ecr_trust trust;
    struct ecr_flights transfers, processes, ended;
};

static enum ecr_status open_epoll(struct ecr_http *http, struct ecr_error *error)
{
    http->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (http->epoll < 0)
        return ecr_fail(error, ECR_NETWORK, "epoll", "no epoll descriptor: %s", strerror(errno));
    return ECR_OK;
}

enum ecr_status ecr_http_new(const struct ecr_http_options *options, struct ecr_http **http,
                             struct ecr_error *error)
{
    struct ecr_http *made = ecr_alloc(sizeof *made);
    if (!made)
        return ecr_fail_nomem(error);
    *made = (struct ecr_http){
        .epoll = -1, .bell = -1, .due = -1, .max_connections = options->max_connections};
    enum ecr_status status = open_epoll(made, error);
    if (status == ECR_OK)
        status = ecr_trust_init(&made->trust, options->ca_bundle, options->proxy,
                                options->user_agent, error);
    if (status != ECR_OK) {
        ecr_http_free(made);
        made = NULL;
    }
    *http = made;
    return status;
}

/* --- libcurl's wishes: which descriptors to watch, when to be called --- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *watched)
{
    struct ecr_http *http = user;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(http->epoll, EPOLL_CTL_DEL, fd, NULL); /* fails when it is closed already: fine */
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    int result = epoll_ctl(http->epoll, watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (result != 0 && errno == EEXIST)
        result = epoll_ctl(http->epoll, EPOLL_CTL_MOD, fd, &event);
    if (result != 0 && errno == ENOENT)
        result = epoll_ctl(http->epoll, EPOLL_CTL_ADD, fd, &event);
    http->curl->multi_assign(http->multi, fd, http);
    return result == 0 ? 0 : -1;
}

static int on_timer(CURLM *multi, long milliseconds, void *user)
{
    struct ecr_http *http = user;
    (void)multi;
    http->due = milliseconds < 0 ? -1 : ecr_clock_monotonic() + (double)milliseconds / 1000;
    return 0;
}

static enum ecr_status start(struct ecr_http *http, struct ecr_error *error)
{
    if (http->multi)
        return ECR_OK;
    enum ecr_status status = ecr_curl_load(&http->curl, error);
    if (status != ECR_OK)
        return status;
    http->multi = http->curl->multi_init();
    if (!http->multi)
        return ecr_fail_nomem(error);
    long connections = http->max_connections ? http->max_connections : 50;
    CURLMcode bad = http->curl->multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    bad |= http->curl->multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    bad |= http->curl->multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    bad |= http->curl->multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    bad |= http->curl->multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    return bad ? ecr_fail(error, ECR_CONFIG, "libcurl", "libcurl refuses an option we need")
               : ECR_OK;
}

/* --- what has ended --- */

static void land(struct ecr_http *http, struct ecr_flights *from, struct ecr_flight *flight)
{
    ecr_flights_remove(from, flight);
    ecr_flights_append(&http->ended, flight);
}

static void end(struct ecr_http *http, struct ecr_transfer *transfer, CURLcode code)
{
    ecr_transfer_end(transfer, code);
    land(http, &http->transfers, &transfer->flight);
}

/* What libcurl calls done. */
static void harvest(struct ecr_http *http)
{
    int left;
    for (CURLMsg *message = http->curl->multi_info_read(http->multi, &left); message;
         message = http->curl->multi_info_read(http->multi, &left)) {
        struct ecr_transfer *transfer;
        if (message->msg != CURLMSG_DONE)
            continue;
        http->curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        end(http, transfer, message->data.result);
    }
}

/* A call of libcurl's that fails leaves something undone (a descriptor that nobody watches) and
 * does not say whose it is: a transfer would hang until its time-out. So all in flight end. */
static void check_multi(struct ecr_http *http, CURLMcode code)
{
    if (code == CURLM_OK)
        return;
    CURLcode reason = code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
    harvest(http);
    while (http->transfers.first)
        end(http, (struct ecr_transfer *)http->transfers.first, reason);
}

/* --- the public side --- */

static enum ecr_status submit_transfer(struct ecr_http *http,
                                       const struct ecr_http_request *request,
                                       struct ecr_flight **flight, struct ecr_error *error)
{
    struct ecr_transfer *transfer;
    enum ecr_status status = start(http, error);
    if (status == ECR_OK)
        status = ecr_transfer_new(http->curl, &http->trust, request, &transfer, error);
    if (status != ECR_OK)
        return status;
    *flight = &transfer->flight;
    status = ecr_transfer_launch(transfer, http->multi, error);
    if (status == ECR_OK)
        ecr_flights_append(&http->transfers, *flight);
    else
        (*flight)->free(*flight);
    return status;
}

static enum ecr_status submit_process(struct ecr_http *http, const struct ecr_http_request *request,
                                      struct ecr_flight **flight, struct ecr_error *error)
{
    struct ecr_process *process;
    enum ecr_status status = ecr_process_new(http->epoll, request, &process, error);
    if (status != ECR_OK)
        return status;
    *flight = &process->flight;
    ecr_flights_append(&http->processes, *flight);
    return ECR_OK;
}

enum ecr_status ecr_http_submit(struct ecr_http *http, const struct ecr_http_request *request,
                                uint64_t *ticket, struct ecr_error *error)
{
    struct ecr_flight *flight;
    enum ecr_status status = request->argv ? submit_process(http, request, &flight, error)
                                           : submit_transfer(http, request, &flight, error);
    if (status == ECR_OK)
        *ticket = flight->answer.ticket = ++http->tickets;
    return status;
}

/* Signals that are caught end a wait. A descriptor that was closed has left the set by itself. */
static void watch_signals(struct ecr_http *http)
{
    int fd = ecr_interrupt_fd();
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= 0)
        epoll_ctl(http->epoll, EPOLL_CTL_ADD, fd, &event); /* fails when it is there: fine */
    http->bell = fd;
}

static void step_processes(struct ecr_http *http)
{
    struct ecr_flight *next;
    for (struct ecr_flight *flight = http->processes.first; flight; flight = next) {
        next = flight->next;
        if (ecr_process_step((struct ecr_process *)flight))
            land(http, &http->processes, flight);
    }
}

/* When something must be done although no descriptor is ready; negative = never. */
static double next_due(const struct ecr_http *http)
{
    double due = http->due;
    for (struct ecr_flight *flight = http->processes.first; flight; flight = flight->next) {
        double deadline = ((struct ecr_process *)flight)->deadline;
        if (due < 0 || deadline < due)
            due = deadline;
    }
    return due;
}

/* libcurl's own timer first, so that a busy descriptor cannot starve its time-outs; at a
 * deadline all processes look for themselves. */
static void act_on_time(struct ecr_http *http)
{
    int running;
    double due = next_due(http), now = ecr_clock_monotonic();
    if (due < 0 || now < due)
        return;
    if (http->due >= 0 && now >= http->due) {
        http->due = -1;
        check_multi(http,
                    http->curl->multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running));
    }
    step_processes(http);
}

static void act_on_socket(struct ecr_http *http, const struct epoll_event *event)
{
    int running;
    int mask = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    check_multi(http, http->curl->multi_socket_action(http->multi, event->data.fd, mask, &running));
}

/* Says whether a signal came. */
static bool act(struct ecr_http *http, const struct epoll_event *events, int count)
{
    bool signalled = false, stirred = false;
    act_on_time(http);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == ECR_PROCESS_EVENT)
            stirred = true;
        else if (events[i].data.fd == http->bell)
            signalled = true;
        else if (http->multi)
            act_on_socket(http, &events[i]);
    }
    if (stirred)
        step_processes(http);
    if (http->multi)
        harvest(http);
    return signalled;
}

static int wait_milliseconds(const struct ecr_http *http, double until)
{
    double wake = until, due = next_due(http);
    if (due >= 0 && due < wake)
        wake = due;
    double left = (wake - ecr_clock_monotonic()) * 1000;
    return left <= 0 ? 0 : left > 60000 ? 60000 : (int)ceil(left);
}

enum ecr_status ecr_http_poll(struct ecr_http *http, double seconds, struct ecr_error *error)
{
    struct epoll_event events[EVENTS];
    double until = ecr_clock_monotonic() + seconds;
    watch_signals(http);
    ecr_child_sweep();
    while (!http->ended.first) {
        int count = epoll_wait(http->epoll, events, EVENTS, wait_milliseconds(http, until));
        if (count < 0 && errno == EINTR)
            return ECR_OK;
        if (count < 0)
            return ecr_fail(error, ECR_NETWORK, "epoll", "waiting failed: %s", strerror(errno));
        if (act(http, events, count) || ecr_clock_monotonic() >= until)
            break;
    }
    return ECR_OK;
}

struct ecr_http_answer *ecr_http_next(const struct ecr_http *http,
                                      const struct ecr_http_answer *after)
{
    struct ecr_flight *next = after ? ecr_flight_of(after)->next : http->ended.first;
    return next ? &next->answer : NULL;
}

void ecr_http_give_up(struct ecr_http_answer *answer)
{
    ecr_flight_clear(answer);
    ecr_fail_nomem(&answer->error);
}

void ecr_http_drop(struct ecr_http *http)
{
    ecr_flights_drop(&http->ended);
}

bool ecr_http_cancel(struct ecr_http *http, uint64_t ticket)
{
    return ecr_flights_cancel(&http->transfers, ticket) ||
           ecr_flights_cancel(&http->processes, ticket) || ecr_flights_cancel(&http->ended, ticket);
}

bool ecr_http_progress(const struct ecr_http *http, uint64_t ticket, uint64_t *bytes)
{
    const struct ecr_flight *flight = ecr_flights_find(&http->transfers, ticket);
    if (!flight)
        flight = ecr_flights_find(&http->processes, ticket);
    if (!flight)
        flight = ecr_flights_find(&http->ended, ticket);
    if (!flight)
        return false;
    const struct ecr_sink *sink = &flight->answer.sink;
    *bytes = sink->file ? ecr_file_have(sink->file) : sink->received;
    return true;
}

int ecr_http_fd(const struct ecr_http *http)
{
    return http->epoll;
}

double ecr_http_timeout(const struct ecr_http *http)
{
    if (http->ended.first)
        return 0;
    double due = next_due(http);
    return due < 0 ? -1 : fmax(0, due - ecr_clock_monotonic());
}

size_t ecr_http_in_flight(const struct ecr_http *http)
{
    return http->transfers.count + http->processes.count;
}

void ecr_http_free(struct ecr_http *http)
{
    if (!http)
        return;
    ecr_flights_drop(&http->transfers);
    ecr_flights_drop(&http->processes);
    ecr_flights_drop(&http->ended);
    if (http->multi)
        http->curl->multi_cleanup(http->multi);
    if (http->epoll >= 0)
        close(http->epoll);
    ecr_trust_clear(&http->trust);
    ecr_free(http);
}
