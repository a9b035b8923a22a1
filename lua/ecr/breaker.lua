-- SPDX-License-Identifier: MIT
--- When to stop asking a service that only fails, and when to ask again: closed, open, and half-open
--- with one probe at a time. Pure: a function of the state and the time. Only failures of the
--- service and the network count; throttling, a refusal or "not found" is an answer.

local FAILURES <const> = 10        -- in a row, and
local SECONDS <const> = 5          -- for so long, is what opens it
local COOL_DOWN <const> = 5        -- seconds until the first probe; doubled after each that fails
local MOST_COOL_DOWN <const> = 60  -- so that it closes within two minutes of the service's return

local breaker <const> = {}

---@class ecr.Breaker of one service in one region
---@field failures integer in a row
---@field first_at? number when the first of them came
---@field opened_at? number nil = closed
---@field cool_down number seconds
---@field probing boolean
---@field last? string what the last failure said

---@alias ecr.BreakerAdmission "closed"|"probe"
---@alias ecr.BreakerOutcome
---| "answered" # whatever the answer was
---| "failed"   # no answer, or the service's own failure
---| "unknown"  # it was broken off

--- A closed breaker.
---@return ecr.Breaker
function breaker.new()
  return { failures = 0, cool_down = COOL_DOWN, probing = false }
end

--- Whether an attempt may be made now; whoever is let in must `record` what came of it.
---@param state ecr.Breaker
---@param now number seconds
---@return ecr.BreakerAdmission? nil when it is open
---@return number? seconds until the next probe is due, when it is open
function breaker.admit(state, now)
  if not state.opened_at then return "closed" end
  local left <const> = state.opened_at + state.cool_down - now
  if left > 0 or state.probing then return nil, math.max(0, left) end
  state.probing = true
  return "probe"
end

local function close(state)
  state.failures, state.first_at, state.opened_at = 0, nil, nil
  state.cool_down, state.probing = COOL_DOWN, false
end

local function fail_probe(state, now)
  state.opened_at, state.probing = now, false
  state.cool_down = math.min(state.cool_down * 2, MOST_COOL_DOWN)
end

local function count_failure(state, now)
  state.failures = state.failures + 1
  state.first_at = state.first_at or now
  if state.failures >= FAILURES and now - state.first_at >= SECONDS then
    state.opened_at = state.opened_at or now
  end
end

--- Says what came of an attempt.
---@param state ecr.Breaker
---@param admission ecr.BreakerAdmission
---@param outcome ecr.BreakerOutcome
---@param now number seconds
function breaker.record(state, admission, outcome, now)
  if outcome == "answered" then
    close(state)
  elseif outcome == "unknown" then
    if admission == "probe" then state.probing = false end
  elseif admission == "probe" then
    fail_probe(state, now)
  else
    count_failure(state, now)
  end
end

return breaker
