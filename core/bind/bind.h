/* SPDX-License-Identifier: MIT */
/* What the bindings share. Rule of all of them: arguments are read and checked into plain values
 * first, then the userdata is made, empty, and then filled, so that an error raised by Lua leaks
 * nothing. */
#pragma once

#include <lua.h>
#include <lauxlib.h>
#include <stdbool.h>

#include "../buf.h"
#include "../creds.h"
#include "../error.h"
#include "../http.h"
#include "../model.h"
#include "../secret.h"
#include "../tape.h"

#define ECR_CREDS  "ecr.creds"
#define ECR_SECRET "ecr.secret"
#define ECR_LIST   "ecr.list" /* of empty tables that are lists */

/* [-0, +1, m] {kind=, code=, message=} */
void ecr_bind_push_failure(lua_State *L, const struct ecr_error *error);
/* [-0, +2, m] nil and that; raises when the failure is lack of memory.
 * Returns 2. */
int ecr_bind_fail(lua_State *L, const struct ecr_error *error);

/* [-0, +0, m] Makes the class `name` with these functions: methods, and metamethods ("__gc"). */
void ecr_bind_class(lua_State *L, const char *name, const luaL_Reg *functions);

/* [-0, +1, m] An empty buffer that Lua owns: released by the collector or by `<close>`. */
struct ecr_buf *ecr_bind_buf(lua_State *L, size_t max);

/* Raises for a closed secret or closed credentials among the values from `first` to `last`. Whoever
 * borrowed from those asks when nothing of Lua's comes any more: finalizers are anybody's, and one
 * of them may have closed what was open when it was read. */
void ecr_bind_check_open(lua_State *L, int first, int last);

/* [-0, +1, m] The document on the tape. */
void ecr_bind_push_tape(lua_State *L, const struct ecr_tape *tape);

/* [-0, +1, m] A sealed copy of the bytes. */
void ecr_bind_push_secret(lua_State *L, const void *bytes, size_t len);
/* The secret at `index`, or a new one made of the string there, which is then also pushed and
 * anchored by the caller's stack. [-0, +1, m] */
struct ecr_secret *ecr_bind_check_secret(lua_State *L, int index);

/* The bytes of the string or secret at `index`, which must stay where it is. */
const char *ecr_bind_bytes(lua_State *L, int index, size_t *len);

/* The string at `index`, as C has strings; raises for one that holds a zero byte. */
const char *ecr_bind_check_text(lua_State *L, int index);

/* Appends the strings and secrets of the list at `table`. ECR_NOMEM, or ECR_PROTOCOL past the
 * buffer's maximum. */
enum ecr_status ecr_bind_join(lua_State *L, int table, struct ecr_buf *buf);

/* [-0, +2 or +1, m] The bytes as a document of this shape, its value at the top; false with a
 * failure when they are none. */
bool ecr_bind_decode(lua_State *L, const struct ecr_shape *shape, const char *bytes, size_t len,
                     struct ecr_error *error);

/* Raises "credentials are closed" for a closed one. */
struct ecr_creds *ecr_bind_check_creds(lua_State *L, int index);

/* [-0, +1, m] Gives the type. No metamethod of the caller's runs: what it made up would be kept
 * alive by nobody. */
int ecr_bind_rawget(lua_State *L, int table, const char *name);

#define ECR_BIND_HEADERS 14
#define ECR_BIND_WORDS   256 /* of a program's command line */

/* A request with what it points to besides Lua's strings. */
struct ecr_bind_request {
    struct ecr_http_request http;
    struct ecr_http_header headers[ECR_BIND_HEADERS];
    struct ecr_secret *hidden[ECR_HTTP_HIDDEN];
    struct ecr_file_target file;
    const char *argv[ECR_BIND_WORDS + 1];
    char target[128];
};

/* Reads the table at index 2, which must stay there as long as the request is used, and its strings
 * and secrets in it. Raises for one that is no request. False, with a failure, for a path that no
 * file can have and for a secret that no header can hold. */
bool ecr_bind_read_request(lua_State *L, struct ecr_bind_request *request, struct ecr_error *error);
/* The same for {path=, digest=, size=, resume=}: where a file goes and what must be in it. */
bool ecr_bind_read_target(lua_State *L, int table, struct ecr_file_target *target,
                          struct ecr_error *error);

/* [-0, +1, m] The digits of a hash, at most a SHA-256, or raises what kept it from being computed.
 * Returns as a lua_CFunction. */
int ecr_bind_push_hash(lua_State *L, enum ecr_status status, const unsigned char *bytes,
                       size_t len);

/* Each adds its part to the module's table at the top of the stack. */
void ecr_bind_open_secret(lua_State *L);
void ecr_bind_open_creds(lua_State *L);
void ecr_bind_open_file(lua_State *L);
void ecr_bind_open_http(lua_State *L);
void ecr_bind_open_model(lua_State *L);
void ecr_bind_open_encode(lua_State *L);
void ecr_bind_open_text(lua_State *L);
void ecr_bind_open_host(lua_State *L);
void ecr_bind_open_store(lua_State *L);
void ecr_bind_open_cache(lua_State *L);
void ecr_bind_open_ini(lua_State *L);
void ecr_bind_open_docker(lua_State *L);
