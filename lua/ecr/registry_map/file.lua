-- SPDX-License-Identifier: MIT
--- The file of the registry map: where it is, and reading it. A file that was named must be there; the
--- usual one need not.

local error_object <const> = require "ecr.error"
local profiles <const> = require "ecr.config.profiles"
local registry_map <const> = require "ecr.registry_map"

local VARIABLE <const> = "ECRLUA_CREDENTIAL_HELPER_CONFIG"
local NAME <const> = "/ecrlua/credential_helper.json"
local MOST <const> = 1024 * 1024             -- bytes
local MISSING <const> = { [2] = true, [20] = true } -- errno: no such file; a folder above is none

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

local function refuse(path, problem)
  return error_object.give{ kind = "config", code = "registry_map",
    message = path .. ": " .. problem }
end

--- The bytes of the file; false when it is not there.
local function read_all(path)
  local handle <close>, problem, number <const> = io.open(path, "rb")
  if not handle and MISSING[number] then return false end
  if not handle then return refuse(path, problem:gsub("^.*: ", "")) end
  local text
  text, problem = handle:read(MOST + 1)
  if problem then return refuse(path, problem) end
  if text and #text > MOST then return refuse(path, "larger than 1 MiB") end
  return text or ""
end

--- The map.
---@return ecr.RegistryMap? empty where there is no file and none was named
---@return ecr.Error? kind "config", code "registry_map"
function file.read()
  local path <const>, named <const> = file.path()
  local text <const>, err <const> = read_all(path)
  if text then return registry_map.parse(text, path) end
  if err then return nil, err end
  if named then return refuse(path, "there is no such file (" .. VARIABLE .. " names it)") end
  return registry_map.empty()
end

return file
