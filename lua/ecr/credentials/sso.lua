-- SPDX-License-Identifier: MIT
--- Credentials of IAM Identity Center: a token that `aws sso login` keeps in a file, renewed where it
--- can be, and a role's credentials for it. Source: "IAM Identity Center credential provider" in the
--- AWS SDKs and Tools Reference Guide.

local caller <const> = require "ecr.credentials.caller"
local core <const> = require "ecr.core"
local log <const> = require "ecr.log"
local loop <const> = require "ecr.loop"
local profiles <const> = require "ecr.config.profiles"
local sealed_json <const> = require "ecr.credentials.sealed_json"
local time_text <const> = require "ecr.time_text"

local CACHE <const> = "~/.aws/sso/cache/"
local RENEW_BELOW <const> = 900 -- seconds that a token still lives
local PAUSE <const> = 30        -- seconds after a renewal that failed

--- Members of the file by our names for them.
local WIRE <const> = { access_token = "accessToken", expires_at = "expiresAt",
  refresh_token = "refreshToken", client_id = "clientId", client_secret = "clientSecret",
  registration_expires_at = "registrationExpiresAt", start_url = "startUrl", region = "region" }
local TIMES <const> = { expires_at = true, registration_expires_at = true }

---@class ecr.SsoSettings
---@field title string
---@field key string what the file's name is made of
---@field region string
---@field account_id string
---@field role_name string
---@field renewable boolean a session's token can be renewed
---@field login string the command that gets a new token

local sso <const> = {}

-- --- what the profile says -----------------------------------------------------------------------

local KEYS <const> = { "sso_session", "sso_start_url", "sso_account_id", "sso_role_name" }

local function says_sso(profile)
  for _, key in ipairs(KEYS) do
    if profile:get(key) then return true end
  end
  return false
end

local function session_of(of, profile, title, name)
  local section <const>, err <const> = of.settings.profiles:section("sso-session", name)
  if err then return nil, err end
  if not section then
    return caller.misconfigured("%s: there is no sso-session %q in %s", title, name,
      of.settings.profiles.paths.config)
  end
  for _, key in ipairs{ "sso_region", "sso_start_url" } do
    local own <const> = profile:get(key)
    if not section[key] then
      return caller.misconfigured("%s: the sso-session %q has no %s", title, name, key)
    elseif own and own ~= section[key] then
      return caller.misconfigured("%s: %s differs between the profile and the sso-session %q",
        title, key, name)
    end
  end
  return section
end

local function read_settings(of, profile)
  local title <const> = ("IAM Identity Center (%s)"):format(profile:place())
  local name <const> = profile:get("sso_session")
  local where, err = { sso_region = profile:get("sso_region"),
    sso_start_url = profile:get("sso_start_url") }, nil
  if name then where, err = session_of(of, profile, title, name) end
  if not where then return nil, err end
  local made <const> = { title = title, key = name or where.sso_start_url,
    region = where.sso_region, account_id = profile:get("sso_account_id"),
    role_name = profile:get("sso_role_name"), renewable = name ~= nil,
    login = name and "aws sso login --sso-session " .. name
      or "aws sso login --profile " .. profile.name }
  for key, value in pairs{ sso_account_id = made.account_id or false, sso_region = made.region
    or false, sso_role_name = made.role_name or false, sso_start_url = made.key or false } do
    if not value then return caller.misconfigured("%s: there is no %s", title, key) end
  end
  return made
end

-- --- the token -----------------------------------------------------------------------------------

local function log_in_again(settings, why)
  return caller.refuse("sso_token", "%s: %s; run: %s", settings.title, why, settings.login)
end

local function path_of(settings)
  return profiles.expand(CACHE .. core.sha1(settings.key) .. ".json")
end

local function read_token(settings)
  local path <const> = path_of(settings)
  local token <const>, failure <const> = core.read_document(path, "sso_token")
  if failure then return log_in_again(settings, failure.message) end
  if not token then return log_in_again(settings, "nobody is logged in, there is no " .. path) end
  if not token.access_token or not token.expires_at then
    return log_in_again(settings, "the file of the token is incomplete")
  end
  return token
end

local function write_token(settings, token)
  local document <const> = {}
  for name, value in pairs(token) do
    document[WIRE[name] or name] = TIMES[name] and time_text(value) or value
  end
  local done <const>, failure <const> = core.replace_file(path_of(settings),
    { sealed_json(document) })
  if not done then
    log.write("warn", "%s: the renewed token is not kept: %s", settings.title, failure.message)
  end
