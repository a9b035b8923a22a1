/* SPDX-License-Identifier: MIT */
/* The AWS operations and shapes as const data. model.c is generated (`make model`) from AWS's
 * published service models and the overlay; nothing here is edited by hand. Lookups are at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ecr_type {
    ECR_T_ANY, /* whatever JSON holds; names pass unchanged */
    ECR_T_STRUCTURE,
    ECR_T_LIST,
    ECR_T_MAP,
    ECR_T_STRING,
    ECR_T_INTEGER, /* int and long alike: 64 bits */
    ECR_T_DOUBLE,
    ECR_T_BOOLEAN,
    ECR_T_TIMESTAMP, /* seconds since the epoch, a number; ISO 8601 text is accepted when read */
    ECR_T_BLOB,      /* base64 on the wire, bytes in Lua */
};

#define ECR_NO_LIMIT INT64_MIN

struct ecr_shape;

struct ecr_member {
    const char *wire; /* "imageDigest" */
    const char *name; /* "image_digest": the Lua side */
    uint8_t wire_len;
    uint8_t name_len;
    bool required;
    bool deprecated;
    bool sealed; /* arrives as a secret, never as a string */
    const struct ecr_shape *shape;
};

struct ecr_shape {
    const char *name;
    enum ecr_type type;
    bool exception;
    bool xml; /* a document that is XML on the wire */
    uint16_t member_count;
    const struct ecr_member *members; /* structure: at most 64 */
    const struct ecr_shape *element;  /* list: its items; map: its values */
    const struct ecr_shape *key;      /* map: its keys */
    int64_t min, max;                 /* length of text, list or map, or value of a number */
    int16_t pattern;                  /* index into ecr_patterns, -1 = none */
    uint16_t enum_count;
    const char *const *enums;
};

enum ecr_class { ECR_CLASS_READ, ECR_CLASS_WRITE };

struct ecr_pagination {
    const char *input_token, *output_token,
        *limit_key; /* wire names; NULL = operation has no pages */
    uint8_t result_count;
    const char *const *results; /* wire paths: "imageScanFindings.findings" */
};

struct ecr_service;

struct ecr_operation {
    const char *name;
    const struct ecr_service *service;
    enum ecr_class class;
    const char *repeat; /* "safe", or what the facts say of a repeated write */
    const struct ecr_shape *input;
    const struct ecr_shape *output;
    struct ecr_pagination pages;
    uint8_t error_count;
    const struct ecr_shape *const *errors;
};

struct ecr_service {
    const char *name;          /* "ecr", "ecr-public": also what is signed */
    const char *target_prefix; /* "AmazonEC2ContainerRegistry_V20150921" */
    const char *endpoint_prefix;
    const char *api_version;
    const char *service_id;
    uint16_t operation_count;
    const struct ecr_operation *operations; /* sorted by name */
};

/* POSIX extended regular expressions, anchored at both ends, and how AWS spells them. */
struct ecr_pattern {
    const char *posix;
    const char *published;
};

extern const struct ecr_service ecr_services[];
extern const size_t ecr_service_count;
extern const struct ecr_pattern ecr_patterns[];
extern const size_t ecr_pattern_count;
/* Documents that are no operation's (manifests), written down in the overlay. */
struct ecr_document {
    const char *name;
    const struct ecr_shape *shape;
};
extern const struct ecr_document ecr_documents[];
extern const size_t ecr_document_count;
/* Shape of type ECR_T_ANY. */
extern const struct ecr_shape ecr_shape_any;

/* NULL when there is none. Lookups are in lookup.c, hand-written. */
const struct ecr_operation *ecr_model_operation(const char *service, const char *operation);
const struct ecr_shape *ecr_model_document(const char *name);
const struct ecr_member *ecr_model_member(const struct ecr_shape *shape, const char *wire,
                                          size_t len);
const struct ecr_member *ecr_model_named(const struct ecr_shape *shape, const char *name,
                                         size_t len);
