-- SPDX-License-Identifier: MIT
--- Whose credentials a source gives, as text, for caches that many processes share: told apart by it,
--- never read. A role is its ARN, its external id, its session's name and who assumes it; keys are a
--- hash of their id. It must be told of the very source that a call would use: a broken one tells
--- nothing, so that nobody finds what is another's.

local whose <const> = {}

--- The source that is, or would be, used: of a chain the one in it. `asked` = its credentials are in
--- use already, and what it would fetch now may be others.
local function behind(source)
  if not source.peek then return source, false end
  local inner <const>, asked <const> = source.peek()
  return inner, asked == true
end

local function tell(source, asked)
  if not source then return nil end
  if source.untold then return nil, true end
  if source.identity then return source.identity() end
  if asked or not source.at_hand then return nil end
  local creds <const> = source.fetch()
  return creds and whose.of_credentials(creds) or nil
end

--- What a source says of itself, if it can without being asked for credentials.
---@param source ecr.CredentialSource
---@return string? nil where only asking tells
---@return boolean? never it does not even then: what it gives is new each time, or proves nothing
function whose.of_source(source)
  return tell(behind(source))
end

--- What a source that a role is assumed with says of itself, or of the place where it is configured.
---@param source ecr.CredentialSource
---@return string?
---@return boolean? never
function whose.of_base(source)
  local inner <const>, asked <const> = behind(source)
  if inner and inner.place then return inner.place end
  return tell(inner, asked)
end

--- A role that is assumed.
---@param given ecr.RoleOptions
---@param by string who assumes it
---@return string
function whose.of_role(given, by)
  return table.concat({ "role", given.role_arn, given.external_id or "",
    given.role_session_name or "", by }, "\0")
end

--- A role that is assumed with a token file.
---@param role ecr.RoleOptions
---@return string
function whose.of_web_identity(role)
  return table.concat({ "web identity", role.role_arn, role.role_session_name or "",
    role.web_identity_token_file }, "\0")
end

--- Credentials that somebody was asked for.
---@param creds userdata
---@return string
function whose.of_credentials(creds)
  return "key " .. creds:key_hash()
end

return whose
