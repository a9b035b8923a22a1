-- SPDX-License-Identifier: MIT
--- What goes wrong on purpose, and how long answers take. The rules are asked in their order; one
--- that strikes hides the call from those after it, so that several for one operation happen one
--- after the other.

local LATENCY <const> = 0.02 -- seconds, where no rule says otherwise

--- What libcurl's failures are called at the seam.
local FAILURE_CODES <const> = { network = "connect", timeout = "timeout", protocol = "body" }

---@class ecr.sim.FaultRule
---@field operation? string any when absent
---@field region? string any when absent
---@field code? string the error that is answered
---@field status? integer 400; 500 for ServerException
---@field message? string
---@field times? integer how often it strikes; for ever when absent
---@field after? integer how many calls it lets through first
---@field failure? {kind: string, code?: string, message?: string} no answer at all, instead of a code

---@class ecr.sim.Faults
---@field rules ecr.sim.FaultRule[]
---@field latencies {operation?: string, seconds: number}[]
---@field seen table<ecr.sim.FaultRule, integer> calls that reached the rule
local faults_methods <const> = {}
local faults_mt <const> = { __name = "ecr.sim.faults", __index = faults_methods }

local function is_for(rule, operation, region)
  return (rule.operation == nil or rule.operation == operation)
    and (rule.region == nil or rule.region == region)
end

local function strikes(rule, count)
  local after <const> = rule.after or 0
  return count > after and count <= after + (rule.times or math.huge)
end

local function as_failure(failure)
  return { failure = { kind = failure.kind, code = failure.code or FAILURE_CODES[failure.kind],
    message = failure.message or "the scenario wants no answer here" } }
end

local function as_fault(rule)
  return {
    status = rule.status or (rule.code == "ServerException" and 500 or 400),
    fault = { code = rule.code, message = rule.message or "the scenario wants this error here",
      members = {} },
  }
end

--- What is answered to this call instead of the truth: a part of an event; nil to answer truly.
---@param operation string
---@param region? string
---@return {status?: integer, fault?: table, failure?: table}?
function faults_methods:strike(operation, region)
  for _, rule in ipairs(self.rules) do
    if is_for(rule, operation, region) then
      self.seen[rule] = (self.seen[rule] or 0) + 1
      if strikes(rule, self.seen[rule]) then
        return rule.failure and as_failure(rule.failure) or as_fault(rule)
      end
    end
  end
end

--- How long the answer takes: by the last rule for the operation, else the last one for all.
---@param operation string
---@return number seconds
function faults_methods:latency(operation)
  local general, own
  for _, rule in ipairs(self.latencies) do
    if rule.operation == nil then
      general = rule.seconds
    elseif rule.operation == operation then
      own = rule.seconds
    end
  end
  return own or general or LATENCY
end

local faults <const> = {}

--- The kinds of failure there can be.
faults.FAILURES = FAILURE_CODES

--- Faults by their rules.
---@param rules? ecr.sim.FaultRule[]
---@param latencies? {operation?: string, seconds: number}[]
---@return ecr.sim.Faults
function faults.new(rules, latencies)
  return setmetatable({ rules = rules or {}, latencies = latencies or {}, seen = {} }, faults_mt)
end

return faults
