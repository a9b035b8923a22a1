-- SPDX-License-Identifier: MIT
--- What a gate may be told, checked: a mistyped option must not be a gate without it.

local check <const> = require "ecr.check"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local policy <const> = require "ecr.gate.policy"

---@class ecr.GateOptions
---@field thresholds? ecr.Thresholds see `ecr.gate.policy`
---@field timeout? number seconds until the answer must be there (300); 0 = ask once, start nothing
---@field poll? number seconds between two readings (5)
---@field settle? number seconds an enhanced result must stay the same (30)
---@field grace? number seconds during which "no scan" may still become one (120)
---@field max_scan_age? number seconds that a basic scan's result may be old (86400); math.huge = any
---@field start? boolean whether to start a basic scan where there is none or an old one (true)
---@field on_poll? fun(target: ecr.GateTarget, status: string, waited: number, pause: number)
---@field interrupt? ecr.Interrupt what breaks the waiting off

local DEFAULTS <const> = { timeout = 300, poll = 5, settle = 30, grace = 120,
  max_scan_age = 86400 } -- seconds
local TYPES <const> = { thresholds = "table", on_poll = "function", interrupt = "table",
  start = "boolean", timeout = "number", poll = "number", settle = "number", grace = "number",
  max_scan_age = "number" }
local MAY_BE_ENDLESS <const> = { max_scan_age = true }
local SHORTEST_POLL <const> = 0.1 -- seconds

local options <const> = {}

local function refuse(message)
  return error_object.give{ kind = "input", code = "gate_option", message = message }
end

local function check_one(key, value)
  local expected <const> = TYPES[key]
  if not expected then return refuse(check.unknown("option", key, TYPES)) end
  if type(value) ~= expected then
    return refuse(("%s must be a %s, not a %s"):format(key, expected, type(value)))
  end
  if expected ~= "number" then return true end
  if value >= 0 and (value < math.huge or MAY_BE_ENDLESS[key]) then return true end
  return refuse(("%s must be a number of seconds"):format(key))
end

--- Checks what was given; fills in the thresholds that apply.
---@param given ecr.GateOptions
---@return ecr.Thresholds?
---@return ecr.Error? kind "input"
function options.check(given)
  for key, value in pairs(given) do
    local ok <const>, err <const> = check_one(key, value)
    if not ok then return nil, err end
  end
  local thresholds <const>, problem <const> = policy.thresholds(given.thresholds)
  if not thresholds then return refuse(problem) end
  return thresholds
end

--- The options that apply from now on. A timeout of nothing means: ask once and do not wait; the
--- calls then have the time that one attempt has.
---@param given ecr.GateOptions checked
---@param call_timeout number seconds
---@return ecr.WatchOptions
function options.settle(given, call_timeout)
  local now <const>, wall <const> = loop.now()
  local made <const> = { on_poll = given.on_poll, interrupt = given.interrupt }
  for key, value in pairs(DEFAULTS) do made[key] = given[key] or value end
  made.poll = math.max(made.poll, SHORTEST_POLL)
  made.deadline = now + made.timeout
  made.fresh_from = wall - made.max_scan_age
  made.start = given.start ~= false and made.timeout > 0
  made.calls = { deadline = made.timeout > 0 and made.deadline or now + call_timeout }
  return made
end

return options
