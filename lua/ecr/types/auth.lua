-- SPDX-License-Identifier: MIT
--- Authorization tokens and what container tools make of them. Tokens and passwords stay sealed.
--- Source: AuthorizationData in the Amazon ECR API Reference; "Private registry authentication" in
--- the Amazon ECR User Guide.

local error_object <const> = require "ecr.error"
local time_text <const> = require "ecr.time_text"

local HELPFUL_WORDS <const> = { "docker", "login", "--username", "AWS", "--password-stdin" }

---@class ecr.AuthorizationData
---@field authorization_token userdata sealed base64 of "AWS:<password>"
---@field expires_at number seconds since the epoch
---@field obtained_at? number seconds since the epoch
---@field proxy_endpoint? string "https://<account>.dkr.ecr.<region>.<suffix>"; ECR Public gives none
local authorization_methods <const> = {}
local authorization_mt <const> = { __name = "ecr.authorization_data",
  __index = authorization_methods }

function authorization_mt.__tostring(self)
  return ("token for %s until %s"):format(self.proxy_endpoint or "ECR Public",
    time_text(self.expires_at))
end

--- How long it still lives.
---@param now number seconds since the epoch
---@return number seconds negative when it is over
function authorization_methods:remaining(now)
  return self.expires_at - now
end

---@class ecr.DockerCredentials
---@field username "AWS"
---@field password userdata sealed
---@field registry string host to log in to
---@field expires_at number seconds since the epoch
---@field auth userdata sealed base64 of "AWS:<password>", as docker's config file holds it
local credentials_methods <const> = {}
local credentials_mt <const> = { __name = "ecr.docker_credentials", __index = credentials_methods }

function credentials_mt.__tostring(self)
  return ("%s at %s until %s"):format(self.username, self.registry,
    time_text(self.expires_at))
end

--- How long they still live.
---@param now number seconds since the epoch
---@return number seconds negative when it is over
function credentials_methods:remaining(now)
  return self.expires_at - now
end

--- The command that logs docker in: its words, and what goes to its standard input, sealed. The
--- password never is a word.
---@return {argv: string[], stdin: userdata}
function credentials_methods:login_command()
  local argv <const> = table.move(HELPFUL_WORDS, 1, #HELPFUL_WORDS, 1, {})
  argv[#argv + 1] = self.registry
  return { argv = argv, stdin = self.password }
end

local auth <const> = {}

--- A token out of the service's answer, which it keeps.
---@param raw? table
---@return ecr.AuthorizationData?
---@return ecr.Error? kind "protocol", code "no_token" when there is none in it
function auth.data(raw)
  if raw and raw.authorization_token and raw.expires_at then
    return setmetatable(raw, authorization_mt)
  end
  return error_object.give{ kind = "protocol", code = "no_token",
    operation = "GetAuthorizationToken", message = "the service answered without a token" }
end

--- When the first of several credentials ends.
---@param list ecr.DockerCredentials[]
---@return number seconds since the epoch
function auth.first_end(list)
  local first = math.huge
  for _, creds in ipairs(list) do first = math.min(first, creds.expires_at) end
  return first
end

--- Credentials for a registry's host out of a token: what stands behind the first colon of it.
---@param data ecr.AuthorizationData
---@param registry string host
---@return ecr.DockerCredentials?
---@return {kind: string, code?: string, message: string}? failure when the token is none
function auth.credentials(data, registry)
  local clear <const>, failure <const> = data.authorization_token:unbase64()
  if not clear then return nil, failure end
  local password <const>, none <const> = clear:after(":")
  if not password then return nil, none end
  return setmetatable({ username = "AWS", password = password, registry = registry,
    expires_at = data.expires_at, auth = data.authorization_token }, credentials_mt)
end

return auth
