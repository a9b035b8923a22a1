-- SPDX-License-Identifier: MIT
--- Reading one setting: who says something of it, and whether that can be its value. An empty
--- variable says nothing.

local error_object <const> = require "ecr.error"
local flags <const> = require "ecr.flags"

local reading <const> = {}

--- `nil` and an error that names the setting as its code.
---@param code string
---@param message string
---@param ... any
---@return nil
---@return ecr.Error kind "config"
function reading.refuse(code, message, ...)
  return error_object.give{ kind = "config", code = code, message = message:format(...) }
end
local refuse <const> = reading.refuse

--- The first of these variables that is set and not empty, with its name.
---@param names? string[]
---@return string?
---@return string? name
function reading.variable(names)
  for _, name in ipairs(names or {}) do
    local value <const> = os.getenv(name)
    if value and value ~= "" then return value, name end
  end
end

local BOOLEANS <const> = { ["true"] = true, ["false"] = false }

--- The value that a text stands for, or nil and what it should be.
local function from_text(setting, text)
  if setting.type == "boolean" then
    return BOOLEANS[text:lower()], "neither true nor false"
  elseif setting.type == "number" then
    return tonumber(text), "no number"
  elseif setting.type == "integer" then
    return math.tointeger(tonumber(text)), "no number"
  end
  return text
end

local function is_one_of(choices, value)
  for _, choice in ipairs(choices) do
    if choice == value then return true end
  end
  return false
end

local function read_text(name, setting, text, origin)
  local value <const>, wrong <const> = from_text(setting, text)
  if value == nil then return refuse(name, "%s (from %s): %q is %s", name, origin, text, wrong) end
  if setting.counts_attempts and origin ~= setting.said then
    if value < 1 then return refuse(name, "%s must be at least 1, not %s", origin, text) end
    return value - 1, origin
  end
  return value, origin
end

--- What the flag, the environment or the profile say, as text, and who said it; nil = nobody.
local function find_text(setting, profile)
  if setting.flag and flags[setting.flag] then
    return flags[setting.flag], setting.said or "--" .. setting.flag:gsub("_", "-")
  end
  local text, origin = reading.variable(setting.environment)
  if text then return text, origin end
  if not setting.profile or not profile then return nil end
  text, origin = profile:get(setting.profile)
  if text == "" then return nil end
  return text, origin
end

local function has_type(setting, value)
  if setting.type == "any" then return true end
  if setting.type == "integer" then return math.type(value) == "integer" end
  return type(value) == setting.type
end

local function check_value(name, setting, value, origin)
  if not has_type(setting, value) then
    return refuse(name, "%s must be a %s, not a %s", name, setting.type, type(value))
  end
  if not setting.choices then return value, origin end
  value = value:lower()
  if is_one_of(setting.choices, value) then return value, origin end
  return refuse(name, "%s (from %s): %q is none of %s", name, origin, value,
    table.concat(setting.choices, ", "))
end

--- The value of one setting and where it came from, or nil and an error.
---@param name string
---@param setting ecr.Setting
---@param given any what code says
---@param profile? ecr.Profile
---@return any value nil when nobody says anything and there is no default
---@return string|ecr.Error origin
function reading.setting(name, setting, given, profile)
  if given ~= nil then return check_value(name, setting, given, "code") end
  local text <const>, origin = find_text(setting, profile)
  if text == nil then return setting.default, "default" end
  if type(text) ~= "string" then return refuse(name, "%s (from %s) is no text", name, origin) end
  local value
  value, origin = read_text(name, setting, text, origin)
  if value == nil then return nil, origin end
  return check_value(name, setting, value, origin)
end

return reading
