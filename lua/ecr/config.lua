-- SPDX-License-Identifier: MIT
--- Settings of a client: code before command line before environment before default, each with its
--- origin. A mistyped option is told what was meant; a value that cannot be is an error before
--- anything is sent.

local check <const> = require "ecr.check"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local flags <const> = require "ecr.flags"
local log <const> = require "ecr.log"

---@class ecr.ClientOptions what `ecr.client` takes; all of it may be left out
---@field region? string
---@field registry_id? string twelve digits; goes with every call that takes one
---@field endpoint_url? string
---@field timeout? number seconds for one attempt (30)
---@field connect_timeout? number seconds of these until the connection stands (5)
---@field max_retries? integer repetitions after the first attempt (3)
---@field ca_bundle? string file or hashed directory, trusted instead of the system's
---@field proxy? string URL; "" for none, whatever the environment says
---@field access_key_id? string
---@field secret_access_key? string|userdata a string or an `ecr.secret`
---@field session_token? string|userdata
---@field sim? string path of a scenario
---@field record? string path of a recording to write
---@field replay? string path of a recording to be answered from
---@field transport? table a transport of the caller's (see the seam)

---@class ecr.Config: ecr.ClientOptions settled
---@field timeout number
---@field connect_timeout number
---@field max_retries integer
---@field public_endpoint_url? string
---@field origin table<string, string> where each setting came from

--- Every option: where else it comes from (first one that is set and not empty wins) and its check.
local OPTIONS <const> = {
  region = { flag = "region", environment = { "AWS_REGION", "AWS_DEFAULT_REGION" },
    type = "string" },
  registry_id = { type = "string" },
  endpoint_url = { flag = "endpoint_url", type = "string",
    environment = { "AWS_ENDPOINT_URL_ECR", "ECR_ENDPOINT_URL", "AWS_ENDPOINT_URL" } },
  timeout = { flag = "timeout", type = "number", default = 30 },
  connect_timeout = { type = "number", default = 5 },
  max_retries = { flag = "max_retries", type = "integer", default = 3 },
  ca_bundle = { environment = { "AWS_CA_BUNDLE" }, type = "string" },
  proxy = { type = "string" },
  access_key_id = { type = "string" },
  secret_access_key = { type = "secret" },
  session_token = { type = "secret" },
  profile = { flag = "profile", environment = { "AWS_PROFILE" }, type = "string" },
  sim = { flag = "sim", type = "string" },
  record = { flag = "record", type = "string" },
  replay = { flag = "replay", type = "string" },
  transport = { type = "table" },
  public_endpoint_url = { environment = { "AWS_ENDPOINT_URL_ECR_PUBLIC", "AWS_ENDPOINT_URL" },
    type = "string" },
}

local config <const> = {}

local function refuse(message, code)
  return error_object.give{ kind = "config", code = code, message = message }
end

local function from_environment(names)
  for _, name in ipairs(names or {}) do
    local value <const> = os.getenv(name)
    if value and value ~= "" then return value, name end
  end
end

local function from_text(option, text)
  if option.type == "number" then return tonumber(text) end
  if option.type == "integer" then return math.tointeger(tonumber(text)) end
  return text
end

local function has_type(option, value)
  if option.type == "secret" then
    return type(value) == "string" or type(value) == "userdata"
  end
  if option.type == "integer" then return math.type(value) == "integer" end
  return type(value) == option.type
end

--- The value of one setting and where it came from, or nil and an error.
local function resolve(name, option, given)
  local value, origin = given, "code"
  if value == nil and option.flag and flags[option.flag] then
    origin = "--" .. (option.flag == "max_retries" and "retries" or option.flag:gsub("_", "-"))
    value = from_text(option, flags[option.flag])
    if value == nil then
      return refuse(("%s: %q is no number"):format(origin, flags[option.flag]), name)
    end
  end
  if value == nil then
    local text <const>, variable <const> = from_environment(option.environment)
    if text then value, origin = from_text(option, text), variable end
  end
  if value == nil then return option.default, "default" end
  if not has_type(option, value) then
    return refuse(("%s must be a %s, not a %s"):format(name, option.type, type(value)), name)
  end
  return value, origin
end

local function check_names(options)
  for name in pairs(options) do
    if not OPTIONS[name] then
      return refuse(check.unknown("option", name, OPTIONS), "unknown_option")
    end
  end
  return true
end

--- Said at the same place; a replay of a script that names a scenario itself is none of it.
local function check_replay(made)
  for _, other in ipairs{ "sim", "record" } do
    local together <const> = made.replay and made[other]
    if together and (made.origin.replay == "code") == (made.origin[other] == "code") then
      return refuse(("replay and %s cannot be used together"):format(other), "replay")
    end
  end
  return true
end

local function check_values(made)
  if made.region and not endpoint.is_region(made.region) then
    return refuse(("%q (from %s) is no AWS region (such as us-east-1)"):format(made.region,
      made.origin.region), "region")
  end
  if made.registry_id and not made.registry_id:find("^%d%d%d%d%d%d%d%d%d%d%d%d$") then
    return refuse(("registry_id must be twelve digits, not %q"):format(made.registry_id),
      "registry_id")
  end
  for _, name in ipairs{ "timeout", "connect_timeout" } do
    if not (made[name] > 0 and made[name] <= 86400) then
      return refuse(name .. " must be more than 0 and at most 86400 seconds", name)
    end
  end
  if not (made.max_retries >= 0 and made.max_retries <= 100) then
    return refuse("max_retries must be from 0 to 100", "max_retries")
  end
  local ok <const>, problem <const> = check_replay(made)
  if not ok then return nil, problem end
  if flags.log and not log.is_level(flags.log) then
    return refuse(("--log: %q is none of error, warn, info, debug"):format(flags.log), "log")
  end
  for _, name in ipairs{ "endpoint_url", "public_endpoint_url" } do
    if made[name] then
      local url <const>, err <const> = endpoint.check(made[name], made.origin[name])
      if not url then return nil, err end
    end
  end
  return true
end

--- Settings out of an options table, the command line and the environment.
---@param options? table
---@return ecr.Config?
---@return ecr.Error? kind "config"
function config.new(options)
  options = options or {}
  local ok, err = check_names(options)
  if not ok then return nil, err end
  local made <const> = { origin = {} }
  for name, option in pairs(OPTIONS) do
    local value, origin = resolve(name, option, options[name])
    if error_object.is(origin) then return nil, origin end
    made[name] = value
    made.origin[name] = origin
  end
  ok, err = check_values(made)
  if not ok then return nil, err end
  return made
end

return config
