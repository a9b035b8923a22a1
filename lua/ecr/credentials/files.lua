-- SPDX-License-Identifier: MIT
--- Keys that stand in the shared files themselves.

local caller <const> = require "ecr.credentials.caller"

local files <const> = {}

--- Whether a profile holds keys, in either file.
---@param profile ecr.Profile
---@return boolean
function files.has_keys(profile)
  return profile:get("aws_access_key_id") ~= nil
end

local function keys_of(profile, file)
  local keys <const> = profile[file]
  return keys.aws_access_key_id, keys.aws_secret_access_key,
    keys.aws_session_token or keys.aws_security_token, keys.aws_account_id
end

--- The keys of a profile in one of the files.
---@param _ ecr.CredentialCaller
---@param profile? ecr.Profile
---@param file "credentials"|"config"
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function files.open(_, profile, file)
  if not profile then return nil, "there is no profile" end
  local id <const>, key <const>, token <const>, account <const> = keys_of(profile, file)
  local place <const> = profile:place(file)
  if not id then return nil, ("no aws_access_key_id for %s"):format(place) end
  if not key then
    return caller.refuse("partial_credentials",
      "%s has aws_access_key_id but no aws_secret_access_key", place)
  end
  return { title = place, features = { "n" }, at_hand = true, fetch = function()
    return caller.credentials(place, { id = id, key = key, token = token, account = account,
      source = "profile" })
  end }
end

return files
