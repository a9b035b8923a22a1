-- SPDX-License-Identifier: MIT
--- Whose credentials a source gives, as far as it can be told without asking anybody: for caches that
--- many processes share. A role is told by its ARN, its external id and who assumes it; keys by a hash
--- of their id. A token that was handed over tells nothing: two of them may be two callers', one of whom
--- the role does not trust. The text is compared and hashed, never read.

local whose <const> = {}

--- What a source says of itself, if it can.
---@param source ecr.CredentialSource
---@return string? nil where only asking tells
function whose.of_source(source)
  if source.untold then return nil end
  if source.identity then return source.identity() end
  local creds <const> = source.at_hand and source.fetch()
  return creds and whose.of_credentials(creds) or nil
end

--- A role that is assumed with what another source gives.
---@param given ecr.RoleOptions
---@param base ecr.CredentialSource
---@return string? nil where only asking tells
function whose.of_role(given, base)
  if base.untold then return nil end
  return table.concat({ "role", given.role_arn, given.external_id or "",
    given.role_session_name or "", whose.of_source(base) or base.title }, "\0")
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
