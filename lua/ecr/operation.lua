-- SPDX-License-Identifier: MIT
--- Operations by the names that people write: which service has it, and what it does, by the model.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

local SERVICES <const> = { "ecr", "ecr-public" }
local TITLES <const> = { ecr = "ECR", ["ecr-public"] = "ECR Public" }

---@class ecr.Operation
---@field service "ecr"|"ecr-public"
---@field name string
---@field class "read"|"write"
---@field repeatable boolean whether it may be made again when its outcome is not known

local operation <const> = {}

local function all_names()
  local names <const> = {}
  for _, each in ipairs(core.operations()) do names[each.name] = true end
  return names
end

--- What is wrong with a name that no service has, or not the one that was named.
local function refuse(text, service, name)
  local known <const> = all_names()
  local message = check.unknown("operation", name or text, known)
  if service and known[name] then
    message = ("%s has no operation %s, only %s has"):format(TITLES[service] or service, name,
      service == "ecr" and TITLES["ecr-public"] or TITLES.ecr)
  end
  return error_object.give{ kind = "input", code = "operation", message = message }
end

--- The operation of a name.
---@param text string "DescribeImages", or with the service as IAM writes it: "ecr-public:DescribeImages"
---@param public? boolean a name without a service is ECR Public's, never the private registry's
---@return ecr.Operation?
---@return ecr.Error? kind "input"
function operation.find(text, public)
  local service, name = text:match("^([%l-]+):(%u%w*)$")
  if not service and public then service, name = "ecr-public", text end
  for _, candidate in ipairs(service and { service } or SERVICES) do
    local class <const>, again <const> = core.operation(candidate, name or text)
    if class then
      return { service = candidate, name = name or text, class = class,
        repeatable = again == "safe" }
    end
  end
  return refuse(text, service, name)
end

local takes <const> = {} -- service:name -> boolean; what the model says does not change

--- Whether an operation's input has `registry_id`.
---@param of ecr.Operation
---@return boolean
function operation.takes_registry(of)
  local key <const> = of.service .. ":" .. of.name
  if takes[key] == nil then
    takes[key] = false
    for _, member in ipairs(core.model(of.service, of.name).input.members) do
      if member.name == "registry_id" then takes[key] = true end
    end
  end
  return takes[key]
end

return operation
