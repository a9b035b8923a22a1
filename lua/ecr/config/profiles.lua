-- SPDX-License-Identifier: MIT
--- The files that AWS's tools share: `~/.aws/config` and `~/.aws/credentials`. What may be secret in
--- them arrives sealed. Source: "Shared config and credentials files" in the AWS SDKs and Tools
--- Reference Guide.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

---@class ecr.Profile
---@field name string
---@field config table<string, any> its keys in the config file
---@field credentials table<string, any> its keys in the credentials file
local profile_methods <const> = {}
local profile_mt <const> = { __name = "ecr.profile", __index = profile_methods }

--- The value of a key; the credentials file counts before the config file.
---@param key string
---@return string|userdata|table|nil
---@return string? origin for a message
function profile_methods:get(key)
  local value <const> = self.credentials[key]
  if value ~= nil then return value, self:place("credentials") end
  if self.config[key] ~= nil then return self.config[key], self:place("config") end
end

--- Where the profile stands, for a message.
---@param file? "config"|"credentials"
---@return string
function profile_methods:place(file)
  if not file then return ("profile %s"):format(self.name) end
  return ("profile %s in %s"):format(self.name, self.paths[file])
end

---@class ecr.Profiles
---@field paths {config: string, credentials: string} where the files are, or would be
local profiles_methods <const> = {}
local profiles_mt <const> = { __name = "ecr.profiles", __index = profiles_methods }

--- What is secret in the files; everything else that is read is a line of text.
local SECRETS <const> = { aws_secret_access_key = true, aws_session_token = true,
  aws_security_token = true }

--- Keys of other tools may hold what they like; ours are sealed too when they have several lines,
--- because a key may have slipped into them.
local OURS <const> = { "region", "role_arn", "source_profile", "credential_source", "external_id",
  "role_session_name", "duration_seconds", "mfa_serial", "web_identity_token_file", "sso_session",
  "sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "login_session",
  "credential_process", "aws_access_key_id", "aws_account_id", "services", "endpoint_url" }

local function check_texts(values, place)
  for _, key in ipairs(OURS) do
    local value <const> = values[key]
    if value ~= nil and type(value) ~= "string" then
      return error_object.give{ kind = "config", code = "config_file",
        message = ("%s: %s must be one line of text"):format(place, key) }
    end
  end
  for key in pairs(SECRETS) do
    if type(values[key]) == "table" then
      return error_object.give{ kind = "config", code = "config_file",
        message = ("%s: %s must be one line of text"):format(place, key) }
    end
  end
  return true
end

local EMPTY <const> = setmetatable({}, { __newindex = function() error("read only", 2) end })

--- A profile, of both files together.
---@param name string
---@return ecr.Profile? nil when neither file has it
---@return ecr.Error? kind "config": it has a value that cannot be one
function profiles_methods:find(name)
  local config <const> = self.config.profile and self.config.profile[name]
  local credentials <const> = self.credentials.profile and self.credentials.profile[name]
  if not config and not credentials then return nil end
  local made <const> = setmetatable({ name = name, config = config or EMPTY,
    credentials = credentials or EMPTY, paths = self.paths }, profile_mt)
  for _, file in ipairs{ "config", "credentials" } do
    local fine <const>, err <const> = check_texts(made[file], made:place(file))
    if not fine then return nil, err end
  end
  return made
end

--- A section of the config file that profiles refer to.
---@param kind "sso-session"|"services"
---@param name string
---@return table<string, any>?
---@return ecr.Error? kind "config"
function profiles_methods:section(kind, name)
  local section <const> = (self.config[kind] or EMPTY)[name]
  if not section then return nil end
  local fine <const>, err <const> = check_texts(section, ("%s %s in %s"):format(kind, name,
    self.paths.config))
  if not fine then return nil, err end
  return section
end

--- The names of all profiles, in order.
---@return string[]
function profiles_methods:names()
  local seen <const>, names <const> = {}, {}
  for _, file in ipairs{ self.config, self.credentials } do
    for name in pairs(file.profile or EMPTY) do
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
    end
  end
  table.sort(names)
  return names
end

local profiles <const> = {}

--- A path with `~` at its start put in full.
---@param path string
---@return string
function profiles.expand(path)
  local home <const> = os.getenv("HOME")
  if home and path:find("^~") and (path == "~" or path:sub(2, 2) == "/") then
    return home .. path:sub(2)
  end
  return path
end

local function path_of(variable, otherwise)
  local named <const> = os.getenv(variable)
  return profiles.expand(named and named ~= "" and named or otherwise)
end

--- Reads both files; one that is not there is empty.
---@return ecr.Profiles?
---@return ecr.Error? kind "config", code "config_file": it cannot be read, or breaks the grammar
function profiles.read()
  local self <const> = setmetatable({}, profiles_mt)
  self.paths = { config = path_of("AWS_CONFIG_FILE", "~/.aws/config"),
    credentials = path_of("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials") }
  for kind, path in pairs(self.paths) do
    local sections <const>, failure <const> = core.read_ini(path, kind)
    if failure then return error_object.of_failure(failure) end
    self[kind] = sections or EMPTY
  end
  return self
end

--- No files, for clients that are answered by a simulator or a recording.
---@return ecr.Profiles
function profiles.none()
  return setmetatable({ config = EMPTY, credentials = EMPTY,
    paths = { config = "(not read)", credentials = "(not read)" } }, profiles_mt)
end

return profiles
