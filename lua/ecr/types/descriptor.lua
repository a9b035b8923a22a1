-- SPDX-License-Identifier: MIT
--- What a manifest says of a blob or of another manifest: type, digest, size. Source: "OCI Content
--- Descriptors" in the OCI image specification.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

---@class ecr.Descriptor
---@field media_type string
---@field digest string
---@field size integer bytes
---@field platform? {os: string, architecture: string, variant?: string, os_version?: string}
---@field annotations? table<string, string>
---@field urls? string[] where else it is; the registry does not hold it
---@field artifact_type? string
---@field data? string base64 of the content itself

local REQUIRED <const> = { { "digest", "string" }, { "size", "number" },
  { "media_type", "string" } }
local LISTS <const> = { "layers", "manifests", "blobs" }
local SINGLE <const> = { "config", "subject" }

local descriptor <const> = {}

local function refuse(place, problem)
  return error_object.give{ kind = "protocol", code = "manifest", message = place .. ": "
    .. problem }
end

--- Whether a decoded descriptor has what it must have.
---@param given table
---@param place string where it stands, for the message
---@return true?
---@return ecr.Error? kind "protocol"
function descriptor.check(given, place)
  for _, member in ipairs(REQUIRED) do
    if type(given[member[1]]) ~= member[2] then return refuse(place, member[1] .. " is missing") end
  end
  local ok <const>, failure <const> = core.check_digest(given.digest)
  if not ok then return refuse(place, failure.message) end
  if given.size < 0 then return refuse(place, "a negative size") end
  return true
end

--- Whether all descriptors of a manifest have what they must have.
---@param document table
---@return true?
---@return ecr.Error? kind "protocol"
function descriptor.check_all(document)
  for _, member in ipairs(LISTS) do
    for i, each in ipairs(document[member] or {}) do
      local ok <const>, err <const> = descriptor.check(each, ("%s[%d]"):format(member, i))
      if not ok then return nil, err end
    end
  end
  for _, member in ipairs(SINGLE) do
    if document[member] then
      local ok <const>, err <const> = descriptor.check(document[member], member)
      if not ok then return nil, err end
    end
  end
  return true
end

return descriptor
