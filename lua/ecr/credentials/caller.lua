-- SPDX-License-Identifier: MIT
--- What the sources of credentials share: the settings they read, and how they ask somebody. Their
--- requests pass the same attempt loop as all others, but never a recording.

local core <const> = require "ecr.core"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local exchange <const> = require "ecr.exchange"
local loop <const> = require "ecr.loop"

---@class ecr.CredentialCaller
---@field settings ecr.Config
---@field named boolean whether a profile was asked for by name: the environment's keys do not count
---@field random fun(): number uniform in [0, 1)
local caller_methods <const> = {}
local caller_mt <const> = { __name = "ecr.credential_caller", __index = caller_methods }

--- Asks.
---@param request table `service`, `operation`, `method`, `url`, `sink`, ... (see DESIGN, the seam)
---@param limits? {timeout?: number, max_retries?: integer, pause?: number} seconds
---@return table? event
---@return ecr.Error?
function caller_methods:send(request, limits)
  request.kind = request.kind or "http"
  request.class, request.repeatable = "read", true
  local context <const> = setmetatable({}, { __index = self.exchange })
  for key, value in pairs(limits or {}) do context[key] = value end
  context.connect_timeout = math.min(context.connect_timeout, context.timeout)
  return exchange.run(context, request)
end

--- Where a service that gives credentials is: its URL (with a slash at its end) and what to sign for.
---@param service "sts"|"sso"|"sso-oidc"|"signin"
---@param region string
---@return {url: string, region: string}?
---@return ecr.Error?
function caller_methods:address(service, region)
  local settings <const> = self.settings
  local found <const>, err <const> = endpoint.resolve(service, region, {
    fips = settings.use_fips, dualstack = settings.use_dualstack,
    endpoint = settings.endpoints[service], origin = settings.origin[service .. " endpoint"],
    legacy = settings.sts_regional_endpoints == "legacy",
  })
  if not found then return nil, err end
  found.url = found.url:gsub("/*$", "/")
  return found
end

local caller <const> = {}

--- An error of a source: `auth` and a sentence that begins with the source.
---@param code string
---@param message string
---@param ... any
---@return nil
---@return ecr.Error
function caller.refuse(code, message, ...)
  return error_object.give{ kind = "auth", code = code, message = message:format(...) }
end

local PENDING_SECONDS <const>, PENDING_PAUSE <const> = 10, 0.05

--- What a file holds, sealed. A pipe of the shell's (`<(command)`) is waited for a while.
---@param title string for messages
---@param path string
---@param most integer bytes
---@return userdata?
---@return ecr.Error? kind "auth"
function caller.read_secret(title, path, most)
  local ends <const> = loop.now() + PENDING_SECONDS
  while true do
    local secret <const>, failure <const> = core.read_secret(path, most)
    if secret then return secret end
    if failure.code ~= "pending" or loop.now() >= ends then
      return caller.refuse(failure.code, "%s: %s", title, failure.message)
    end
    loop.sleep(PENDING_PAUSE)
  end
end

--- An error of kind `config`, for settings that cannot be.
---@param message string
---@param ... any
---@return nil
---@return ecr.Error
function caller.misconfigured(message, ...)
  return error_object.give{ kind = "config", code = "credentials", message = message:format(...) }
end

--- An error of what was asked, said to be the source's.
---@param title string
---@param err ecr.Error
---@param advice? string
---@return nil
---@return ecr.Error
function caller.wrap(title, err, advice)
  return error_object.give{ kind = err.kind, code = err.code, operation = err.operation,
    region = err.region, status = err.status, request_id = err.request_id,
    retryable = err.retryable, attempts = err.attempts, cause = err,
    message = ("%s: %s%s"):format(title, err.message, advice and "; " .. advice or "") }
end

--- Credentials out of the members of an answer.
---@param title string for messages
---@param fields {id: string, key: any, token: any, expires?: number, account?: string, source: string}
---@return userdata?
---@return ecr.Error? kind "auth"
function caller.credentials(title, fields)
  if not fields.id or not fields.key then
    return caller.refuse("incomplete", "%s: the answer lacks %s", title,
      fields.id and "the secret access key" or "the access key id")
  end
  if fields.token and #fields.token == 0 then fields.token = nil end -- some tools leave it empty
  local creds <const>, failure <const> = core.creds(fields)
  if creds then return creds end
  return caller.refuse(failure.code or "credentials", "%s: %s", title, failure.message)
end

--- The same for keys that are good for nothing without their session token.
---@param title string for messages
---@param fields table as above
---@return userdata?
---@return ecr.Error? kind "auth"
function caller.temporary_credentials(title, fields)
  if not fields.token or #fields.token == 0 then
    return caller.refuse("incomplete", "%s: the answer lacks the session token", title)
  end
  return caller.credentials(title, fields)
end

--- For the sources of one client.
---@param settings ecr.Config
---@param transport table
---@return ecr.CredentialCaller
function caller.new(settings, transport)
  return setmetatable({
    settings = settings,
    named = settings.profile ~= nil and not settings.origin.profile:find("^AWS_"),
    random = math.random,
    exchange = exchange.new(settings, transport.carrier or transport),
  }, caller_mt)
end

return caller
