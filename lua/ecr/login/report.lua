-- SPDX-License-Identifier: MIT
--- What came of logins: a line for each, or a JSON document. Pure; nothing secret is in either.

local json <const> = require "ecr.json"
local printable <const> = require "ecr.printable"
local time_text <const> = require "ecr.time_text"

local report <const> = {}

--- A row that went well.
---@param row ecr.LoginRow
---@param did? "helper"|"logout" what was done instead of logging in
---@param helper? string its name
---@return string
function report.line(row, did, helper)
  if did == "helper" or row.helped then
    return ("docker-credential-%s is asked for %s"):format(helper, row.registry)
  end
  if did == "logout" then
    return (row.found and "logged out of " or "was not logged in to ") .. row.registry
  end
  return ("logged in to %s until %s"):format(row.registry, time_text(row.creds.expires_at))
end

--- A row that did not: where, as whom, and why.
---@param row ecr.LoginRow
---@return string
function report.failure(row)
  local place <const> = row.registry or "the registry in " .. row.region
  local role <const> = row.role and " as " .. printable(row.role) or ""
  return ("%s%s: %s"):format(place, role, tostring(row.error))
end

--- All rows as JSON text, a list.
---@param rows ecr.LoginRow[]
---@return string
function report.document(rows)
  local made <const> = json.list()
  for i, row in ipairs(rows) do
    local err <const> = row.error
    made[i] = { registry = row.registry, region = row.region, role = row.role, ok = not err,
      expires_at = not err and row.creds and time_text(row.creds.expires_at) or nil,
      error = err and { kind = err.kind, code = err.code, message = err.message } or nil }
  end
  return json.encode(made)
end

return report
