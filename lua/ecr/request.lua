-- SPDX-License-Identifier: MIT
--- A request for an operation: its body by the model, its address by the settings.

local core <const> = require "ecr.core"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local operations <const> = require "ecr.operation"

local PUBLIC_REGION <const> = "us-east-1" -- where ECR Public answers, whatever the client's region

local request <const> = {}

local function no_region(operation)
  return error_object.give{ kind = "config", code = "no_region", operation = operation.name,
    message = "no region: give `region` to ecr.client, --region, or set AWS_REGION" }
end

local function address_options(settings, operation)
  local setting <const> = operation.service == "ecr-public" and "public_endpoint_url"
    or "endpoint_url"
  return { fips = settings.use_fips, dualstack = settings.use_dualstack,
    endpoint = settings[setting], origin = settings.origin[setting] }
end

--- Where an operation is asked, and what for it is signed.
---@param settings ecr.Config
---@param operation ecr.Operation
---@return ecr.Endpoint?
---@return ecr.Error? kind "config"
function request.address(settings, operation)
  local public <const> = operation.service == "ecr-public"
  local region <const> = public and PUBLIC_REGION or settings.region
  if not region then return no_region(operation) end
  return endpoint.resolve(operation.service, region, address_options(settings, operation))
end

--- A name that does not resolve may be none that AWS has: a region of which we made the name is easily
--- mistyped.
---@param settings ecr.Config
---@param operation ecr.Operation
---@param made table the request
---@param err ecr.Error
---@return ecr.Error err the same, with what may help
function request.explain(settings, operation, made, err)
  if err.code ~= "dns" or err.operation ~= operation.name then return err end -- else a source's
  local hint <const> = endpoint.hint(operation.service, made.region,
    address_options(settings, operation))
  if hint then err.message = err.message .. "; " .. hint end
  return err
end

--- `registry_id` of the configuration goes with every call that takes one and was given none.
local function with_registry(settings, operation, input)
  local id <const> = settings.registry_id
  if not id or input.registry_id or not operations.takes_registry(operation) then return input end
  local copy <const> = { registry_id = id }
  for key, value in pairs(input) do copy[key] = value end
  return copy
end

local function bad_input(operation, failure)
  return error_object.give{ kind = failure.kind, code = failure.code, operation = operation.name,
    message = failure.message }
end

--- The request of an operation, its input checked against AWS's model.
---@param settings ecr.Config
---@param operation ecr.Operation
---@param input any
---@return table? request see DESIGN, the seam
---@return ecr.Error? kind "input" or "config"
function request.build(settings, operation, input)
  if type(input) == "table" then input = with_registry(settings, operation, input) end
  local body <const>, failure <const> = core.encode(operation.service, operation.name, input)
  if not body then return bad_input(operation, failure) end
  local place <const>, err <const> = request.address(settings, operation)
  if not place then return nil, err end
  return {
    kind = "aws", service = operation.service, operation = operation.name, class = operation.class,
    repeatable = operation.repeatable, region = place.region, input = input, body = body,
    url = place.url, sink = "shape:" .. operation.name,
  }
end

return request
