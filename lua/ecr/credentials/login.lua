-- SPDX-License-Identifier: MIT
--- Credentials of `aws login`: short-lived keys in a file, renewed with a token that changes each
--- time, so that a lost write ends the session. Source: "Login credential provider" in the AWS SDKs
--- and Tools Reference Guide; RFC 9449 (DPoP).

local caller <const> = require "ecr.credentials.caller"
local core <const> = require "ecr.core"
local log <const> = require "ecr.log"
local loop <const> = require "ecr.loop"
local profiles <const> = require "ecr.config.profiles"
local reading <const> = require "ecr.config.reading"
local sealed_json <const> = require "ecr.credentials.sealed_json"
local time_text <const> = require "ecr.time_text"

local CACHE <const> = "~/.aws/login/cache"
local RENEW_BELOW <const> = 300 -- seconds that the keys still live
local LOGIN <const> = "run: aws login --profile %s"

--- Members of the file by our names for them.
local WIRE <const> = { access_token = "accessToken", refresh_token = "refreshToken",
  client_id = "clientId", dpop_key = "dpopKey", id_token = "idToken", token_type = "tokenType",
  access_key_id = "accessKeyId", secret_access_key = "secretAccessKey",
  session_token = "sessionToken", account_id = "accountId", expires_at = "expiresAt" }

---@class ecr.LoginSource
---@field of ecr.CredentialCaller
---@field title string
---@field path string
---@field login string the command that starts a new session

local login <const> = {}

local function log_in_again(self, why)
  return caller.refuse("login_session", "%s: %s; %s", self.title, why, self.login)
end

local function is_there(text)
  return text and #text > 0
end

local function has_keys(keys)
  return keys and is_there(keys.access_key_id) and is_there(keys.secret_access_key)
    and is_there(keys.session_token)
end

local function read_session(self)
  local session <const>, failure <const> = core.read_document(self.path, "login_token")
  if failure then return log_in_again(self, failure.message) end
  if not session then
    return log_in_again(self, "nobody is logged in, there is no " .. self.path)
  end
  if not has_keys(session.access_token) or not session.access_token.expires_at then
    return log_in_again(self, "the file of the session is incomplete")
  end
  return session
end

local function on_the_wire(value)
  if type(value) ~= "table" then return value end
  local made <const> = {}
  for name, item in pairs(value) do
    made[WIRE[name] or name] = name == "expires_at" and time_text(item) or on_the_wire(item)
  end
  return made
end

-- --- renewing ------------------------------------------------------------------------------------

local function can_renew(session)
  return session.refresh_token and session.client_id and session.dpop_key
end

local function ask(self, session)
  local of <const> = self.of
  local address <const>, err <const> = of:address("signin", self.region)
  if not address then return nil, err end
  local url <const> = address.url .. "v1/token"
  local proof <const>, failure <const> = core.dpop(session.dpop_key, url, loop.wall())
  if not proof then return caller.refuse("login_session", "%s", failure.message) end
  return of:send{ service = "signin", operation = "CreateOAuth2Token", method = "POST", url = url,
    region = self.region, headers = { ["Content-Type"] = "application/json", DPoP = proof },
    body = sealed_json{ clientId = session.client_id, grantType = "refresh_token",
      refreshToken = session.refresh_token }, hide = { session.refresh_token },
    sink = "creds:login" }
end

--- The session with what a renewal gave, or nil and an error.
local function renewed_session(session, answer)
  local keys <const> = answer.access_token
  if not has_keys(keys) or not is_there(answer.refresh_token) or not answer.expires_in
    or answer.expires_in <= 0 then
    return caller.refuse("login_session", "the answer lacks keys, their life or the next token")
  end
  local made <const> = {}
  for name, value in pairs(session) do made[name] = value end
  made.access_token = { access_key_id = keys.access_key_id,
    secret_access_key = keys.secret_access_key, session_token = keys.session_token,
    account_id = session.access_token.account_id, expires_at = loop.wall() + answer.expires_in }
  made.refresh_token, made.id_token = answer.refresh_token, answer.id_token or session.id_token
  made.token_type = answer.token_type or session.token_type
  return made
end

--- Nothing is asked while the answer could not be kept: it holds the only way to the next one. Where
--- it then cannot be kept after all, its keys are still the best there are.
local function renew(self, session)
  local writable, failure = core.can_replace(self.path)
  if not writable then return caller.refuse("login_session", "%s", failure.message) end
  local event <const>, err <const> = ask(self, session)
  if not event then return nil, err end
  local made <const>, problem <const> = renewed_session(session, event.value)
  if not made then return nil, problem end
  writable, failure = core.replace_file(self.path, { sealed_json(on_the_wire(made)) })
  if not writable then
    log.write("warn", "%s: the renewed session is lost, it could not be kept: %s; when its keys "
      .. "have expired, %s", self.title, failure.message, self.login)
  end
  return made
end

--- Another process may have renewed it while we tried.
local function usable_session(self)
  local session, err = read_session(self)
  if not session then return nil, err end
  if session.access_token.expires_at - loop.wall() > RENEW_BELOW then return session end
  if can_renew(session) then
    local renewed
    renewed, err = renew(self, session)
    if renewed then return renewed end
    session = read_session(self) or session
  end
  if session.access_token.expires_at > loop.wall() then return session end
  return log_in_again(self, err and "the session could not be renewed (" .. err.message .. ")"
    or "the session has expired")
end

local function fetch(self)
  local session <const>, err <const> = usable_session(self)
  if not session then return nil, err end
  local keys <const> = session.access_token
  return caller.credentials(self.title, { id = keys.access_key_id, key = keys.secret_access_key,
    token = keys.session_token, expires = keys.expires_at, account = keys.account_id,
    source = "login" })
end

--- The session that a profile names.
---@param of ecr.CredentialCaller
---@param profile? ecr.Profile
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function login.open(of, profile)
  local session <const> = profile and profile:get("login_session")
  if not session then return nil, "no login_session" end
  local folder <const> = profiles.expand(reading.variable{ "AWS_LOGIN_CACHE_DIRECTORY" } or CACHE)
  local self <const> = { of = of, title = ("aws login session of %s"):format(profile:place()),
    path = ("%s/%s.json"):format(folder, core.sha256(session)), login = LOGIN:format(profile.name),
    region = of.settings.region or "us-east-1" }
  return { title = self.title, place = "aws login\0" .. session, features = { "AC", "AD" },
    fetch = function() return fetch(self) end }
end

return login
