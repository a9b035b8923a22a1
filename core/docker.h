/* SPDX-License-Identifier: MIT */
/* The file that docker (~/.docker/config.json), podman and skopeo (auth.json) keep registries'
 * credentials in, edited for the sake of some registries: all else in it stays byte for byte.
 *
 * Others edit the file too, and none of them takes a lock. So the new file takes the place of what
 * was read and of nothing else (ecr_swap); when the file changed meanwhile it is edited
 * again. A docker that read the file before us and writes it after us undoes what we did: nobody
 * can help that from here.
 *
 * Failures are ECR_CONFIG "docker_config" with the path and what is wrong, never what is in the
 * file; "write" when it cannot be written; ECR_INPUT "docker_config" for an entry that would make
 * the file unreadable for docker. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

#define ECR_DOCKER_MAX_FILE    ((size_t)4 * 1024 * 1024)
#define ECR_DOCKER_MAX_ENTRIES 64
#define ECR_DOCKER_MAX_AUTH    ((size_t)64 * 1024)
#define ECR_DOCKER_MAX_NAME    512 /* of a registry or a helper */

enum ecr_docker_verb {
    ECR_DOCKER_SET,    /* auths[registry].auth = value, without the tokens docker would prefer */
    ECR_DOCKER_REMOVE, /* no auths[registry] */
    ECR_DOCKER_HELPER, /* credHelpers[registry] = value */
    ECR_DOCKER_FORGET, /* no credHelpers[registry] */
};

/* `registry` ends with a zero byte. */
struct ecr_docker_entry {
    const char *registry;
    size_t registry_len;
    const char *value;
    size_t len;
};

struct ecr_docker_edit {
    enum ecr_docker_verb verb;
    const struct ecr_docker_entry *entries;
    size_t count;
};

/* Printable ASCII without spaces, as hosts with a port and docker's old addresses are. */
bool ecr_docker_is_registry(const char *text, size_t len);
/* A word that names a program: docker-credential-<helper>. */
bool ecr_docker_is_helper(const char *text, size_t len);
/* Base64 of "user:password", with a user: docker reads nothing of a file with anything else. */
enum ecr_status ecr_docker_check_auth(const char *text, size_t len, struct ecr_error *error);

/* Edits the text of a file. *done says how many entries made a difference, or, when something was
 * put, how many there are. On failure the text is of no use. */
enum ecr_status ecr_docker_edit_text(struct ecr_buf *text, const struct ecr_docker_edit *edit,
                                     size_t *done, struct ecr_error *error);
/* The helper that docker asks for this registry, looking at no `auths` then, into an empty buffer
 * with room for a file; nothing is none. */
enum ecr_status ecr_docker_helper_in(const struct ecr_buf *text, const char *registry, size_t len,
                                     struct ecr_buf *helper, struct ecr_error *error);

/* The same of files. One that is not there is made when there is something to put, with its
 * directory; one that is edited becomes its owner's only. */
enum ecr_status ecr_docker_edit_file(const char *path, const struct ecr_docker_edit *edit,
                                     size_t *done, struct ecr_error *error);
enum ecr_status ecr_docker_helper_of(const char *path, const char *registry, size_t len,
                                     struct ecr_buf *helper, struct ecr_error *error);
