/* SPDX-License-Identifier: MIT */
/* Names as the registries take them: repositories and tags. Rules: the patterns of the two service
 * models; the tag rule of the registry project. A violation is ECR_INPUT and says which rule and
 * where. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* A private repository's name, or one of ECR Public, whose rules are narrower. */
enum ecr_status ecr_name_repository(const char *text, size_t len, bool public,
                                    struct ecr_error *error);
/* A tag to write; the service may hold others. */
enum ecr_status ecr_name_tag(const char *text, size_t len, struct ecr_error *error);
