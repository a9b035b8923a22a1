/* SPDX-License-Identifier: MIT */
/* Reading a request: its table stays at index 2, and what is borrowed from it above, so that it
 * lives on if a finalizer empties the table meanwhile. Requests of kind "aws" get their target from
 * the model; those of kind "process" are a program to run. */
#include "bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COMMAND  (32 * 1024) /* bytes of a command line */
#define PROCESS_TIME 60          /* seconds a program has unless the request says */

#define MAX_KEPT (ECR_BIND_WORDS + 2 * ECR_BIND_HEADERS + 64) /* values, at most */

int ecr_bind_rawget(lua_State *L, int table, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, table);
}

/* [-1, +0, -] The value at the top goes to those that stay until the request is sent. */
static void keep(lua_State *L)
{
    lua_insert(L, 3);
}

/* A string field, or NULL. */
static const char *field(lua_State *L, const char *name, size_t *len)
{
    int type = ecr_bind_rawget(L, 2, name);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        luaL_error(L, "request.%s must be a string", name);
    const char *text = lua_tolstring(L, -1, len);
    keep(L);
    return text;
}

static const char *required_field(lua_State *L, const char *name)
{
    const char *text = field(L, name, NULL);
    if (!text)
        luaL_error(L, "request.%s is missing", name);
    return text;
}

static double number_field(lua_State *L, const char *name, double otherwise)
{
    ecr_bind_rawget(L, 2, name);
    double value = luaL_optnumber(L, -1, otherwise);
    lua_pop(L, 1);
    if (!(value > 0) && value != otherwise && strcmp(name, "clock_offset") != 0)
        luaL_error(L, "request.%s must be more than 0", name);
    return value;
}

static bool flag_field(lua_State *L, const char *name)
{
    ecr_bind_rawget(L, 2, name);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

/* A field that is a string or a secret, or NULL. */
static const char *bytes_field(lua_State *L, const char *name, size_t *len, bool *sealed)
{
    const char *bytes = NULL;
    int type = ecr_bind_rawget(L, 2, name);
    *sealed = luaL_testudata(L, -1, ECR_SECRET) != NULL;
    if (type == LUA_TSTRING || *sealed)
        bytes = ecr_bind_bytes(L, -1, len);
    else if (type != LUA_TNIL)
        luaL_error(L, "request.%s must be a string or a secret", name);
    keep(L);
    return bytes;
}

/* The name and value at the top of the stack. What a secret holds is no mistake of the script's. */
static bool read_header(lua_State *L, struct ecr_http_header *header, struct ecr_error *error)
{
    size_t name_len, len;
    header->sealed = luaL_testudata(L, -1, ECR_SECRET) != NULL;
    if (lua_type(L, -2) != LUA_TSTRING || (lua_type(L, -1) != LUA_TSTRING && !header->sealed))
        luaL_error(L, "request.headers must map strings to strings or secrets");
    header->name = lua_tolstring(L, -2, &name_len);
    header->value = ecr_bind_bytes(L, -1, &len);
    bool whole = strlen(header->value) == len && !strpbrk(header->value, "\r\n");
    if (!header->name[0] || strpbrk(header->name, "\r\n: ") || strlen(header->name) != name_len ||
        (!whole && !header->sealed))
        luaL_error(L, "request.headers has a line break or a name that is none");
    if (!whole)
        ecr_fail(error, ECR_INPUT, "header",
                 "the secret for the header %s holds a line break or a zero byte", header->name);
    return whole;
}

/* request.headers = {name = value}, after those that are there already. */
static bool read_headers(lua_State *L, struct ecr_bind_request *request, struct ecr_error *error)
{
    size_t *count = &request->http.header_count;
    if (ecr_bind_rawget(L, 2, "headers") == LUA_TNIL) {
        lua_pop(L, 1);
        return true;
    }
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (*count == ECR_BIND_HEADERS)
            luaL_error(L, "request.headers has more than %d entries", ECR_BIND_HEADERS);
        if (!read_header(L, &request->headers[*count], error))
            return false;
        ++*count;
        keep(L);
        lua_pushvalue(L, -1); /* one for lua_next */
        keep(L);
    }
    lua_pop(L, 1);
    return true;
}

