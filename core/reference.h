/* SPDX-License-Identifier: MIT */
/* Image references, "[host/]repository[:tag][@digest]", as people write them for ECR. Grammar: the
 * reference grammar of the registry project; registry hosts: "Amazon ECR endpoints and quotas". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct ecr_reference {
    char host[256]; /* lower case, with its port, but not AWS's with :443; "" = none was written */
    char account[13]; /* of a private ECR registry; "" for any other host */
    char region[64];  /* likewise: a label of the host's, which need not be a region that exists */
    bool fips, dual_stack;
    bool public; /* ECR Public's registry */
    char repository[257];
    char tag[129];    /* "" = none */
    char digest[144]; /* "" = none; strict for sha256 and sha512 */
};

/* ECR_INPUT saying which rule is broken. Linear in the length, no allocation. */
enum ecr_status ecr_reference_parse(const char *text, size_t len, struct ecr_reference *reference,
                                    struct ecr_error *error);
