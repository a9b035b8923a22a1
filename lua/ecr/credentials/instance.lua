-- SPDX-License-Identifier: MIT
--- Credentials of an EC2 instance's role, from the instance metadata service, version 2. Version 1
--- can be reached by whoever makes this process fetch an address, so only an option allows it. Source:
--- "IMDS credential provider" in the AWS SDKs and Tools Reference Guide.

local caller <const> = require "ecr.credentials.caller"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local masked_url <const> = require "ecr.masked_url"

local TOKEN_SECONDS <const> = 21600
local ROLES <const> = "latest/meta-data/iam/security-credentials"
local ENDPOINTS <const> = { ipv4 = "http://169.254.169.254", ipv6 = "http://[fd00:ec2::254]" }
local NAME <const> = "^[%w+=,.@_-]+$" -- of a role
local TITLE <const> = "instance metadata"
local HOP_LIMIT <const> = "in a container on an instance the answer needs a hop limit of 2: "
  .. "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2"
--- Credentials that are about to expire, or have expired, are used on and asked for again after a
--- while: the service gives new ones late when it is in trouble.
local STABLE_BELOW <const>, STABLE_LEAST <const>, STABLE_SPREAD <const> = 900, 300, 60 -- seconds

local instance <const> = {}

local function url_of(settings, path)
  local base <const> = settings.ec2_metadata_service_endpoint
    or ENDPOINTS[settings.ec2_metadata_service_endpoint_mode]
  return base:gsub("/*$", "") .. "/" .. path
end

local function send(of, request)
  local settings <const> = of.settings
  request.service, request.direct = "imds", true
  return of:send(request, { timeout = settings.metadata_service_timeout,
    max_retries = settings.metadata_service_num_attempts - 1, pause = 1 })
end

local function may_use_first_version(settings)
  return settings.ec2_metadata_v1 and not settings.ec2_metadata_v1_disabled
end

--- What answers there knows no tokens, or is switched off.
local NO_TOKENS <const> = { [403] = true, [404] = true, [405] = true }
local NEEDS_FIRST <const> = "it gives no token (HTTP status %d): version 1, which needs none, is "
  .. "used only where ec2_metadata_v1 is set in code"

--- Unreachable is not there.
local function not_there(err)
  return not err.status and (err.kind == "network" or err.kind == "timeout")
end

--- What follows from a token that was not given: the first version, which has none, where that is
--- allowed; else why there is none, or an error.
local function without_token(settings, err)
  local refused <const> = NO_TOKENS[err.status]
  if may_use_first_version(settings) and (refused or err.kind == "timeout") then
    return { ends = loop.now() + TOKEN_SECONDS }
  end
  if refused then return nil, NEEDS_FIRST:format(err.status) end
  if not not_there(err) then return nil, err end
  return nil, err.kind == "timeout" and "no answer; " .. HOP_LIMIT or "not reachable"
end

local function ask_for_token(of)
  local event <const>, err <const> = send(of, { method = "PUT",
    operation = "instance metadata token", url = url_of(of.settings, "latest/api/token"),
    sink = "sealed:4096",
    headers = { ["x-aws-ec2-metadata-token-ttl-seconds"] = tostring(TOKEN_SECONDS) } })
  if not event then return without_token(of.settings, err) end
  if not event.value:is_header() then
    return caller.refuse("imds_token", "the token that it gave is none")
  end
  return { secret = event.value, ends = loop.now() + TOKEN_SECONDS * 0.9 }
end

--- A token that is kept for its life.
local function token_of(self)
  if self.token and self.token.ends > loop.now() then return self.token end
  local err
  self.token, err = ask_for_token(self.of)
  return self.token, err
end

--- Asks with the token; with a new one once when it is refused.
local function get(self, request)
  for attempt = 1, 2 do
    local token <const>, why <const> = token_of(self)
    if not token then return nil, why end
    local headers <const> = { ["x-aws-ec2-metadata-token"] = token.secret }
    local copy <const> = { method = "GET", headers = headers }
    for key, value in pairs(request) do copy[key] = value end
    local event <const>, err <const> = send(self.of, copy)
    if event then return event end
    if err.status ~= 401 or attempt == 2 then return nil, err end
    self.token = nil
  end
end

--- The newer path tells the account too.
local PATHS <const> = { ROLES .. "-extended/", ROLES .. "/" }

local function no_role(self)
  local named <const> = self.of.settings.ec2_instance_profile_name
  return named and ("the instance has no role %s"):format(named) or "the instance has no role"
end

local function role_name(self, path)
  local named <const> = self.of.settings.ec2_instance_profile_name
  if named then return named end
  local event <const>, err <const> = get(self, { operation = "instance role", sink = "raw:4096",
    url = url_of(self.of.settings, path) })
  if not event then return nil, err end
  local name <const> = event.value:match("^[^\r\n]+")
  if name and name:find(NAME) then return name end
  return nil, no_role(self)
end

--- Static stability: see above.
local function expiry_of(self, expires)
  local now <const> = loop.wall()
  if not expires or expires - now >= STABLE_BELOW then return expires end
  return math.max(expires, now + STABLE_LEAST + STABLE_SPREAD * self.of.random())
end

local function read_answer(self, answer)
  if answer.code and answer.code ~= "Success" or not answer.access_key_id then
    return nil, ("it gave no credentials: %s"):format(answer.message or answer.code or "no reason")
  end
  return caller.credentials(TITLE, { id = answer.access_key_id, key = answer.secret_access_key,
    token = answer.token, expires = expiry_of(self, answer.expiration),
    account = answer.account_id, source = "instance" })
end

local function from_path(self, path)
  local name <const>, why <const> = role_name(self, path)
  if not name then return nil, why end
  local event <const>, err <const> = get(self, { operation = "instance credentials",
    url = url_of(self.of.settings, path .. name), sink = "creds:imds" })
  if not event then return nil, err end
  return read_answer(self, event.value)
end

local function fetch(self)
  local why
  for _, path in ipairs(PATHS) do
    local creds
    creds, why = from_path(self, path)
    if creds then return creds end
    if not (error_object.is(why) and why.status == 404) then break end
  end
  if not error_object.is(why) then return nil, why end
  if why.status == 404 then return nil, no_role(self) end
  if not_there(why) then return nil, "not reachable" end
  return caller.wrap(TITLE, why)
end

--- Settings that cannot be are told before anything is asked.
local function check(settings)
  local custom <const> = settings.ec2_metadata_service_endpoint
  local fine <const>, failure <const> = core.check_url(custom or ENDPOINTS.ipv4)
  if not fine then
    return caller.misconfigured("%s: the endpoint %q (from %s) is no usable URL: %s", TITLE,
      masked_url(custom), settings.origin.ec2_metadata_service_endpoint, failure.message)
  end
  local name <const> = settings.ec2_instance_profile_name
  if name and not name:find(NAME) then
    return caller.misconfigured("%s: %q (from %s) is no name of a role", TITLE, name,
      settings.origin.ec2_instance_profile_name)
  end
  return true
end

--- The role of the instance.
---@param of ecr.CredentialCaller
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function instance.open(of)
  local settings <const> = of.settings
  if settings.ec2_metadata_disabled then
    return nil, ("switched off by %s"):format(settings.origin.ec2_metadata_disabled)
  end
  local fine <const>, err <const> = check(settings)
  if not fine then return nil, err end
  local self <const> = { of = of }
  return { title = TITLE, features = { "0" }, fetch = function() return fetch(self) end }
end

return instance
