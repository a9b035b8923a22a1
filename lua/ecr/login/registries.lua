-- SPDX-License-Identifier: MIT
--- The registries that somebody wants to log in to, with credentials for each: those that are named, and
--- an identity's own. Docker keeps credentials by the exact host, so each form of a host is one of its own.

local deadline <const> = require "ecr.deadline"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local server_url <const> = require "ecr.server_url"

local LONGEST_ROLE <const> = 2048 -- characters

---@class ecr.LoginRow
---@field registry? string host; nil when it could not be found out
---@field region? string
---@field role? string as whom
---@field creds? ecr.DockerCredentials
---@field helped? boolean our credential helper is asked for it, so that nothing need be done
---@field found? boolean there was a login to take out
---@field error? ecr.Error

---@class ecr.LoginRequest
---@field forms string[] keys of `FORMS`: of an own registry's host instead of the plain one, of a named
---one's besides that itself
---@field registry_id? string the account of own registries, when it is not the caller's
---@field min_remaining? number seconds that credentials must still live
---@field timeout number seconds until there must be some
---@field hosts_only? boolean no credentials where the hosts are known without

local registries <const> = {}

--- The forms of a registry's host, by the name that a user has for them.
registries.FORMS = {
  plain = {}, fips = { fips = true }, dualstack = { dualstack = true },
  fips_dualstack = { fips = true, dualstack = true },
}

--- A registry out of its host or a reference with one.
---@param text string
---@return {host: string, account?: string, region?: string, public?: boolean}?
---@return ecr.Error? kind "input"
function registries.parse(text)
  local parsed <const>, err <const> = server_url.registry(text)
  if parsed or err then return parsed, err end
  return error_object.give{ kind = "input", code = "registry",
    message = ("%q is no ECR registry, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com")
      :format(text) }
end

--- A role's name. Source: "IAM ARNs" in the IAM User Guide.
---@param text string
---@return string?
---@return ecr.Error? kind "input"
function registries.role(text)
  if text:find("^arn:[%w-]+:iam::%d+:role/[%w_+=,.@/-]+$") and #text <= LONGEST_ROLE then
    return text
  end
  return error_object.give{ kind = "input", code = "role_arn",
    message = ("%q is no role's ARN, such as arn:aws:iam::123456789012:role/pull"):format(text) }
end

--- Credentials, or why there are none in time.
local function credentials(client, request, registry, least)
  return deadline.with(request.timeout, function()
    return client.auth:get_creds{ registry = registry, min_remaining = least }
  end)
end

--- The host of a registry in a form.
local function host_in_form(registry, form)
  local options <const> = registries.FORMS[form]
  if not registry.public then
    return endpoint.registry_host(registry.account, registry.region, options)
  end
  if not options.fips then return endpoint.public_host(options) end
  return error_object.give{ kind = "config", code = "registry_host",
    message = "ECR Public has no FIPS hosts" }
end

--- A row for a host of a registry, with credentials if they are needed.
local function row_of(client, registry, host, request)
  local row <const> = { registry = host, region = registry.region }
  if not request.hosts_only then
    row.creds, row.error = credentials(client, request, host, request.min_remaining)
  end
  return row
end

--- Rows for the forms of a registry, after those that are there.
local function add_forms(rows, client, registry, request)
  for _, form in ipairs(request.forms) do
    local host <const>, err <const> = host_in_form(registry, form)
    if not host then
      table.insert(rows, { registry = registry.host, region = registry.region, error = err })
    elseif host ~= registry.host then
      table.insert(rows, row_of(client, registry, host, request))
    end
  end
  return rows
end

--- Rows of registries that are named, all asked at the same time.
---@param client ecr.Client
---@param named table[] of `registries.parse`
---@param request ecr.LoginRequest
---@return ecr.LoginRow[]
function registries.named(client, named, request)
  local calls <const>, rows <const> = {}, {}
  for i, registry in ipairs(named) do
    calls[i] = function()
      return add_forms({ row_of(client, registry, registry.host, request) }, client, registry,
        request)
    end
  end
  for _, some in ipairs((loop.all(calls))) do table.move(some, 1, #some, #rows + 1, rows) end
  return rows
end

--- Rows of an account's registry in the client's region.
local function account_rows(client, account, request)
  local forms <const> = #request.forms > 0 and request.forms or { "plain" }
  return add_forms({}, client, { account = account, region = client.config.region },
    { forms = forms, hosts_only = request.hosts_only, min_remaining = request.min_remaining,
      timeout = request.timeout })
end

--- Rows of the identity's own registry there, which its token names.
local function own_rows(client, request)
  local least <const> = not request.hosts_only and request.min_remaining or nil
  local creds <const>, err <const> = credentials(client, request, nil, least)
  if not creds then return { { error = err } } end
  if #request.forms == 0 then
    return { { registry = creds.registry, creds = not request.hosts_only and creds or nil } }
  end
  local parsed <const>, problem <const> = registries.parse(creds.registry)
  if not parsed then return { { registry = creds.registry, error = problem } } end
  return account_rows(client, parsed.account, request)
end

--- Rows of the own registries at each of these places, or of the account that is asked for, all asked at
--- the same time.
---@param places ecr.Pool
---@param request ecr.LoginRequest
---@return ecr.LoginRow[]
function registries.own(places, request)
  local rows <const> = {}
  local answers <const> = places:map(function(client)
    if request.registry_id then return account_rows(client, request.registry_id, request) end
    return own_rows(client, request)
  end)
  for _, answer in ipairs(answers) do
    for _, row in ipairs(answer.value) do
      row.region, row.role = answer.region, answer.account
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- The rows with each host once. What would undo another identity's login is refused.
---@param rows ecr.LoginRow[]
---@return ecr.LoginRow[]
function registries.merge(rows)
  local merged <const>, first <const> = {}, {}
  for _, row in ipairs(rows) do
    local host <const> = not row.error and row.registry
    local other <const> = host and first[host]
    if other and other.role ~= row.role then
      row.creds, row.error = nil, error_object.new{ kind = "conflict", code = "twice",
        message = "another identity logs in to this host, and there is one login for each" }
    end
    if host then first[host] = other or row end
    if not other or row.error then merged[#merged + 1] = row end
  end
  return merged
end

return registries
