/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <stdlib.h>

#include "unit.h"

/* Parses a copy that ends where the text ends, with no NUL behind it. */
static enum ecr_status parse(const char *text, struct ecr_reference *reference)
{
    struct ecr_error error;
    size_t len = strlen(text);
    char *copy = malloc(len);
    if (!copy)
        return ECR_NOMEM;
    memcpy(copy, text, len);
    enum ecr_status status = ecr_reference_parse(copy, len, reference, &error);
    free(copy);
    return status;
}

TEST(reads_no_byte_behind_the_text)
{
    struct ecr_reference reference;
    CHECK(parse("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", &reference) ==
          ECR_INPUT);
    CHECK(parse("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", &reference) ==
          ECR_OK);
    CHECK(parse("public.ecr.aws/x/y", &reference) == ECR_OK && reference.public);
}

int main(void)
{
    RUN("reads no byte behind the text, which need not end with a NUL",
        reads_no_byte_behind_the_text);
    return unit_end();
}