end

local function can_renew(settings, token, now)
  return settings.renewable and token.refresh_token and token.client_id and token.client_secret
    and token.registration_expires_at and token.registration_expires_at > now
end

--- A new token for the old one, or nil and an error.
local function renew(of, settings, token)
  local address <const>, err <const> = of:address("sso-oidc", settings.region)
  if not address then return nil, err end
  local event <const>, problem <const> = of:send{ service = "sso-oidc", operation = "CreateToken",
    method = "POST", url = address.url .. "token", region = settings.region,
    headers = { ["Content-Type"] = "application/json" },
    body = sealed_json{ grantType = "refresh_token", clientId = token.client_id,
      clientSecret = token.client_secret, refreshToken = token.refresh_token },
    hide = { token.client_secret, token.refresh_token }, sink = "creds:oidc" }
  if not event then return nil, problem end
  local answer <const> = event.value
  if not answer.access_token or not answer.expires_in or answer.expires_in <= 0 then
    return caller.refuse("sso_token", "the answer lacks the token or its life")
  end
  local renewed <const> = {}
  for name, value in pairs(token) do renewed[name] = value end
  renewed.access_token, renewed.expires_at = answer.access_token, loop.wall() + answer.expires_in
  renewed.refresh_token = answer.refresh_token or token.refresh_token
  return renewed
end

--- The token, renewed if that is due. One that is still valid is used when it cannot be.
local function usable_token(self, of)
  local settings <const> = self.settings
  local token, err = read_token(settings)
  if not token then return nil, err end
  local now <const> = loop.wall()
  local due <const> = token.expires_at - now < RENEW_BELOW
  if due and can_renew(settings, token, now) and now >= (self.retry_at or 0) then
    local renewed
    renewed, err = renew(of, settings, token)
    if renewed then
      write_token(settings, renewed)
      token = renewed
    else
      self.retry_at = now + PAUSE
    end
  end
  if token.expires_at > now then return token end
  return log_in_again(settings, err and "the token has expired and could not be renewed ("
    .. err.message .. ")" or "the token has expired")
end

-- --- the credentials -----------------------------------------------------------------------------

local function advice(settings, kind)
  if kind == "auth" then return "log in again: " .. settings.login end
  if kind ~= "denied" and kind ~= "not_found" then return nil end
  return ("the role %s of account %s may not be assigned to you; or log in again: %s"):format(
    settings.role_name, settings.account_id, settings.login)
end

local function encoded(text)
  return (text:gsub("[^%w._~-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function ask_for_credentials(of, settings, token)
  local address <const>, err <const> = of:address("sso", settings.region)
  if not address then return nil, err end
  local event <const>, problem <const> = of:send{ service = "sso",
    operation = "GetRoleCredentials", method = "GET", region = settings.region,
    url = ("%sfederation/credentials?role_name=%s&account_id=%s"):format(address.url,
      encoded(settings.role_name), encoded(settings.account_id)),
    headers = { ["x-amz-sso_bearer_token"] = token.access_token }, sink = "creds:sso" }
  if event then return event.value.role_credentials or {} end
  return caller.wrap(settings.title, problem, advice(settings, problem.kind))
end

local function fetch(self, of)
  local settings <const> = self.settings
  local token, err = usable_token(self, of)
  if not token then return nil, err end
  if not token.access_token:is_header() then
    return log_in_again(settings, "the token holds a character that no header has")
  end
  local keys
  keys, err = ask_for_credentials(of, settings, token)
  if not keys then return nil, err end
  return caller.temporary_credentials(settings.title, { id = keys.access_key_id,
    key = keys.secret_access_key, token = keys.session_token,
    expires = keys.expiration and keys.expiration / 1000, account = settings.account_id,
    source = "sso" })
end

--- The role that a profile names.
---@param of ecr.CredentialCaller
---@param profile? ecr.Profile
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function sso.open(of, profile)
  if not profile or not says_sso(profile) then return nil, "no sso_session or sso_start_url" end
  local settings <const>, err <const> = read_settings(of, profile)
  if not settings then return nil, err end
  local self <const> = { settings = settings }
  local place <const> = table.concat({ "IAM Identity Center", settings.key, settings.account_id,
    settings.role_name }, "\0")
  return { title = settings.title, place = place, untold = true, -- keys are new each time
    features = settings.renewable and { "r", "s" } or { "t", "u" },
    fetch = function() return fetch(self, of) end }
end

return sso
