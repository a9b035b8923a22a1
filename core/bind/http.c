/* SPDX-License-Identifier: MIT */
/* `ecr.http`: requests in flight, for transport/http.lua. What needs a signature is signed below
 * here, so that nothing above ever holds one. */
#include "bind.h"

#include <string.h>

#define HTTP     "ecr.http"
#define MAX_CODE 40 /* less than a signature's digits */

struct http_box {
    struct ecr_http *http;          /* NULL = closed */
    struct ecr_http_answer *answer; /* being turned into Lua values; NULL = none */
    bool handing_out;               /* answers are lent to a poll that has not returned */
};

static struct http_box *check(lua_State *L)
{
    struct http_box *box = luaL_checkudata(L, 1, HTTP);
    if (!box->http)
        luaL_error(L, "http is closed");
    return box;
}

/* The same for what lets go of answers. Making values runs the collector, and that runs finalizers,
 * which are anybody's. */
static struct http_box *check_idle(lua_State *L)
{
    struct http_box *box = check(L);
    if (box->handing_out)
        luaL_error(L, "http is being polled");
    return box;
}

/* http:submit(request) -> ticket | nil, failure */
static int http_submit(lua_State *L)
{
    struct ecr_error error;
    struct ecr_bind_request request;
    uint64_t ticket;
    check(L);
    if (!ecr_bind_read_request(L, &request, &error) ||
        ecr_http_submit(check(L)->http, &request.http, &ticket, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    lua_pushinteger(L, (lua_Integer)ticket);
    return 1;
}

/* --- handing out what has ended --- */

/* Headers that somebody above reads; all others are dropped here. */
static bool is_wanted(const char *name)
{
    static const char *const wanted[] = {
        "age",
        "content-range",
        "content-type",
        "date",
        "location",
        "retry-after",
        "x-amz-request-id",
        "x-amz-retry-after",
        "x-amzn-errortype",
        "x-amzn-requestid",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strcmp(wanted[i], name) == 0)
            return true;
    return false;
}

/* [-0, +1, m] A sealed answer's "location" would be the address that is sealed. */
static void push_headers(lua_State *L, const struct ecr_buf *headers, bool sealed)
{
    lua_createtable(L, 0, 4);
    for (size_t at = 0; at < headers->len;) {
        const char *name = headers->data + at;
        const char *value = name + strlen(name) + 1;
        at = (size_t)(value - headers->data) + strlen(value) + 1;
        if (!is_wanted(name) || (sealed && strcmp(name, "location") == 0))
            continue;
        lua_pushstring(L, value);
        lua_setfield(L, -2, name);
    }
}

/* [-0, +0, m] the failure of an answer, into the event at the top. Lack of memory too: it belongs
 * to this ticket, and raising it would keep the other events from those who wait for them. */
static void set_failure(lua_State *L, const struct ecr_error *error)
{
    ecr_bind_push_failure(L, error);
    lua_setfield(L, -2, "failure");
}

/* [-0, +0, m] the word that S3's refusal has for it, <Code>AccessDenied</Code>, into the event at
 * the top. The rest of the refusal repeats the request with its signature. */
static void set_code(lua_State *L, const struct ecr_buf *raw)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *code = raw->data ? strstr(raw->data, "<Code>") : NULL;
    size_t len = code ? strspn(code + 6, letters) : 0;
    if (len == 0 || len > MAX_CODE || code[6 + len] != '<')
        return;
    lua_pushlstring(L, code + 6, len);
    lua_setfield(L, -2, "code");
}

/* [-0, +1, m] {bytes=, resumed_from=} */
static void push_file(lua_State *L, const struct ecr_file *file)
{
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, (lua_Integer)ecr_file_have(file));
    lua_setfield(L, -2, "bytes");
    lua_pushinteger(L, (lua_Integer)ecr_file_resumed_from(file));
    lua_setfield(L, -2, "resumed_from");
}

/* [-0, +0, m] what the sink made of the body, into the event at the top */
static void set_value(lua_State *L, const struct ecr_sink *sink)
{
    if (sink->file && !sink->refused) {
        push_file(L, sink->file);
        lua_setfield(L, -2, "value");
    } else if (sink->decoded) {
        ecr_bind_push_tape(L, &sink->tape);
        lua_setfield(L, -2, "value");
    } else if (sink->kind == ECR_SINK_SEALED && !sink->refused) {
        ecr_bind_push_secret(L, sink->raw.data ? sink->raw.data : "", sink->raw.len);
        lua_setfield(L, -2, "value");
    } else {
        lua_pushlstring(L, sink->raw.data ? sink->raw.data : "", sink->raw.len);
        lua_setfield(L, -2, sink->refused ? "text" : "value");
    }
}