static const struct ecr_operation *read_operation(lua_State *L)
{
    const char *service = required_field(L, "service"), *name = required_field(L, "operation");
    const struct ecr_operation *operation = ecr_model_operation(service, name);
    if (!operation)
        luaL_error(L, "the model has no operation %s of %s", name, service);
    return operation;
}

/* "creds:<document>" */
static void read_document_sink(lua_State *L, struct ecr_http_request *request, const char *name)
{
    request->sink = ECR_SINK_SHAPE;
    request->shape = ecr_model_document(name);
    request->max_body = ECR_SINK_DOCUMENT;
    if (!request->shape)
        luaL_error(L, "the model has no document %s", name);
}

/* What follows "raw:" or "sealed:": the most bytes. */
static size_t read_size(lua_State *L, const char *digits)
{
    size_t len = strspn(digits, "0123456789");
    if (len == 0 || len > 15 || digits[len])
        luaL_error(L, "request.sink has no size");
    return (size_t)strtoull(digits, NULL, 10);
}

static void read_sink(lua_State *L, struct ecr_http_request *request,
                      const struct ecr_operation *operation)
{
    const char *sink = required_field(L, "sink");
    if (strncmp(sink, "shape:", 6) == 0 && operation && strcmp(sink + 6, operation->name) == 0) {
        request->sink = ECR_SINK_SHAPE;
        request->shape = operation->output;
    } else if (strncmp(sink, "creds:", 6) == 0) {
        read_document_sink(L, request, sink + 6);
    } else if (strcmp(sink, "file") == 0) {
        request->sink = ECR_SINK_FILE;
    } else if (strncmp(sink, "raw:", 4) == 0) {
        request->sink = ECR_SINK_RAW;
        request->max_body = read_size(L, sink + 4);
    } else if (strncmp(sink, "sealed:", 7) == 0) {
        request->sink = ECR_SINK_SEALED;
        request->max_body = read_size(L, sink + 7);
    } else {
        luaL_error(L, "request.sink \"%s\" is not known", sink);
    }
}

static void read_credentials(lua_State *L, struct ecr_http_request *request)
{
    if (ecr_bind_rawget(L, 2, "creds") != LUA_TNIL) {
        request->creds = ecr_bind_check_creds(L, -1);
        request->region = required_field(L, "region");
        request->service = required_field(L, "service");
    }
    keep(L);
}

static const char *read_url(lua_State *L, bool *sealed)
{
    size_t len;
    const char *url = bytes_field(L, "url", &len, sealed);
    if (!url)
        luaL_error(L, "request.url is missing");
    if (strlen(url) != len)
        luaL_error(L, "request.url holds a zero byte");
    return url;
}

static const char *read_user_agent(lua_State *L)
{
    size_t len;
    const char *text = field(L, "user_agent", &len);
    if (text && strcspn(text, "\r\n") != len)
        luaL_error(L, "request.user_agent holds a line break or a zero byte");
    return text;
}

static void read_common(lua_State *L, struct ecr_http_request *request)
{
    request->url = read_url(L, &request->sealed);
    request->body = bytes_field(L, "body", &request->body_len, &request->sealed_body);
    request->user_agent = read_user_agent(L);
    request->direct = flag_field(L, "direct");
    request->timeout = number_field(L, "timeout", 30);
    request->connect_timeout = number_field(L, "connect_timeout", 5);
    request->stall = number_field(L, "stall", 0);
    request->https_only = flag_field(L, "https_only");
    request->clock_offset = number_field(L, "clock_offset", 0);
    read_credentials(L, request);
}

