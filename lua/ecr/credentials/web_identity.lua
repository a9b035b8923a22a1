-- SPDX-License-Identifier: MIT
--- A role assumed with a token that somebody puts into a file, as Kubernetes does for a service
--- account, or that the caller has, sealed. The file is read for each renewal. Source: "Assume role
--- with web identity" in the AWS SDKs and Tools Reference Guide.

local caller <const> = require "ecr.credentials.caller"
local identity <const> = require "ecr.config.identity"
local profiles <const> = require "ecr.config.profiles"
local reading <const> = require "ecr.config.reading"
local sts <const> = require "ecr.credentials.sts"
local whose <const> = require "ecr.credentials.whose"

local LEAST <const>, MOST <const> = 4, 20000 -- characters of a token

local web_identity <const> = {}

local function read_token(title, path)
  local token <const>, err <const> = caller.read_secret(title, profiles.expand(path), MOST)
  if not token then return nil, err end
  if #token < LEAST then
    return caller.refuse("token", "%s: the token in %s is too short", title, path)
  end
  return token
end

local function token_of(title, role)
  local token <const> = role.web_identity_token
  if not token then return read_token(title, role.web_identity_token_file) end
  if #token < LEAST or #token > MOST then
    return caller.refuse("token", "%s: a token has %d to %d characters", title, LEAST, MOST)
  end
  return token
end

--- The source for a role and a token.
---@param of ecr.CredentialCaller
---@param title string for messages
---@param role ecr.RoleOptions with `web_identity_token_file` or `web_identity_token`
---@param features? string[]
---@return ecr.CredentialSource?
---@return ecr.Error?
function web_identity.of(of, title, role, features)
  local fine <const>, err <const> = identity.check_role(role)
  if not fine then return caller.misconfigured("%s: %s", title, err.message) end
  local source <const> = { title = title, features = features or { "k" },
    untold = role.web_identity_token ~= nil }
  function source.identity() return whose.of_web_identity(role) end
  function source.fetch()
    local token <const>, problem <const> = token_of(title, role)
    if not token then return nil, problem end
    return sts.assume_role_with_web_identity(of, title, role, token)
  end
  return source
end

local function of_profile(of, profile)
  local file <const> = profile and profile:get("web_identity_token_file")
  if not file then return nil, "no token file" end
  local title <const> = ("web identity of %s"):format(profile:place())
  if not profile:get("role_arn") then
    return caller.misconfigured("%s: there is no role_arn", title)
  end
  return web_identity.of(of, title, { role_arn = profile:get("role_arn"),
    role_session_name = profile:get("role_session_name"), web_identity_token_file = file },
    { "q", "k" })
end

--- Why a role alone does nothing.
local function lone_role()
  local role <const>, file <const> = reading.variable{ "AWS_ROLE_ARN" },
    reading.variable{ "AWS_WEB_IDENTITY_TOKEN_FILE" }
  if file then
    return "no token file; the environment's does not count: a profile was asked for by name"
  end
  if not role then return nil end
  return "AWS_ROLE_ARN is set without AWS_WEB_IDENTITY_TOKEN_FILE: ignored, as AWS's tools do; "
    .. "auth_assume_role without a role takes it from there"
end

--- What the environment says, or else the profile.
---@param of ecr.CredentialCaller
---@param profile? ecr.Profile
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function web_identity.open(of, profile)
  local file <const> = not of.named and reading.variable{ "AWS_WEB_IDENTITY_TOKEN_FILE" }
  if not file then
    local source <const>, why <const> = of_profile(of, profile)
    return source, why == "no token file" and lone_role() or why
  end
  local role <const> = reading.variable{ "AWS_ROLE_ARN" }
  if not role then
    return caller.misconfigured("AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not")
  end
  return web_identity.of(of, "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)", { role_arn = role,
    role_session_name = reading.variable{ "AWS_ROLE_SESSION_NAME" },
    web_identity_token_file = file }, { "h", "k" })
end

return web_identity
