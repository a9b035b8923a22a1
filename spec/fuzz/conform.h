/* SPDX-License-Identifier: MIT */
/* Whether a tape is what decode.h promises for a shape. Aborts where it is not. */
#pragma once

#include "model.h"
#include "tape.h"

void conform_check(const struct ecr_tape *tape, const struct ecr_shape *shape);