/* An operation of AWS: what it is called goes into headers that are signed. */
static const struct ecr_operation *read_aws(lua_State *L, struct ecr_bind_request *request)
{
    const struct ecr_operation *operation = read_operation(L);
    request->http.once = !flag_field(L, "repeatable");
    snprintf(request->target, sizeof request->target, "%s.%s", operation->service->target_prefix,
             operation->name);
    request->headers[0] =
        (struct ecr_http_header){.name = "Content-Type", .value = "application/x-amz-json-1.1"};
    request->headers[1] =
        (struct ecr_http_header){.name = "X-Amz-Target", .value = request->target};
    request->http.header_count = 2;
    return operation;
}

/* A list of strings. */
static void read_argv(lua_State *L, const char **argv)
{
    size_t total = 0, len;
    if (ecr_bind_rawget(L, 2, "argv") != LUA_TTABLE)
        luaL_error(L, "request.argv must be a list of strings");
    lua_Unsigned count = lua_rawlen(L, -1);
    if (count == 0 || count > ECR_BIND_WORDS)
        luaL_error(L, "request.argv must have 1 to %d strings", ECR_BIND_WORDS);
    for (lua_Unsigned i = 0; i < count; i++) {
        if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "request.argv must be a list of strings");
        argv[i] = lua_tolstring(L, -1, &len);
        total += len + 1;
        if (strlen(argv[i]) != len)
            luaL_error(L, "request.argv holds a zero byte");
        keep(L);
    }
    argv[count] = NULL;
    lua_pop(L, 1);
    if (!argv[0][0])
        luaL_error(L, "request.argv names no program");
    if (total > MAX_COMMAND)
        luaL_error(L, "request.argv has more than %d bytes", MAX_COMMAND);
}

static void read_process(lua_State *L, struct ecr_bind_request *request)
{
    read_argv(L, request->argv);
    request->http.argv = request->argv;
    request->http.body =
        bytes_field(L, "body", &request->http.body_len, &request->http.sealed_body);
    request->http.timeout = number_field(L, "timeout", PROCESS_TIME);
    read_sink(L, &request->http, NULL);
    if (request->http.sink == ECR_SINK_FILE)
        luaL_error(L, "request.sink of a process is no file");
}

/* request.hide = {secret, ...}: what the body is made of, and no message may show. */
static void read_hidden(lua_State *L, struct ecr_bind_request *request)
{
    size_t *count = &request->http.hidden_count;
    if (ecr_bind_rawget(L, 2, "hide") != LUA_TNIL) {
        luaL_checktype(L, -1, LUA_TTABLE);
        for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
            luaL_checkudata(L, -1, ECR_SECRET);
            if (*count == ECR_HTTP_HIDDEN)
                luaL_error(L, "request.hide has more than %d secrets", ECR_HTTP_HIDDEN);
            request->hidden[(*count)++] = ecr_bind_check_secret(L, -1);
            lua_pop(L, 1);
            keep(L);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    request->http.hidden = request->hidden;
}

bool ecr_bind_read_request(lua_State *L, struct ecr_bind_request *request, struct ecr_error *error)
{
    const struct ecr_operation *operation = NULL;
    request->http = (struct ecr_http_request){
        .method = "POST", .headers = request->headers, .file = &request->file};
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    luaL_checkstack(L, MAX_KEPT, NULL);
    const char *kind = required_field(L, "kind");
    if (strcmp(kind, "process") == 0) {
        read_process(L, request);
        read_hidden(L, request);
        ecr_bind_check_open(L, 3, lua_gettop(L));
        return true;
    }
    if (strcmp(kind, "aws") == 0)
        operation = read_aws(L, request);
    else
        request->http.method = required_field(L, "method");
    read_common(L, &request->http);
    read_sink(L, &request->http, operation);
    read_hidden(L, request);
    bool fits =
        read_headers(L, request, error) &&
        (request->http.sink != ECR_SINK_FILE || ecr_bind_read_target(L, 2, &request->file, error));
    ecr_bind_check_open(L, 3, lua_gettop(L));
    return fits;
}
