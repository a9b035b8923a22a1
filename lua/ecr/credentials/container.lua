-- SPDX-License-Identifier: MIT
--- Credentials that a container is given over HTTP: ECS, Fargate, EKS Pod Identity. Source: "Container
--- credential provider" in the AWS SDKs and Tools Reference Guide.

local caller <const> = require "ecr.credentials.caller"
local core <const> = require "ecr.core"
local masked_url <const> = require "ecr.masked_url"
local reading <const> = require "ecr.config.reading"

local RELATIVE_BASE <const> = "http://169.254.170.2"
local MOST_TOKEN <const> = 20000 -- bytes
local LIMITS <const> = { timeout = 2, max_retries = 2, pause = 1 } -- seconds
local TITLE <const> = "container credentials"

--- Hosts that may be asked without TLS besides this machine's own.
local PLAIN_HOSTS <const> = { ["localhost"] = true, ["169.254.170.2"] = true,
  ["169.254.170.23"] = true, ["[fd00:ec2::23]"] = true, ["[::1]"] = true }

local container <const> = {}

--- An address of this machine: 127.0.0.0/8. What only looks like one is a name that somebody may own.
local function is_loopback(host)
  local parts <const> = { host:match("^(127)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$") }
  for _, part in ipairs(parts) do
    if tonumber(part) > 255 then return false end
  end
  return #parts == 4
end

local function may_be_plain(host)
  return PLAIN_HOSTS[host:lower()] or is_loopback(host)
end

--- The address to ask; nil and why there is none, or an error.
local function address()
  local relative <const> = reading.variable{ "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" }
  local url <const> = relative and RELATIVE_BASE .. relative
    or reading.variable{ "AWS_CONTAINER_CREDENTIALS_FULL_URI" }
  if not url then return nil, "no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI is set" end
  local fine <const>, failure <const> = core.check_url(url)
  if not fine or relative and relative:sub(1, 1) ~= "/" then
    return caller.misconfigured("%s: %q is no usable address: %s", TITLE,
      masked_url(url), failure and failure.message or "it does not begin with a slash")
  end
  local scheme <const>, host <const> = url:match("^(%a+)://(%[[^%]]*%])")
  local name <const> = host or url:match("^%a+://([^:/?]+)")
  if (scheme or url:match("^%a+")):lower() == "https" or may_be_plain(name) then return url end
  return caller.misconfigured("%s: %q may not be asked without TLS: only this machine and the "
    .. "hosts of ECS and EKS may", TITLE, name)
end

--- The Authorization header, sealed; nil where there is none, or nil and an error.
local function authorization()
  local file <const> = reading.variable{ "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" }
  local token, err
  if file then
    token, err = caller.read_secret(TITLE, file, MOST_TOKEN)
    if not token then return nil, err end
  else
    token = core.environment_secret("AWS_CONTAINER_AUTHORIZATION_TOKEN")
  end
  if token and not token:is_header() then
    return caller.refuse("token", "%s: the authorization token holds a line break or another "
      .. "character that no header has", TITLE)
  end
  return token
end

local function fetch(of, url)
  local token <const>, err <const> = authorization()
  if err then return nil, err end
  local event <const>, problem <const> = of:send({ service = "container", method = "GET",
    operation = "container credentials", url = url, direct = true, sink = "creds:container",
    headers = { Accept = "application/json", Authorization = token } }, LIMITS)
  if not event then return caller.wrap(TITLE, problem) end
  local answer <const> = event.value
  return caller.credentials(TITLE, { id = answer.access_key_id, key = answer.secret_access_key,
    token = answer.token, expires = answer.expiration, account = answer.account_id,
    source = "container" })
end

--- What the container was told.
---@param of ecr.CredentialCaller
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function container.open(of)
  local url <const>, why <const> = address()
  if not url then return nil, why end
  return { title = TITLE, features = { "z" }, fetch = function() return fetch(of, url) end }
end

return container
