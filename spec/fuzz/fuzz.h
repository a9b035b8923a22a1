/* SPDX-License-Identifier: MIT */
/* What the fuzzing targets share. A target is one function that takes any bytes and aborts when a
 * promise is broken. `make fuzz` runs it under libFuzzer; `make test` runs it under replay.c over
 * spec/fuzz/corpus/<target>/, which needs no clang. What a run finds lies in
 * build/fuzz/found/<target>/ and joins the corpus with
 * `build/fuzz/decode -merge=1 spec/fuzz/corpus/decode build/fuzz/found/decode`. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
