/* SPDX-License-Identifier: MIT */
/* The model's constraints, applied to what a caller wants to send. A violation is ECR_INPUT; the
 * message is what must be ("must match ..."), without the place, which the caller puts in front. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "model.h"

/* Holds the compiled patterns, each compiled when first needed. */
struct ecr_checker;

struct ecr_checker *ecr_checker_new(void);
void ecr_checker_free(struct ecr_checker *checker);

/* Length in characters, pattern (of the whole text), enum. */
enum ecr_status ecr_check_text(struct ecr_checker *checker, const struct ecr_shape *shape,
                               const char *text, size_t len, struct ecr_error *error);
/* Items of a list or map, bytes of a blob. */
enum ecr_status ecr_check_count(const struct ecr_shape *shape, size_t count,
                                struct ecr_error *error);
enum ecr_status ecr_check_integer(const struct ecr_shape *shape, int64_t value,
                                  struct ecr_error *error);
