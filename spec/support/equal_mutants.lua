-- SPDX-License-Identifier: MIT
-- Changes that make no difference, for spec/mutate.lua: file, a piece of the line, "from to", why.
return {
  { "lua/ecr/gate/verdict.lua", "if of_a ~= of_b then return of_a < of_b end", "< <=",
    "they are not equal here" },
}
