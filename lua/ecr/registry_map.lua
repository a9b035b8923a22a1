-- SPDX-License-Identifier: MIT
--- Whose credentials open which registry, for tools that are told only a host: a list of entries, each
--- with the hosts that it is for and the identity to ask as. The first that matches counts; for a host
--- that none matches it is the default chain. Whatever is wrong with the list is an error that names
--- the entry: nobody shall ask under another identity than was meant.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local identity <const> = require "ecr.config.identity"
local pattern <const> = require "ecr.registry_map.pattern"
local server_url <const> = require "ecr.server_url"

---@class ecr.RegistryEntry
---@field where string the file and the entry's number in it, for messages
---@field match? string pattern of the host, or
---@field account? string all private registries of this account
---@field anonymous? boolean without credentials
---@field profile? string
---@field role? ecr.RoleOptions assumed with the profile's credentials, or those of the default chain

---@class ecr.RegistryMap
---@field ignore_creds_storage boolean whether docker's wish to store credentials passes for done
---@field entries ecr.RegistryEntry[]
local map_methods <const> = {}
local map_mt <const> = { __name = "ecr.registry_map", __index = map_methods }

local DOCUMENT <const> = { registries = "table", ignore_creds_storage = "boolean" }
local ROLE <const> = { role_arn = "string", role_session_name = "string", external_id = "string",
  duration_seconds = "integer" }
local ENTRY <const> = { match = "string", account = "string", anonymous = "boolean",
  profile = "string" }
for key, kind in pairs(ROLE) do ENTRY[key] = kind end

local ECR_PUBLIC_REGION <const> = "us-east-1" -- where its API is

local function refuse(message, ...)
  return error_object.give{ kind = "config", code = "registry_map", message = message:format(...) }
end

-- --- reading -------------------------------------------------------------------------------------

local function check_hosts(entry)
  if (entry.match == nil) == (entry.account == nil) then
    return "an entry has either match or account"
  end
  local problem <const> = entry.match and pattern.problem(entry.match:lower())
  if problem then return ("match %q %s"):format(entry.match, problem) end
  local fine <const>, err <const> = check.registry_id(entry.account or "000000000000")
  return not fine and "account: " .. err.message or nil
end

local function check_identity(entry, role)
  if entry.anonymous and (entry.profile or next(role)) then
    return "anonymous goes with no profile and no role"
  end
  if entry.profile == "" then return "profile is empty" end
  if next(role) and not role.role_arn then return next(role) .. " goes with role_arn only" end
  if not next(role) then return nil end
  local fine <const>, err <const> = identity.check_role(role)
  return not fine and err.message or nil
end

local function role_of(given)
  local role <const> = {}
  for key in pairs(ROLE) do role[key] = given[key] end
  return role
end

local function read_entry(given, where)
  if type(given) ~= "table" then return refuse("%s: an entry is an object", where) end
  given.duration_seconds = math.tointeger(given.duration_seconds) or given.duration_seconds
  local fine <const>, err <const> = check.options(given, ENTRY)
  if not fine then return refuse("%s: %s", where, err.message) end
  local role <const> = role_of(given)
  local problem <const> = check_hosts(given) or check_identity(given, role)
  if problem then return refuse("%s: %s", where, problem) end
  return { where = where, match = given.match and given.match:lower(), account = given.account,
    anonymous = given.anonymous, profile = given.profile, role = next(role) and role or nil }
end

local function decode(text, path)
  if not text:find("%S") then return refuse("%s: it is empty", path) end
  local value <const>, failure <const> = core.decode("any", text) -- no key may stand twice
  if not value then return refuse("%s: %s", path, failure.message) end
  if not text:find("^%s*{") then return refuse("%s: the whole is no object", path) end
  local fine <const>, err <const> = check.options(value, DOCUMENT)
  if not fine then return refuse("%s: %s", path, err.message) end
  for key in pairs(value.registries or {}) do
    if math.type(key) ~= "integer" then return refuse("%s: registries is no list", path) end
  end
  return value
end

local registry_map <const> = {}

--- A map out of the text of its file.
---@param text string JSON
---@param path string names it in messages
---@return ecr.RegistryMap?
---@return ecr.Error? kind "config", code "registry_map"
function registry_map.parse(text, path)
  local document <const>, err <const> = decode(text, path)
  if not document then return nil, err end
  local self <const> = setmetatable({ entries = {},
    ignore_creds_storage = document.ignore_creds_storage or false }, map_mt)
  for i, given in ipairs(document.registries or {}) do
    local entry <const>, problem <const> = read_entry(given, ("%s: entry %d"):format(path, i))
    if not entry then return nil, problem end
    self.entries[i] = entry
  end
  return self
end

--- A map that says nothing of any registry.
---@return ecr.RegistryMap
function registry_map.empty()
  return setmetatable({ entries = {}, ignore_creds_storage = false }, map_mt)
end

-- --- asking --------------------------------------------------------------------------------------

--- The entry for a registry; nil where none says anything: the default chain.
---@param registry {host: string, account?: string} as `server_url.of_host` gives it
---@return ecr.RegistryEntry?
function map_methods:find(registry)
  for _, entry in ipairs(self.entries) do
    if entry.match and pattern.matches(entry.match, registry.host)
      or entry.account and entry.account == registry.account then
      return entry
    end
  end
end

--- The registries that the map names in full and has credentials for.
---@return string[] hosts each once, in the map's order
function map_methods:hosts()
  local hosts <const> = {}
  for _, entry in ipairs(self.entries) do
    local host <const> = entry.match
    if host and pattern.is_registry(host) and self:find(server_url.of_host(host)) == entry
      and not entry.anonymous then
      hosts[#hosts + 1] = host
    end
  end
  return hosts
end

--- Options of a client that asks for a registry's token. Its region is the registry's: the STS that
--- gives a role is asked there too, as a registry of another partition needs it.
---@param entry? ecr.RegistryEntry
---@param registry {region?: string} as `server_url.of_host` gives it
---@return ecr.ClientOptions
function registry_map.client_options(entry, registry)
  return { region = registry.region or ECR_PUBLIC_REGION, profile = entry and entry.profile,
    auth_assume_role = entry and entry.role }
end

return registry_map