/* [-0, +1, m] {ticket=, status=, headers=, value= | text= | code= | failure=} */
static void push_event(lua_State *L, const struct ecr_http_answer *answer)
{
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, (lua_Integer)answer->ticket);
    lua_setfield(L, -2, "ticket");
    if (answer->status || answer->exited) {
        lua_pushinteger(L, answer->status);
        lua_setfield(L, -2, "status");
    }
    push_headers(L, &answer->headers, answer->sealed);
    lua_setfield(L, -2, "headers");
    if (answer->error.status != ECR_OK)
        set_failure(L, &answer->error);
    else if (answer->sealed && answer->sink.refused)
        set_code(L, &answer->sink.raw);
    else
        set_value(L, &answer->sink);
}

/* (http) -> {event, ...} */
static int make_events(lua_State *L)
{
    lua_Integer count = 0;
    struct http_box *box = lua_touserdata(L, 1);
    lua_newtable(L);
    box->answer = ecr_http_next(box->http, NULL);
    for (; box->answer; box->answer = ecr_http_next(box->http, box->answer)) {
        push_event(L, box->answer);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

/* [-0, +1, m] Gives Lua's status. The answer that memory was too short for is not tried again: it
 * is freed, and the next poll hands out that failure, and all the others. */
static int hand_out(lua_State *L, struct http_box *box)
{
    lua_pushcfunction(L, make_events);
    lua_pushvalue(L, 1);
    box->handing_out = true;
    int status = lua_pcall(L, 1, 1, 0);
    box->handing_out = false;
    if (status == LUA_OK)
        ecr_http_drop(box->http);
    else if (box->answer)
        ecr_http_give_up(box->answer);
    box->answer = NULL;
    return status;
}

/* http:poll(seconds) -> {event, ...} | nil, failure. Every ticket has its event once: what a poll
 * does not hand out because it raises, the next one does. */
static int http_poll(lua_State *L)
{
    struct ecr_error error;
    struct http_box *box = check_idle(L);
    double seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, seconds >= 0, 2, "must not be negative");
    if (ecr_http_poll(box->http, seconds, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    return hand_out(L, box) == LUA_OK ? 1 : lua_error(L);
}

/* http:cancel(ticket) -> boolean (whether there was anything to cancel) */
static int http_cancel(lua_State *L)
{
    struct http_box *box = check_idle(L);
    lua_pushboolean(L, ecr_http_cancel(box->http, (uint64_t)luaL_checkinteger(L, 2)));
    return 1;
}

/* http:progress(ticket) -> integer (bytes of the body so far) | nil (no such ticket) */
static int http_progress(lua_State *L)
{
    uint64_t bytes;
    if (!ecr_http_progress(check(L)->http, (uint64_t)luaL_checkinteger(L, 2), &bytes))
        return 0;
    lua_pushinteger(L, (lua_Integer)bytes);
    return 1;
}

/* http:fd() -> integer: an epoll descriptor for a foreign loop to watch */
static int http_fd(lua_State *L)
{
    lua_pushinteger(L, ecr_http_fd(check(L)->http));
    return 1;
}

/* http:timeout() -> seconds until a poll is due anyway | nil */
static int http_timeout(lua_State *L)
{
    double seconds = ecr_http_timeout(check(L)->http);
    if (seconds < 0)
        return 0;
    lua_pushnumber(L, seconds);
    return 1;
}

/* http:in_flight() -> integer */
static int http_in_flight(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)ecr_http_in_flight(check(L)->http));
    return 1;
}

/* http:close() */
static int http_close(lua_State *L)
{
    struct http_box *box = luaL_checkudata(L, 1, HTTP);
    if (box->handing_out)
        return luaL_error(L, "http is being polled");
    ecr_http_free(box->http);
    box->http = NULL;
    return 0;
}

static const char *option(lua_State *L, const char *name)
{
    int type = ecr_bind_rawget(L, 1, name);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        luaL_error(L, "option %s must be a string", name);
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return text;
}

/* core.http{ca_bundle=, proxy=, user_agent=, max_connections=} -> http | nil, failure */
static int http_new(lua_State *L)
{
    struct ecr_error error;
    struct ecr_http_options options = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    options.ca_bundle = option(L, "ca_bundle");
    options.proxy = option(L, "proxy");
    options.user_agent = option(L, "user_agent");
    if (options.user_agent && strpbrk(options.user_agent, "\r\n"))
        luaL_error(L, "option user_agent holds a line break");
    ecr_bind_rawget(L, 1, "max_connections");
    options.max_connections = (long)luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
    struct http_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct http_box){0};
    luaL_setmetatable(L, HTTP);
    if (ecr_http_new(&options, &box->http, &error) != ECR_OK)
        return ecr_bind_fail(L, &error);
    return 1;
}

static const luaL_Reg methods[] = {
    {"progress", http_progress},
    {"submit", http_submit},
    {"poll", http_poll},
    {"cancel", http_cancel},
    {"fd", http_fd},
    {"timeout", http_timeout},
    {"in_flight", http_in_flight},
    {"close", http_close},
    {"__gc", http_close},
    {"__close", http_close},
    {NULL, NULL},
};

void ecr_bind_open_http(lua_State *L)
{
    ecr_bind_class(L, HTTP, methods);
    lua_pushcfunction(L, http_new);
    lua_setfield(L, -2, "http");
}
