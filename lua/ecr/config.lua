-- SPDX-License-Identifier: MIT
--- Settings of a client: code before command line before environment before the profile of the
--- shared files before default, each with its origin. A mistyped option is told what was meant; a
--- value that cannot be, and settings that contradict each other, are errors before anything is sent.
--- Source: "Settings reference" and "Service-specific endpoints" in the AWS SDKs and Tools Reference
--- Guide.

local check <const> = require "ecr.check"
local endpoints <const> = require "ecr.config.endpoints"
local error_object <const> = require "ecr.error"
local flags <const> = require "ecr.flags"
local reading <const> = require "ecr.config.reading"
local rules <const> = require "ecr.config.rules"
local settings <const> = require "ecr.config.settings"

---@class ecr.Config: ecr.ClientOptions settled
---@field timeout number
---@field connect_timeout number
---@field max_retries integer
---@field origin table<string, string> where each setting came from
---@field identity ecr.Identity
---@field profiles ecr.Profiles
---@field profile_section? ecr.Profile the one that counts; nil when there is none
---@field endpoints table<string, string> what was configured for the services that give credentials

local CONNECT_TIMEOUTS <const> = { ["in-region"] = 1.1, mobile = 30, legacy = 5 } -- seconds
local OTHER_CONNECT_TIMEOUT <const> = 3.1

local config <const> = {}

-- --- the profile ---------------------------------------------------------------------------------

--- A simulator and a recording stand for themselves: whoever runs them gets the same everywhere.
local function reads_files(options)
  local stand_in <const> = options.transport and options.transport.clock == "virtual"
  return not (stand_in or options.sim or options.replay or flags.sim or flags.replay)
end

local function no_profile(made)
  local names <const> = table.concat(made.profiles:names(), ", ")
  return reading.refuse("profile", "there is no profile %q (from %s) in %s or %s%s", made.profile,
    made.origin.profile, made.profiles.paths.config, made.profiles.paths.credentials,
    names ~= "" and "; there are " .. names or "")
end

local function choose_profile(made, options)
  local profiles <const> = require "ecr.config.profiles"
  local err
  made.profile, made.origin.profile = reading.setting("profile", settings.profile, options.profile)
  if error_object.is(made.origin.profile) then return nil, made.origin.profile end
  if not reads_files(options) then
    made.profiles = profiles.none()
    return true
  end
  made.profiles, err = profiles.read()
  if not made.profiles then return nil, err end
  made.profile_section, err = made.profiles:find(made.profile or "default")
  if err then return nil, err end
  if made.profile_section or (made.profile or "default") == "default" then return true end
  return no_profile(made)
end

-- --- all of them ---------------------------------------------------------------------------------

local function check_names(options)
  for name in pairs(options) do
    if not settings[name] then
      return reading.refuse("unknown_option", "%s", check.unknown("option", name, settings))
    end
  end
  return true
end

--- One setting under two names.
local function with_milliseconds(options)
  local ms <const> = options.request_timeout_ms
  if ms == nil then return options end
  if options.timeout ~= nil then
    return reading.refuse("timeout",
      "timeout and request_timeout_ms are the same setting: give one")
  end
  if type(ms) ~= "number" then
    return reading.refuse("request_timeout_ms", "request_timeout_ms must be a number, not a %s",
      type(ms))
  end
  local copy <const> = {}
  for key, value in pairs(options) do copy[key] = value end
  copy.request_timeout_ms, copy.timeout = nil, ms / 1000
  return copy
end

local function settle(made, options)
  for name, setting in pairs(settings) do
    if name ~= "profile" then
      local value <const>, origin <const> = reading.setting(name, setting, options[name],
        made.profile_section)
      if error_object.is(origin) then return nil, origin end
      made[name], made.origin[name] = value, origin
    end
  end
  made.connect_timeout = made.connect_timeout or CONNECT_TIMEOUTS[made.defaults_mode]
    or OTHER_CONNECT_TIMEOUT
  return endpoints.settle(made)
end

--- Most clients say nothing of it.
local function read_identity(options)
  for name in pairs(options) do
    if settings[name].names_identity then return require "ecr.config.identity".new(options) end
  end
  return {}
end

--- Settings out of an options table, the command line, the environment and the shared files.
---@param options? table
---@return ecr.Config?
---@return ecr.Error? kind "config"
function config.new(options)
  local ok, err = check_names(options or {})
  if not ok then return nil, err end
  options, err = with_milliseconds(options or {})
  if not options then return nil, err end
  local made <const> = { origin = {} }
  for _, step in ipairs{ choose_profile, settle, rules.check } do
    ok, err = step(made, options)
    if not ok then return nil, err end
  end
  made.identity, err = read_identity(options)
  if not made.identity then return nil, err end
  return made
end

return config
