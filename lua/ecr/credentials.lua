-- SPDX-License-Identifier: MIT
--- Where a client's credentials come from: given in code, or the environment. They are sealed in C;
--- Lua passes a handle on.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local flight <const> = require "ecr.flight"

local credentials <const> = {}

local function give(failure)
  return error_object.give{ kind = failure.kind, code = failure.code, message = failure.message }
end

local function static(config)
  if not config.secret_access_key then
    return error_object.give{ kind = "config", code = "credentials",
      message = "access_key_id was given without secret_access_key" }
  end
  local creds <const>, failure <const> = core.creds{ id = config.access_key_id,
    key = config.secret_access_key, token = config.session_token, source = "static" }
  if not creds then return give(failure) end
  return creds
end

local function no_profile(config)
  return error_object.give{ kind = "config", code = "profile",
    message = ("profile %q (from %s): AWS configuration files are not read; set AWS_ACCESS_KEY_ID "
      .. "and AWS_SECRET_ACCESS_KEY instead"):format(config.profile, config.origin.profile) }
end

--- Keys in the environment win over AWS_PROFILE, but not over a profile that was asked for by name.
local function from_environment(config)
  if config.profile and config.origin.profile ~= "AWS_PROFILE" then return no_profile(config) end
  local creds <const>, failure <const> = core.creds_environment()
  if creds then return creds end
  if failure then return give(failure) end
  if config.profile then return no_profile(config) end
  return error_object.give{ kind = "auth", code = "no_credentials",
    message = "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and "
      .. "AWS_SESSION_TOKEN for temporary ones)" }
end

--- A function that gives a client's credentials, or nil and an error. They are looked for once,
--- however many calls want them at the same time; an error is not kept.
---@param config ecr.Config
---@return fun(): userdata?, ecr.Error?
function credentials.provider(config)
  local known
  local search <const> = flight.new(function()
    local err
    if config.access_key_id then
      known, err = static(config)
    else
      known, err = from_environment(config)
    end
    return known, err
  end)
  return function()
    if known then return known end
    return search:get()
  end
end

return credentials
