-- SPDX-License-Identifier: MIT
--- Calls that take up to a hundred image ids: any number is cut into such calls. What fails is told
--- for each id, inside an answer that succeeded.

local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local name <const> = require "ecr.name"

local MOST_IDS <const> = 100 -- of one call

--- Every manifest type: with fewer the service may translate a manifest asked for by tag.
local MEDIA_TYPES <const> = {
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.v1+json",
}
local EXTRA <const> = { BatchGetImage = { accepted_media_types = MEDIA_TYPES } }

--- What a failure code of a batch means.
local KINDS <const> = {
  ImageNotFound = "not_found", InvalidImageDigest = "input", InvalidImageTag = "input",
  MissingDigestAndTag = "input", ImageTagDoesNotMatchDigest = "conflict",
  ImageReferencedByManifestList = "conflict", KmsError = "denied",
  UpstreamAccessDenied = "denied", UpstreamTooManyRequests = "throttled",
  UpstreamUnavailable = "server", ImageInaccessible = "conflict",
}

---@class ecr.ImageFailure
---@field image_id ecr.ImageIdentifier
---@field failure_code string the service's
---@field failure_reason? string
---@field error ecr.Error the same as an error object

local batch <const> = {}

--- Adds the failures of an answer, each with an error object.
---@param into ecr.ImageFailure[]
---@param failures? table[]
---@param operation string
function batch.add_failures(into, failures, operation)
  for _, failure in ipairs(failures or {}) do
    failure.error = error_object.new{ kind = KINDS[failure.failure_code] or "protocol",
      code = failure.failure_code, operation = operation,
      message = failure.failure_reason or "the service gave no reason" }
    into[#into + 1] = failure
  end
end

--- Whether a table has nothing but 1..n: whatever else is in it would be passed over.
local function is_list(ids)
  if type(ids) ~= "table" then return false end
  local count = 0
  for _ in pairs(ids) do count = count + 1 end
  return count == #ids
end

--- The ids as the API wants them, checked, a hundred each.
---@param repository string
---@param ids table[]
---@return table[][]?
---@return ecr.Error? kind "input"
function batch.chunks(repository, ids)
  local chunks <const> = {}
  if not is_list(ids) then
    return error_object.give{ kind = "input", code = "ids",
      message = "ids must be a list: { {tag = ...}, {digest = ...}, ... }" }
  end
  for i, id in ipairs(ids) do
    local named <const>, err <const> = name.image(repository, id)
    if not named then
      err.message = ("ids[%d]: %s"):format(i, err.message)
      return nil, err
    end
    if (i - 1) % MOST_IDS == 0 then chunks[#chunks + 1] = {} end
    table.insert(chunks[#chunks], name.id(named))
  end
  return chunks
end

--- The input of one call.
---@param operation string
---@param repository string
---@param chunk table[]
---@param options? {registry_id?: string}
---@return table
function batch.input(operation, repository, chunk, options)
  local input <const> = { repository_name = repository, image_ids = chunk,
    registry_id = options and options.registry_id }
  for key, value in pairs(EXTRA[operation] or {}) do input[key] = value end
  return input
end

--- Makes the calls at the same time and hands each output on, in the order of the ids; the first
--- error ends it.
---@param client ecr.Client
---@param operation string
---@param repository string
---@param ids table[]
---@param options? {registry_id?: string, deadline?: number}
---@param take fun(output: table)
---@return true?
---@return ecr.Error?
function batch.each(client, operation, repository, ids, options, take)
  local chunks <const>, problem <const> = batch.chunks(repository, ids)
  if not chunks then return nil, problem end
  local calls <const> = {}
  for i, chunk in ipairs(chunks) do
    calls[i] = function()
      return client:call(operation, batch.input(operation, repository, chunk, options), options)
    end
  end
  if #calls == 1 then
    local output <const>, err <const> = calls[1]()
    if not output then return nil, err end
    take(output)
    return true
  end
  local outputs <const>, errors <const> = loop.all(calls)
  for i = 1, #calls do
    if not outputs[i] then return nil, errors[i] end
    take(outputs[i])
  end
  return true
end

return batch
