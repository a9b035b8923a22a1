-- SPDX-License-Identifier: MIT
--- Logging in to a registry. Source of behaviour: GetAuthorizationToken in the Amazon ECR API
--- Reference; "Private registry authentication" in the Amazon ECR User Guide. One token opens every
--- registry that the identity may reach in the same region, for twelve hours.

local auth_type <const> = require "ecr.types.auth"
local core <const> = require "ecr.core"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local server_url <const> = require "ecr.server_url"
local token <const> = require "ecr.service.token"

---@class ecr.AuthService
---@field client ecr.Client
---@field private ecr.Token of the account's registries, whatever the client's registry is
---@field public ecr.Token
local auth_methods <const> = {}
local auth_mt <const> = { __name = "ecr.service.auth", __index = auth_methods }

local function refuse(code, message)
  return error_object.give{ kind = "protocol", code = code, operation = "GetAuthorizationToken",
    message = message }
end

--- The client's own token.
local function own(self)
  return self.client.config.public_registry and self.public or self.private
end

--- An authorization token that still lives for a while: `min_remaining`, or it is an error. It is kept
--- and given again, renewed half-way through its life and `token_refresh_buffer_secs` before its end;
--- while it cannot be renewed it is given on until its end.
---@param options? {min_remaining?: number} seconds
---@return ecr.AuthorizationData?
---@return ecr.Error?
function auth_methods:get_token(options)
  return own(self):get(options and options.min_remaining or 0)
end

--- A new token, whatever is kept.
---@return ecr.AuthorizationData?
---@return ecr.Error?
function auth_methods:refresh()
  return own(self):refresh()
end

local function no_registry(registry)
  return error_object.give{ kind = "input", code = "registry",
    message = ("%q is no ECR registry: a password is made out for nobody else"):format(
      tostring(registry)) }
end

--- A registry from its host, an address of it, or a reference with one: path and `https://` are left
--- aside. What is ECR's is never named with http://, where the password would go in the clear.
local function read_registry(registry)
  if type(registry) ~= "string" then return nil end
  local scheme <const>, host <const> = server_url.split(registry)
  local parsed <const> = core.reference(host .. "/x")
  if not scheme or scheme:lower() == "https" then return parsed end
  return scheme:lower() == "http" and not server_url.of_host(host) and parsed or nil
end

local function own_host(data)
  return data.proxy_endpoint and data.proxy_endpoint:match("^https?://([%w.:-]+)/?$")
end

--- ECR Public's token and host.
local function public_token_for(self, options, host)
  local data <const>, err <const> = self.public:get(options.min_remaining or 0)
  return data, data and host or err
end

--- The client that asks for a registry's token: another region's is that region's to ask for, that of
--- a FIPS host a FIPS endpoint's, unless an endpoint was configured.
local function client_for(client, parsed)
  local settings <const> = client.config
  if not parsed then return client end
  local fips <const> = settings.use_fips or parsed.fips and not settings.endpoint_url
  return client:in_region(parsed.region or settings.region, { use_fips = fips })
end

--- The token for a registry and the host it is for.
local function token_for(self, options)
  local registry <const> = options.registry
  local parsed <const> = registry and read_registry(registry)
  if registry and not (parsed and parsed.host) then return no_registry(registry) end
  if parsed and parsed.public then return public_token_for(self, options, parsed.host) end
  if not parsed and self.client.config.public_registry then
    return public_token_for(self, options, endpoint.public_host{})
  end
  local home <const>, problem <const> = client_for(self.client, parsed)
  if not home then return nil, problem end
  local data <const>, err <const> = home.auth.private:get(options.min_remaining or 0)
  if not data then return nil, err end
  local host <const> = own_host(data)
  if parsed and not parsed.account and parsed.host ~= host then return no_registry(registry) end
  return data, parsed and parsed.host or host
end

--- Credentials that docker, podman and the like take. They are for the host named: docker keeps
--- credentials by host, and the token's own `proxy_endpoint` is always the plain one. A host that is
--- no ECR registry gets none.
---@param options? {registry?: string, min_remaining?: number} registry: host, or a reference with one
---@return ecr.DockerCredentials?
---@return ecr.Error? kind "input" for a registry that is not ECR's
function auth_methods:get_creds(options)
  local data <const>, host <const> = token_for(self, options or {})
  if not data then return nil, host end
  if not host then return refuse("no_registry", "the token came without its registry") end
  local made <const>, failure <const> = auth_type.credentials(data, host)
  if made then return made end
  return refuse("token", "the token cannot be taken apart: " .. failure.message)
end

--- The command that logs docker in: its words, and what goes to its standard input (sealed: write it
--- with `ecr.write`). The password never is a word of the command.
---@param options? {registry?: string, min_remaining?: number}
---@return {argv: string[], stdin: userdata}?
---@return ecr.Error?
function auth_methods:get_login_cmd(options)
  local creds <const>, err <const> = self:get_creds(options)
  if not creds then return nil, err end
  return creds:login_command()
end

local auth <const> = {}

--- The service of a client.
---@param client ecr.Client
---@return ecr.AuthService
function auth.new(client)
  return setmetatable({ client = client, private = token.new(client, "private"),
    public = token.new(client, "public") }, auth_mt)
end

return auth
