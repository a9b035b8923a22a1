-- SPDX-License-Identifier: MIT
--- Credentials out of environment variables, and those given in code.

local caller <const> = require "ecr.credentials.caller"
local core <const> = require "ecr.core"

local TITLE <const> = "environment variables"

local environment <const> = {}

local function fetch()
  local creds <const>, failure <const> = core.creds_environment()
  if creds then return creds end
  if failure then return caller.refuse(failure.code, "%s: %s", TITLE, failure.message) end
  return nil, "AWS_ACCESS_KEY_ID is not set"
end

--- The keys that the environment holds.
---@param of ecr.CredentialCaller
---@return ecr.CredentialSource?
---@return string? why not
function environment.open(of)
  if of.named then return nil, "a profile was asked for by name" end
  return environment.anyway()
end

--- The same where a profile says `credential_source = Environment`.
---@return ecr.CredentialSource
function environment.anyway()
  return { title = TITLE, fetch = fetch, features = { "g" }, at_hand = true }
end

--- Keys that were given in code.
---@param keys {access_key_id: string, secret_access_key: any, session_token: any}
---@return ecr.CredentialSource
function environment.given(keys)
  local title <const> = "credentials given in code"
  return { title = title, features = { "e" }, at_hand = true, fetch = function()
    return caller.credentials(title, { id = keys.access_key_id, key = keys.secret_access_key,
      token = keys.session_token, source = "static" })
  end }
end

return environment
