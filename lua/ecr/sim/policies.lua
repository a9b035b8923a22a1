-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about a repository's two policies: the lifecycle policy, which
--- is kept and never carried out, and the access policy, which is kept and never asked. Handlers as in
--- `ecr.sim.operations`. Source: the operation of the same name in the Amazon ECR API Reference.

local core <const> = require "ecr.core"
local lookup <const> = require "ecr.sim.lookup"
local refusal <const> = require "ecr.sim.refusal"

local MOST_RULES <const> = 50 -- of a lifecycle policy

--- Where a policy is kept, what answers call it, and who says that there is none.
local LIFECYCLE <const> = { field = "lifecycle_policy", member = "lifecycle_policy_text",
  missing = refusal.no_lifecycle_policy }
local ACCESS <const> = { field = "policy", member = "policy_text", missing = refusal.no_policy }

local handlers <const> = {}

local function answer(scope, repository, kind, text)
  return { registry_id = scope.account, repository_name = repository.name, [kind.member] = text }
end

local function get(kind)
  return function(state, scope, input)
    local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
    if not repository then return nil, fault end
    local text <const> = repository[kind.field]
    if not text then return kind.missing(scope, repository.name) end
    return answer(scope, repository, kind, text)
  end
end

local function delete(kind)
  local read <const> = get(kind)
  return function(state, scope, input)
    local output <const>, fault <const> = read(state, scope, input)
    if not output then return nil, fault end
    lookup.repository(state, scope, input.repository_name)[kind.field] = nil
    return output
  end
end

--- `check(text, input)` gives true, or nil and the fault.
local function put(kind, check)
  return function(state, scope, input)
    local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
    if not repository then return nil, fault end
    local text <const> = input[kind.member]
    local ok <const>, problem <const> = check(text, input)
    if not ok then return nil, problem end
    repository[kind.field] = text
    return answer(scope, repository, kind, text)
  end
end

--- A document that is an object; what is wrong with it otherwise.
local function object_of(text)
  local document <const>, failure <const> = core.decode("any", text)
  if type(document) == "table" and #document == 0 then return document end
  return nil, failure and failure.message or "it is no JSON object"
end

local function check_lifecycle(text)
  local document <const>, problem <const> = object_of(text)
  if not document then return refusal.lifecycle_invalid(problem) end
  local rules <const> = document.rules
  if type(rules) ~= "table" or #rules == 0 then return refusal.lifecycle_invalid("no rules") end
  if #rules > MOST_RULES then
    return refusal.lifecycle_invalid(("%d rules, %d are allowed"):format(#rules, MOST_RULES))
  end
  return true
end

local function as_list(value)
  if type(value) == "table" and (#value > 0 or next(value) == nil) then return value end
  return { value }
end

local function names_any(value, wanted)
  for _, word in ipairs(as_list(value)) do
    if wanted[word] then return true end
  end
  return false
end

local SETS_POLICY <const> = { ["*"] = true, ["ecr:*"] = true, ["ecr:SetRepositoryPolicy"] = true }
local EVERYBODY <const> = { ["*"] = true }

--- Whether a statement takes from everybody what could change the policy back.
local function locks_out(statement)
  if type(statement) ~= "table" then return false end
  local principal <const> = statement.Principal
  local whom <const> = type(principal) == "table" and principal.AWS or principal
  return statement.Effect == "Deny" and statement.Condition == nil
    and names_any(whom, EVERYBODY) and names_any(statement.Action, SETS_POLICY)
end

local function check_access(text, input)
  local document <const> = object_of(text)
  if not document or not document.Statement then return refusal.policy_invalid() end
  for _, statement in ipairs(as_list(document.Statement)) do
    if not input.force and locks_out(statement) then return refusal.policy_locks_out() end
  end
  return true
end

handlers.GetLifecyclePolicy = get(LIFECYCLE)
handlers.PutLifecyclePolicy = put(LIFECYCLE, check_lifecycle)
handlers.DeleteLifecyclePolicy = delete(LIFECYCLE)
handlers.GetRepositoryPolicy = get(ACCESS)
handlers.SetRepositoryPolicy = put(ACCESS, check_access)
handlers.DeleteRepositoryPolicy = delete(ACCESS)

return handlers
