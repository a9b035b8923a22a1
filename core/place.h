/* SPDX-License-Identifier: MIT */
/* Where a path leads in a JSON document: the objects on it and the member at its end, as bytes of
 * the text. For member.h, which cuts the text there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "error.h"

#define ECR_PLACE_PATH 3

/* A key. Where `folded`, the same word in other letters (capitals, and the two characters that
 * Unicode folds to "k" and "s") may not stand beside it: Go's programs take either for the other,
 * and the last one wins. */
struct ecr_place_name {
    const char *text;
    size_t len;
    bool folded;
};

/* From the object that is the document downwards. */
struct ecr_place_path {
    struct ecr_place_name names[ECR_PLACE_PATH];
    size_t count;
};

struct ecr_piece {
    size_t at, len;
};

enum ecr_place_kind {
    ECR_PLACE_SCALAR, /* a number or a boolean */
    ECR_PLACE_STRING,
    ECR_PLACE_NULL,
    ECR_PLACE_OBJECT,
    ECR_PLACE_LIST,
};

/* An object on the path. Its keys are unique, so that the path leads through it once. */
struct ecr_level {
    size_t open, close;    /* where its braces stand */
    size_t count;          /* its members */
    struct ecr_piece last; /* the last one's key */
    size_t tail;           /* where the last one's value ends */
    bool found;            /* the path's next name is one of them: */
    enum ecr_place_kind kind;
    struct ecr_piece key, value;
    size_t before; /* where the value, or brace, in front of the key ends */
    size_t after;  /* where the next key begins; 0 = there is none */
};

struct ecr_place {
    struct ecr_level levels[ECR_PLACE_PATH];
    size_t deepest; /* the last of these that is there */
};

/* Reads all of the text, as strictly as json.h does. `value`, unless NULL a secret buffer with room
 * for all of it, gets the string at the end of the path. ECR_PROTOCOL for what is no JSON object,
 * and where something on the path is neither an object nor null; messages quote nothing but names
 * of the path. */
enum ecr_status ecr_place_find(const struct ecr_buf *text, const struct ecr_place_path *path,
                               struct ecr_buf *value, struct ecr_place *place,
                               struct ecr_error *error);
/* The object with the member at the end of the path; NULL = it is not there. */
const struct ecr_level *ecr_place_target(const struct ecr_place *place,
                                         const struct ecr_place_path *path);
