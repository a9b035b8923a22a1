-- SPDX-License-Identifier: MIT
--- The two calls of AWS STS that give credentials. Source: `AssumeRole` and
--- `AssumeRoleWithWebIdentity` in the AWS STS API Reference.

local caller <const> = require "ecr.credentials.caller"
local core <const> = require "ecr.core"
local loop <const> = require "ecr.loop"

local VERSION <const> = "2011-06-15"
local NOWHERE <const> = "aws-global" -- where no region is known
local FORM <const> = { ["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8" }

local sts <const> = {}

local function encoded(value)
  return type(value) == "userdata" and value:percent()
    or core.secret(tostring(value)):percent()
end

--- The parameters, sealed: a token may be among them.
local function form(parameters)
  local names <const> = {}
  for name in pairs(parameters) do names[#names + 1] = name end
  table.sort(names)
  local parts <const> = { "Version=" .. VERSION }
  for _, name in ipairs(names) do
    parts[#parts + 1] = "&" .. name .. "="
    parts[#parts + 1] = encoded(parameters[name])
  end
  return core.join(parts)
end

local function call(of, parameters, creds)
  local address <const>, err <const> = of:address("sts", of.settings.region or NOWHERE)
  if not address then return nil, err end
  return of:send{ service = "sts", operation = parameters.Action, method = "POST",
    url = address.url, region = address.region, creds = creds, headers = FORM,
    body = form(parameters), hide = { parameters.WebIdentityToken or parameters.TokenCode },
    sink = "creds:sts" }
end

local function account_of(user)
  return user and user.arn and user.arn:match("^arn:[^:]*:[^:]*:[^:]*:(%d+):")
end

--- All four members of the credentials are required; without an end they would never be renewed.
local function read_answer(title, answer, source)
  local keys <const> = answer.credentials or {}
  if keys.access_key_id and not keys.expiration then
    return caller.refuse("incomplete", "%s: the answer lacks the expiration", title)
  end
  return caller.temporary_credentials(title, { id = keys.access_key_id,
    key = keys.secret_access_key, token = keys.session_token, expires = keys.expiration,
    account = account_of(answer.assumed_role_user), source = source })
end

--- A session's name where none was given.
local function session_name()
  return ("ecrlua-%d"):format(loop.wall() // 1 | 0)
end

--- Assumes a role with the credentials of another source.
---@param of ecr.CredentialCaller
---@param title string for messages
---@param role ecr.RoleOptions
---@param creds userdata who assumes it
---@param code? userdata the MFA device's, sealed
---@return userdata? creds
---@return ecr.Error?
function sts.assume_role(of, title, role, creds, code)
  local event <const>, err <const> = call(of, { Action = "AssumeRole", RoleArn = role.role_arn,
    RoleSessionName = role.role_session_name or session_name(), ExternalId = role.external_id,
    DurationSeconds = role.duration_seconds, SerialNumber = role.mfa_serial, TokenCode = code },
    creds)
  if not event then return caller.wrap(title, err) end
  return read_answer(title, event.value, "assume-role")
end

--- Assumes a role with a token; nothing is signed.
---@param of ecr.CredentialCaller
---@param title string for messages
---@param role ecr.RoleOptions
---@param token userdata sealed
---@return userdata? creds
---@return ecr.Error?
function sts.assume_role_with_web_identity(of, title, role, token)
  local event <const>, err <const> = call(of, { Action = "AssumeRoleWithWebIdentity",
    RoleArn = role.role_arn, RoleSessionName = role.role_session_name or session_name(),
    DurationSeconds = role.duration_seconds, WebIdentityToken = token })
  if not event then return caller.wrap(title, err) end
  return read_answer(title, event.value, "web-identity")
end

return sts
