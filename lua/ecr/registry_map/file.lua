-- SPDX-License-Identifier: MIT
--- The file of the registry map: where it is, and reading it. A file that was named must be there; the
--- usual one need not.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local profiles <const> = require "ecr.config.profiles"
local registry_map <const> = require "ecr.registry_map"

local VARIABLE <const> = "ECRLUA_CREDENTIAL_HELPER_CONFIG"
local NAME <const> = "/ecrlua/credential_helper.json"
local MOST <const> = 1024 * 1024 -- bytes

local file <const> = {}

--- A relative folder is none, by the XDG Base Directory Specification.
local function folder()
  local named <const> = os.getenv("XDG_CONFIG_HOME")
  return named and named:find("^/") and named or profiles.expand("~/.config")
end

--- Where the map is.
---@return string path
---@return boolean named whether somebody said so
function file.path()
  local named <const> = os.getenv(VARIABLE)
  if named and named ~= "" then return profiles.expand(named), true end
  return folder() .. NAME, false
end

local function refuse(message)
  return error_object.give{ kind = "config", code = "registry_map", message = message }
end

--- The map.
---@return ecr.RegistryMap? empty where there is no file and none was named
---@return ecr.Error? kind "config", code "registry_map"
function file.read()
  local path <const>, named <const> = file.path()
  local text <const>, failure <const> = core.read_file(path, MOST)
  if text then return registry_map.parse(text, path) end
  if failure then return refuse(failure.message) end
  if named then return refuse(path .. ": there is no such file (" .. VARIABLE .. " names it)") end
  return registry_map.empty()
end

return file
