-- SPDX-License-Identifier: MIT
--- Logging in to a registry. Source of behaviour: GetAuthorizationToken in the Amazon ECR API
--- Reference; "Private registry authentication" in the Amazon ECR User Guide. One token opens every
--- registry that the identity may reach in the same region, for twelve hours.

local auth_type <const> = require "ecr.types.auth"
local core <const> = require "ecr.core"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local flight <const> = require "ecr.flight"
local loop <const> = require "ecr.loop"

---@class ecr.AuthService
---@field client ecr.Client
---@field kept? ecr.AuthorizationData
---@field asking ecr.Flight
local auth_methods <const> = {}
local auth_mt <const> = { __name = "ecr.service.auth", __index = auth_methods }

local function refuse(code, message)
  return error_object.give{ kind = "protocol", code = code, operation = "GetAuthorizationToken",
    message = message }
end

local function ask(self)
  local output <const>, err <const> = self.client:call("ecr:GetAuthorizationToken", {})
  if not output then return nil, err end
  local data <const>, problem <const> = auth_type.data((output.authorization_data or {})[1])
  self.kept = data or self.kept
  return data, problem
end

--- The token of the account's registries, whatever the client's registry is.
local function private_token(self, options)
  local least <const> = options and options.min_remaining
    or self.client.config.token_refresh_buffer_secs
  if self.kept and self.kept:remaining(loop.wall()) >= least then return self.kept end
  local got <const>, err <const> = self.asking:get()
  if not got then return nil, err end
  if got:remaining(loop.wall()) >= least then return got end
  return refuse("short_lived", ("the service gave a token that lives for %.0f s, %.0f are needed")
    :format(got:remaining(loop.wall()), least))
end

--- An authorization token that still lives for a while. It is kept and given again; asked for anew
--- ahead of its end, once however many ask.
---@param options? {min_remaining?: number} seconds it must still live (the client's
---`token_refresh_buffer_secs`)
---@return ecr.AuthorizationData?
---@return ecr.Error?
function auth_methods:get_token(options)
  if self.client.config.public_registry then return self.client.public:get_token() end
  return private_token(self, options)
end

--- A new token, whatever is kept.
---@return ecr.AuthorizationData?
---@return ecr.Error?
function auth_methods:refresh()
  if self.client.config.public_registry then return self.client.public:get_token() end
  return self.asking:get()
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
  local scheme <const>, rest <const> = registry:match("^(%a+)://(.*)$")
  local parsed <const> = core.reference((rest or registry):match("^[^/]*") .. "/x")
  if not scheme or scheme:lower() == "https" then return parsed end
  local ecr <const> = parsed and (parsed.account or parsed.public)
  return scheme:lower() == "http" and not ecr and parsed or nil
end

--- ECR Public's token and host.
local function public_token_for(self, host)
  local data <const>, err <const> = self.client.public:get_token()
  return data, data and host or err
end

local function own_host(data)
  return data.proxy_endpoint and data.proxy_endpoint:match("^https?://([%w.:-]+)/?$")
end

--- The token for a registry and the host it is for. Another region's is that region's client's to
--- ask for, ECR Public's the public service's.
local function token_for(self, options)
  local registry <const> = options.registry
  local parsed <const> = registry and read_registry(registry)
  if registry and not (parsed and parsed.host) then return no_registry(registry) end
  if parsed and parsed.public then return public_token_for(self, parsed.host) end
  if not parsed and self.client.config.public_registry then
    return public_token_for(self, endpoint.public_host{})
  end
  local home <const>, problem <const> = self.client:in_region(parsed and parsed.region
    or self.client.config.region)
  if not home then return nil, problem end
  local data <const>, err <const> = private_token(home.auth, options)
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
  local self <const> = setmetatable({ client = client }, auth_mt)
  self.asking = flight.new(function() return ask(self) end)
  return self
end

return auth
