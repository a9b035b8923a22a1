/* SPDX-License-Identifier: MIT */
/* One poll loop over a few connections with fixed buffers. What a request asks for is found by a
 * word anywhere in it: a target, a path. */
#include "canned.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS 16
#define MAX_REQUEST 8192

struct answer {
    const char *word;
    const char *head; /* status line and headers; NULL = never answered */
    const char *body;
};

#define JSON "Content-Type: application/x-amz-json-1.1\r\nx-amzn-RequestId: 1-2-3\r\n"

static const struct answer answers[] = {
    {"GetAuthorizationToken", "HTTP/1.1 200 OK\r\n" JSON,
     "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOmNhbm5lZA==\",\"expiresAt\":1.5e9,"
     "\"proxyEndpoint\":\"https://1.example\"}]}"},
    {"DescribeRepositories", "HTTP/1.1 400 Bad Request\r\n" JSON,
     "{\"__type\":\"RepositoryNotFoundException\",\"message\":\"no such repository\"}"},
    {"ListImages", "HTTP/1.1 200 OK\r\n" JSON, "{\"imageIds\":7}"},
    {"/busy", "HTTP/1.1 503 Slow Down\r\nRetry-After: 7\r\nContent-Type: text/html\r\n", "<p>busy"},
    {"/raw", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", "canned bytes"},
    {"/rest", "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 7-11/12\r\n", "bytes"},
    {"/denied", "HTTP/1.1 403 Forbidden\r\nLocation: /?secret\r\n",
     "<Error><Code>AccessDenied</Code><Resource>/?secret</Resource></Error>"},
    {"/container", "HTTP/1.1 200 OK\r\n" JSON,
     "{\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"k\",\"Expiration\":\"1970-01-01T00:01:"
     "00UTC\"}"},
    {"/sts", "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n",
     "<AResponse xmlns=\"u\"><AResult><Credentials><SecretAccessKey>k&amp;</SecretAccessKey>"
     "<Expiration>1970-01-01T00:01:00Z</Expiration></Credentials></AResult></AResponse>"},
    {"/refused-by-sts", "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\n",
     "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"},
    {"/silent", NULL, NULL},
};
static const struct answer together = {"/together", "HTTP/1.1 200 OK\r\n", "one of three"};

struct server {
    int control;
    int waiting[CANNED_TOGETHER]; /* sockets of requests that are answered together */
    size_t waiting_count;
    struct pollfd fds[2 + CONNECTIONS]; /* control, listener, connections (-1 = free) */
    char requests[CONNECTIONS][MAX_REQUEST];
    size_t sizes[CONNECTIONS];
};

static void send_answer(int fd, const struct answer *answer)
{
    char text[1024];
    int len = snprintf(text, sizeof text, "%sContent-Length: %zu\r\n\r\n%s", answer->head,
                       strlen(answer->body), answer->body);
    send(fd, text, (size_t)len, MSG_NOSIGNAL); /* a client that left is no concern of ours */
}

static void respond(struct server *server, int fd, const char *request)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (!strstr(request, answers[i].word))
            continue;
        if (answers[i].head)
            send_answer(fd, &answers[i]);
        return;
    }
    if (server->waiting_count == CANNED_TOGETHER)
        return;
    server->waiting[server->waiting_count++] = fd;
    if (server->waiting_count == CANNED_TOGETHER)
        send(server->control, "f", 1, MSG_NOSIGNAL);
}

/* The parent said something: "r" = release. False = it has gone. */
static bool obey(struct server *server)
{
    char byte;
    if (read(server->control, &byte, 1) != 1)
        return false;
    for (size_t i = 0; i < server->waiting_count; i++)
        send_answer(server->waiting[i], &together);
    server->waiting_count = 0;
    return send(server->control, "d", 1, MSG_NOSIGNAL) == 1;
}

static bool is_whole(const char *request, size_t len)
{
    const char *body = strstr(request, "\r\n\r\n");
    const char *size = strcasestr(request, "\r\nContent-Length:");
    if (!body)
        return false;
    size_t expected = size && size < body ? strtoul(size + 17, NULL, 10) : 0;
    return len >= (size_t)(body + 4 - request) + expected;
}

static void hang_up(struct server *server, size_t i)
{
    size_t kept = 0;
    for (size_t w = 0; w < server->waiting_count; w++)
        if (server->waiting[w] != server->fds[2 + i].fd)
            server->waiting[kept++] = server->waiting[w];
    server->waiting_count = kept;
    close(server->fds[2 + i].fd);
    server->fds[2 + i].fd = -1;
}

static void take_bytes(struct server *server, size_t i)
{
    char *request = server->requests[i];
    size_t *size = &server->sizes[i];
    ssize_t got = read(server->fds[2 + i].fd, request + *size, MAX_REQUEST - 1 - *size);
    if (got <= 0) {
        hang_up(server, i);
        return;
    }
    *size += (size_t)got;
    request[*size] = '\0';
    if (is_whole(request, *size)) {
        *size = 0;
        respond(server, server->fds[2 + i].fd, request);
    }
}

static void take_connection(struct server *server)
{
    int fd = accept(server->fds[1].fd, NULL, NULL);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (server->fds[2 + i].fd >= 0)
            continue;
        server->fds[2 + i] = (struct pollfd){.fd = fd, .events = POLLIN};
        server->sizes[i] = 0;
        return;
    }
    close(fd);
}

static void serve(int listener, int control)
{
    static struct server server;
    server.control = control;
    server.fds[0] = (struct pollfd){.fd = control, .events = POLLIN};
    server.fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (size_t i = 0; i < CONNECTIONS; i++)
        server.fds[2 + i].fd = -1;
    while (poll(server.fds, 2 + CONNECTIONS, -1) > 0) {
        if (server.fds[0].revents && !obey(&server))
            return;
        for (size_t i = 0; i < CONNECTIONS; i++)
            if (server.fds[2 + i].fd >= 0 && server.fds[2 + i].revents)
                take_bytes(&server, i);
        if (server.fds[1].revents)
            take_connection(&server);
    }
}

/* -1 when there is none to be had. */
static int listen_somewhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, CONNECTIONS) != 0)
        return -1;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

bool canned_start(struct canned *canned)
{
    int pair[2];
    int listener = listen_somewhere(&canned->port);
    if (listener < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    canned->process = fork();
    if (canned->process == 0) {
        close(pair[0]);
        serve(listener, pair[1]);
        _exit(0);
    }
    close(pair[1]);
    close(listener);
    canned->control = pair[0];
    return canned->process > 0;
}

bool canned_is_full(const struct canned *canned)
{
    char byte;
    return recv(canned->control, &byte, 1, MSG_DONTWAIT) == 1;
}

void canned_release(const struct canned *canned)
{
    char byte;
    send(canned->control, "r", 1, MSG_NOSIGNAL);
    recv(canned->control, &byte, 1, 0);
}

void canned_stop(const struct canned *canned)
{
    close(canned->control);
    waitpid(canned->process, NULL, 0);
}
