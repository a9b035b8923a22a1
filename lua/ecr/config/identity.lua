-- SPDX-License-Identifier: MIT
--- Who a client is, as its options say: the `auth_*` settings, checked and in one form. Lengths and
--- letters: the STS API Reference, `AssumeRole` and `AssumeRoleWithWebIdentity`.

local check <const> = require "ecr.check"
local reading <const> = require "ecr.config.reading"

---@class ecr.Identity
---@field static? {access_key_id: string, secret_access_key: string|userdata, session_token?: string|userdata}
---@field web_identity? ecr.RoleOptions with `web_identity_token_file` or `web_identity_token`
---@field role? ecr.RoleOptions assumed with what the others give

---@class ecr.RoleOptions names as in a profile of the shared files
---@field role_arn string
---@field role_session_name? string
---@field external_id? string
---@field duration_seconds? integer
---@field mfa_serial? string
---@field web_identity_token_file? string
---@field web_identity_token? userdata sealed: the token itself, which nobody renews

local identity <const> = {}

local function refuse(message, ...)
  return reading.refuse("auth", message, ...)
end

local ROLE_KEYS <const> = { role_arn = "string", role_session_name = "string",
  external_id = "string", duration_seconds = "integer", mfa_serial = "string" }
local WEB_KEYS <const> = { role_arn = "string", role_session_name = "string",
  web_identity_token_file = "string", web_identity_token = "userdata",
  duration_seconds = "integer" }
local ROLE_VARIABLES <const> = { role_arn = "AWS_ROLE_ARN",
  role_session_name = "AWS_ROLE_SESSION_NAME" }
local STATIC_KEYS <const> = { "access_key_id", "secret_access_key", "session_token" }
local STATIC_NAMES <const> = { access_key_id = true, secret_access_key = true,
  session_token = true }

--- Length and letters by key.
local RULES <const> = {
  role_arn = { 20, 2048 },
  role_session_name = { 2, 64, "^[%w_+=,.@-]*$" },
  external_id = { 2, 1224, "^[%w_+=,.@:/-]*$" },
  mfa_serial = { 9, 256, "^[%w_+=/:,.@-]*$" },
}

local function check_text(key, text)
  local rule <const> = RULES[key]
  if not rule then return true end
  if #text < rule[1] or #text > rule[2] then
    return refuse("%s must have %d to %d characters", key, rule[1], rule[2])
  end
  if rule[3] and not text:find(rule[3]) then
    return refuse("%s holds a character that STS does not take", key)
  end
  return true
end

--- Checks the parameters of a role, wherever they come from.
---@param role ecr.RoleOptions
---@return ecr.RoleOptions?
---@return ecr.Error? kind "config"
function identity.check_role(role)
  if not role.role_arn then return refuse("a role to assume needs its role_arn") end
  for key in pairs(RULES) do
    if role[key] then
      local fine <const>, err <const> = check_text(key, role[key])
      if not fine then return nil, err end
    end
  end
  local seconds <const> = role.duration_seconds
  if seconds and (seconds < 900 or seconds > 43200) then
    return refuse("duration_seconds must be from 900 to 43200, not %d", seconds)
  end
  return role
end

local function from_environment(keys)
  local role <const> = {}
  for key, variable in pairs(keys) do
    role[key] = reading.variable{ variable }
  end
  return role
end

--- A role as text, as a table, or (true) out of AWS_ROLE_ARN, which AWS's tools read only together
--- with a token file: here it was asked for.
local function read_role(given)
  if given == true then
    given = from_environment(ROLE_VARIABLES)
    if not given.role_arn then
      return refuse("auth_assume_role without a role takes it from AWS_ROLE_ARN, which is not set")
    end
  end
  if type(given) == "string" then given = { role_arn = given } end
  local ok <const>, err <const> = check.options(given, ROLE_KEYS)
  if not ok then return refuse("auth_assume_role: %s", err.message) end
  return identity.check_role(given)
end

local function read_web_identity(given)
  if given == true then
    given = from_environment(ROLE_VARIABLES)
    given.web_identity_token_file = reading.variable{ "AWS_WEB_IDENTITY_TOKEN_FILE" }
  elseif type(given) == "table" and given[1] then
    given = { role_arn = given[1], web_identity_token_file = given[2] }
  end
  local ok <const>, err <const> = check.options(given, WEB_KEYS)
  if not ok then return refuse("auth_web_identity: %s", err.message) end
  local file <const>, token <const> = given.web_identity_token_file, given.web_identity_token
  if not given.role_arn or not (file or token) then
    return refuse("auth_web_identity needs role_arn and web_identity_token_file")
  end
  if file and token then
    return refuse("auth_web_identity takes web_identity_token_file or web_identity_token, not both")
  end
  return identity.check_role(given)
end

local function is_secret(value)
  return type(value) == "string" or type(value) == "userdata"
end

--- Keys by position or by name, or as the three options that say the same.
local function read_static(options)
  local given <const> = options.auth_static or options
  for key in pairs(options.auth_static or {}) do
    if not STATIC_KEYS[key] and not STATIC_NAMES[key] then
      return refuse("auth_static: %s", check.unknown("option", key, STATIC_NAMES))
    end
  end
  local keys <const> = {}
  for i, name in ipairs(STATIC_KEYS) do
    keys[name] = given[name]
    if given == options.auth_static and given[i] ~= nil then keys[name] = given[i] end
  end
  if type(keys.access_key_id) ~= "string" then return refuse("access_key_id must be a string") end
  if keys.secret_access_key == nil then
    return refuse("access_key_id was given without secret_access_key")
  end
  for _, name in ipairs{ "secret_access_key", "session_token" } do
    if keys[name] ~= nil and not is_secret(keys[name]) then
      return refuse("%s must be a string or an ecr.secret, not a %s", name, type(keys[name]))
    end
  end
  return keys
end

local function says_static(options)
  for _, name in ipairs(STATIC_KEYS) do
    if options[name] ~= nil then return name end
  end
end

local function check_contradictions(options)
  local loose <const> = says_static(options)
  if options.auth_static and loose then
    return refuse("auth_static and %s say the same thing: give one", loose)
  end
  local bases <const> = {}
  if options.auth_static or loose then bases[#bases + 1] = "auth_static" end
  if options.auth_web_identity then bases[#bases + 1] = "auth_web_identity" end
  if options.auth_default_chain then bases[#bases + 1] = "auth_default_chain" end
  if #bases > 1 then
    return refuse("%s and %s contradict each other", bases[1], bases[2])
  end
  return true
end

--- The identity that a client's options ask for; an empty one is the default chain.
---@param options table
---@return ecr.Identity?
---@return ecr.Error? kind "config", code "auth"
function identity.new(options)
  local ok, err = check_contradictions(options)
  if not ok then return nil, err end
  local made <const> = {}
  if options.auth_static or says_static(options) then
    made.static, err = read_static(options)
    if not made.static then return nil, err end
  end
  if options.auth_web_identity then
    made.web_identity, err = read_web_identity(options.auth_web_identity)
    if not made.web_identity then return nil, err end
  end
  if options.auth_assume_role then
    made.role, err = read_role(options.auth_assume_role)
    if not made.role then return nil, err end
  end
  return made
end

return identity
