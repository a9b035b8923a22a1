-- SPDX-License-Identifier: MIT
--- Thresholds: how many findings of a severity are allowed. Pure.

local check <const> = require "ecr.check"
local severities <const> = require "ecr.types.severity"

---@alias ecr.Thresholds table<string, integer> most findings allowed, by severity; absent = unlimited

local policy <const> = {}

--- What applies when nobody says otherwise. UNDEFINED and UNTRIAGED mean that the source gave no
--- priority, which is not the same as harmless.
policy.DEFAULT = { CRITICAL = 0, UNDEFINED = 0, UNTRIAGED = 0 }

--- The severity and the limit of one given threshold, or nil and what is wrong. A word that nobody
--- knows would guard against nothing.
local function read_threshold(name, limit)
  local severity <const> = type(name) == "string" and name:upper() or name
  if not severities.KNOWN[severity] then
    return nil, check.unknown("severity", severity, severities.KNOWN)
  end
  if math.type(limit) ~= "integer" or limit < 0 then
    return nil, ("%s: a threshold is a whole number from 0 on, not %s"):format(severity,
      tostring(limit))
  end
  return severity, limit
end

--- The thresholds that apply: the default with what was given on top. `UNTRIAGED` follows
--- `UNDEFINED` unless it is given itself: both say "no priority".
---@param given? ecr.Thresholds severities in any case
---@return ecr.Thresholds?
---@return string? problem
function policy.thresholds(given)
  local made <const>, own <const> = {}, {}
  for severity, limit in pairs(policy.DEFAULT) do made[severity] = limit end
  for name, value in pairs(given or {}) do
    local severity <const>, limit <const> = read_threshold(name, value)
    if not severity then return nil, limit end
    made[severity], own[severity] = limit, true
  end
  if own.UNDEFINED and not own.UNTRIAGED then made.UNTRIAGED = made.UNDEFINED end
  return made
end

--- What a threshold says of a severity. One that nobody knows is held to the strictest rule there
--- is: a new word of the service must not slip through.
local function limit_of(thresholds, severity)
  if severities.is_known(severity) then return thresholds[severity] end
  return thresholds[severity] or 0
end

--- The severities of which there are more than allowed, the worst first.
---@param counts table<string, integer>
---@param thresholds ecr.Thresholds
---@return {severity: string, count: integer, limit: integer}[]
function policy.violations(counts, thresholds)
  local found <const> = {}
  for _, severity in ipairs(severities.sorted(counts)) do
    local count <const>, limit <const> = counts[severity], limit_of(thresholds, severity)
    if limit and count > limit then
      found[#found + 1] = { severity = severity, count = count, limit = limit }
    end
  end
  return found
end

return policy
