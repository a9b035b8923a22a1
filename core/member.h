/* SPDX-License-Identifier: MIT */
/* One member of a JSON document, named by the path to it, in a text that somebody else wrote: read,
 * put and taken away without touching any byte besides. What is put looks like what stands around
 * it: the indentation of the members beside it or above it, its line ends, the space behind colons.
 *
 * A text is a secret buffer with one JSON object; its maximum is the edited text's too. What no
 * document is, or leads through something that is no object, is ECR_PROTOCOL, as place.h says it. A
 * text that could not be edited is as it was. */
#pragma once

#include "place.h"

enum ecr_member_kind { ECR_MEMBER_ABSENT, ECR_MEMBER_STRING, ECR_MEMBER_NULL, ECR_MEMBER_OTHER };

/* What is there, and its text, appended to an empty secret buffer, if it is a string. */
enum ecr_status ecr_member_read(const struct ecr_buf *text, const struct ecr_place_path *path,
                                struct ecr_buf *value, enum ecr_member_kind *kind,
                                struct ecr_error *error);
/* Puts a value, which is JSON, in the place of the one that is there, or else behind the last
 * member of its object. Objects on the path that are missing, or null, are made. ECR_PROTOCOL
 * "too_large" past the text's maximum. */
enum ecr_status ecr_member_put(struct ecr_buf *text, const struct ecr_place_path *path,
                               const char *value, size_t len, struct ecr_error *error);
/* Takes a member away with its comma; *dropped says whether there was one. */
enum ecr_status ecr_member_drop(struct ecr_buf *text, const struct ecr_place_path *path,
                                bool *dropped, struct ecr_error *error);
