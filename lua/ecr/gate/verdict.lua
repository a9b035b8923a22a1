-- SPDX-License-Identifier: MIT
--- The verdict on an image: one for each image behind the name, and the one that holds for all.
--- Pure.

local finding <const> = require "ecr.types.finding"
local policy <const> = require "ecr.gate.policy"
local severities <const> = require "ecr.types.severity"
local state <const> = require "ecr.gate.state"

---@alias ecr.GateAnswer "pass"|"fail"|"inconclusive"|"error"

---@class ecr.TargetVerdict
---@field digest string
---@field platform? string
---@field verdict ecr.GateAnswer
---@field status? string of the scan
---@field kind? "basic"|"enhanced"
---@field started? boolean whether the gate started the scan
---@field completed_at? number
---@field counts? table<string, integer> findings that count, by severity
---@field findings? ecr.Finding[] all of them, the worst first
---@field violations? {severity: string, count: integer, limit: integer}[]
---@field reason? string why there is no pass
---@field advice? string
---@field error? ecr.Error
---@field warnings string[]

local verdict <const> = {}

--- Exit codes of the gate.
verdict.EXIT = { pass = 0, fail = 1, inconclusive = 2, error = 3 }

local RANK <const> = {}
for rank, severity in ipairs(severities.ALL) do RANK[severity] = rank end

--- What findings are ordered by, the first difference decides: the worst severity, the highest score,
--- then names, so that the order is the same every time.
local ORDER <const> = {
  function(one) return RANK[one.severity] or 0 end,
  function(one) return -(one.score or 0) end,
  function(one) return one.id end,
  function(one) return one.package or "" end,
  function(one) return one.version or "" end,
}

local function worse(a, b)
  for _, key in ipairs(ORDER) do
    local of_a <const>, of_b <const> = key(a), key(b)
    if of_a ~= of_b then return of_a < of_b end
  end
  return false
end

local function why(violations)
  local parts <const> = {}
  for i, one in ipairs(violations) do
    parts[i] = ("%d %s (allowed: %d)"):format(one.count, one.severity, one.limit)
  end
  return table.concat(parts, ", ")
end

--- A basic scan has no finding that is suppressed: what it counts and does not list is not read yet.
local function is_short(made, result, thresholds)
  if made.kind ~= "basic" or made.verdict ~= "pass" then return false end
  local more <const> = policy.violations(result.counts or {}, thresholds)
  if #more == 0 then return false end
  made.reason = "the service counts what it does not list: " .. why(more)
  made.advice = "run the gate again, or look at the scan in the console"
  return true
end

local function of_result(made, result, thresholds)
  made.status, made.kind, made.completed_at = result.status, result.kind or "basic",
    result.completed_at
  made.findings = table.move(result.findings, 1, #result.findings, 1, {})
  table.sort(made.findings, worse)
  made.counts = finding.count(result.findings)
  made.violations = policy.violations(made.counts, thresholds)
  made.warnings = state.differences(made.counts, result.counts)
  made.verdict = #made.violations == 0 and "pass" or "fail"
  if made.verdict == "fail" then made.reason = why(made.violations) end
  if is_short(made, result, thresholds) then made.verdict = "inconclusive" end
  return made
end

--- The verdict on one image from what was read of it.
---@param target ecr.GateTarget
---@param reading ecr.Reading
---@param thresholds ecr.Thresholds
---@return ecr.TargetVerdict
function verdict.of_target(target, reading, thresholds)
  local made <const> = { digest = target.digest, platform = target.platform, warnings = {},
    status = reading.status, started = reading.started }
  if reading.outcome == "result" then return of_result(made, reading.result, thresholds) end
  made.verdict = reading.outcome == "error" and "error" or "inconclusive"
  made.reason = reading.reason or tostring(reading.error)
  made.advice, made.error = reading.advice, reading.error
  return made
end

--- The verdict for all: a failure is a failure whatever is not known of the others; otherwise
--- nothing passes before everything is known.
---@param targets ecr.TargetVerdict[]
---@return ecr.GateAnswer
function verdict.of_all(targets)
  if #targets == 0 then return "inconclusive" end
  local seen <const> = {}
  for _, target in ipairs(targets) do seen[target.verdict] = true end
  for _, answer in ipairs{ "fail", "error", "inconclusive" } do
    if seen[answer] then return answer end
  end
  return "pass"
end

--- The findings' counts of all images together.
---@param targets ecr.TargetVerdict[]
---@return table<string, integer>
function verdict.total(targets)
  local total <const> = {}
  for _, target in ipairs(targets) do
    for severity, count in pairs(target.counts or {}) do
      total[severity] = (total[severity] or 0) + count
    end
  end
  return total
end

return verdict
