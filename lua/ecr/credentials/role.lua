-- SPDX-License-Identifier: MIT
--- A role that a profile says to assume, with the credentials of another profile or of the machine;
--- that profile may assume a role itself. Source: "Assume role credential provider" in the AWS SDKs
--- and Tools Reference Guide.

local caller <const> = require "ecr.credentials.caller"
local container <const> = require "ecr.credentials.container"
local core <const> = require "ecr.core"
local environment <const> = require "ecr.credentials.environment"
local files <const> = require "ecr.credentials.files"
local identity <const> = require "ecr.config.identity"
local instance <const> = require "ecr.credentials.instance"
local keeper <const> = require "ecr.credentials.keeper"
local profile_sources <const> = require "ecr.credentials.profile_sources"
local sts <const> = require "ecr.credentials.sts"
local whose <const> = require "ecr.credentials.whose"

local PROMPT_SECONDS <const> = 120 -- for the code of an MFA device
local CODE_DIGITS <const> = 6

local role <const> = {}

--- A source of a machine's own, by the name that `credential_source` has for it.
local MACHINE <const> = {
  environment = function() return environment.anyway() end,
  ecscontainer = function(of) return container.open(of) end,
  ec2instancemetadata = function(of) return instance.open(of) end,
}

local function machine_source(of, profile, name)
  local open <const> = MACHINE[name:lower()]
  if not open then
    return caller.misconfigured("%s: credential_source %q is none of Environment, EcsContainer, "
      .. "Ec2InstanceMetadata", profile:place(), name)
  end
  local source <const>, why <const> = open(of)
  if source then return source end
  return caller.refuse("no_credentials", "%s: credential_source %s: %s", profile:place(), name,
    tostring(why))
end

--- What a profile offers apart from a role to assume with another's credentials. It was named, so the
--- environment does not count.
local function plain_source(of, profile, parent)
  local named <const> = setmetatable({ named = true }, { __index = of })
  for _, row in ipairs(profile_sources) do
    local source <const>, why <const> = row[2]().open(named, profile, row[3])
    if source or type(why) == "table" then return source, why end
  end
  return caller.refuse("no_credentials", "%s has no credentials, and is the source_profile of %s",
    profile:place(), parent:place())
end

local function assumes_role(profile)
  return profile:get("role_arn") and not profile:get("web_identity_token_file")
end

local function loop_error(path, name)
  return caller.misconfigured("profiles assume each other's roles in a circle: %s -> %s; "
    .. "one of them needs a source_profile that has credentials", table.concat(path, " -> "), name)
end

local function no_source_profile(of, profile, name)
  return caller.misconfigured("%s: there is no source_profile %q; there are %s", profile:place(),
    name, table.concat(of.settings.profiles:names(), ", "))
end

--- The keys of a profile that names itself: they count before all else that it has.
local function own_keys(of, profile)
  if not files.has_keys(profile) then
    return caller.misconfigured("%s is its own source_profile, but has no aws_access_key_id",
      profile:place())
  end
  local file <const> = profile.credentials.aws_access_key_id and "credentials" or "config"
  return files.open(of, profile, file)
end

local open_role -- opens a profile's role; profiles on the way there are in `path`

--- The credentials that a profile's role is assumed with, where another profile has them.
local function source_of_profile(of, profile, name, path)
  local other <const>, err <const> = of.settings.profiles:find(name)
  if err then return nil, err end
  if not other then return no_source_profile(of, profile, name) end
  if name == profile.name then return own_keys(of, other) end
  for _, visited in ipairs(path) do
    if visited == name then return loop_error(path, name) end
  end
  if assumes_role(other) then return open_role(of, other, path) end
  return plain_source(of, other, profile)
end

local function base_of(of, profile, path)
  local name <const>, machine <const> = profile:get("source_profile"),
    profile:get("credential_source")
  if name and machine then
    return caller.misconfigured("%s has both source_profile and credential_source: one is needed",
      profile:place())
  elseif name then
    return source_of_profile(of, profile, name, path)
  elseif machine then
    return machine_source(of, profile, machine)
  end
  return caller.misconfigured("%s has a role_arn, but neither source_profile nor credential_source "
    .. "to assume it with", profile:place())
end

local function parameters_of(profile)
  local seconds <const> = profile:get("duration_seconds")
  local given <const> = { role_arn = profile:get("role_arn"),
    external_id = profile:get("external_id"), mfa_serial = profile:get("mfa_serial"),
    role_session_name = profile:get("role_session_name") }
  if seconds then
    given.duration_seconds = seconds:find("^%d+$") and math.tointeger(tonumber(seconds))
    if not given.duration_seconds then
      return caller.misconfigured("%s: duration_seconds %q is no whole number", profile:place(),
        seconds)
    end
  end
  local fine <const>, err <const> = identity.check_role(given)
  if not fine then return caller.misconfigured("%s: %s", profile:place(), err.message) end
  return given
end

local function ask_for_code(title, serial)
  local code <const>, failure <const> = core.ask(("MFA code of %s: "):format(serial),
    PROMPT_SECONDS)
  if code and code:is_digits(CODE_DIGITS) then return code end
  if code then
    return caller.refuse("mfa_code", "%s: the code of the MFA device %s must be six digits", title,
      serial)
  end
  return caller.refuse(failure.code, "%s needs a code of the MFA device %s: %s", title, serial,
    failure.message)
end

--- Who assumes it is asked where nothing else tells.
local function identity_of(given, base, kept)
  local by, never = whose.of_base(base)
  if never then return nil, true end
  if not by then
    local creds <const> = kept:get()
    by = creds and whose.of_credentials(creds)
  end
  return by and whose.of_role(given, by)
end

--- A source that assumes a role with the credentials of another one.
---@param of ecr.CredentialCaller
---@param title string for messages
---@param given ecr.RoleOptions
---@param base ecr.CredentialSource
---@param features? string[]
---@return ecr.CredentialSource
function role.of(of, title, given, base, features)
  local kept <const> = keeper.new(base, of.random)
  return { title = title, features = features or { "i" }, base = base,
    prompts = given.mfa_serial ~= nil,
    identity = function() return identity_of(given, base, kept) end,
    fetch = function()
      local creds <const>, err <const> = kept:get()
      if not creds then return caller.wrap(title, err) end
      local code, problem
      if given.mfa_serial then
        code, problem = ask_for_code(title, given.mfa_serial)
        if not code then return nil, problem end
      end
      return sts.assume_role(of, title, given, creds, code)
    end }
end

function open_role(of, profile, path)
  local given <const>, err <const> = parameters_of(profile)
  if not given then return nil, err end
  path = table.move(path, 1, #path, 1, {})
  path[#path + 1] = profile.name
  local base <const>, problem <const> = base_of(of, profile, path)
  if not base then return nil, problem end
  local title <const> = ("role %s of %s"):format(given.role_arn, profile:place())
  return role.of(of, title, given, base, { profile:get("source_profile") and "o" or "p", "i" })
end

--- The role that a profile says to assume.
---@param of ecr.CredentialCaller
---@param profile? ecr.Profile
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function role.open(of, profile)
  if not profile or not profile:get("role_arn") then return nil, "no role_arn" end
  if not assumes_role(profile) then return nil, "its role is assumed with a token file" end
  return open_role(of, profile, {})
end

return role
