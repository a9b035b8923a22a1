-- SPDX-License-Identifier: MIT
-- Several images gated at the same time; the exit code is the worst answer.
local ecr <const> = require "ecr"

local client = assert(ecr.client{})
local names = { "app:v1", "app:v2", "app:multi" }
local gates = {}
for i, name in ipairs(names) do
  gates[i] = function()
    return ecr.gate(client, name, { thresholds = { CRITICAL = 0, HIGH = 5 } })
  end
end

local worst = 0
local verdicts, errors = ecr.all(gates)
for i, name in ipairs(names) do
  local verdict = verdicts[i]
  print(name, verdict and verdict.verdict or errors[i])
  worst = math.max(worst, verdict and verdict.exit_code or 3)
end
return worst
