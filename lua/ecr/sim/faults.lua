-- SPDX-License-Identifier: MIT
--- Misbehaviour on demand: operations that fail and answers that take their time.

local faults <const> = {}

local DEFAULT_LATENCY <const> = 0.02

local function applies(rule, operation)
  return rule.operation == nil or rule.operation == operation
end

--- How long an answer takes: the last rule that names the operation, else the last that names none.
---@param rules {operation?: string, seconds: number}[]
---@param operation string
---@return number seconds
function faults.latency(rules, operation)
  local general, own
  for _, rule in ipairs(rules) do
    if rule.operation == operation then own = rule.seconds end
    if rule.operation == nil then general = rule.seconds end
  end
  return own or general or DEFAULT_LATENCY
end

--- The fault that strikes this call, if one does. Rules count their own calls: the first `after`
--- pass, then `times` fail (all, when it is not given).
---@param rules table[]
---@param operation string
---@return table? rule
function faults.strike(rules, operation)
  for _, rule in ipairs(rules) do
    if applies(rule, operation) then
      rule.seen = (rule.seen or 0) + 1
      local number <const> = rule.seen - (rule.after or 0)
      if number >= 1 and number <= (rule.times or math.huge) then return rule end
    end
  end
end

return faults
