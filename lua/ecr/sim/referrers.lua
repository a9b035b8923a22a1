-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about artifacts that were pushed with an image as `subject`:
--- handlers as in `ecr.sim.operations`. A subject that is not there has no referrers, which is no
--- error. Source: ListImageReferrers in the Amazon ECR API Reference; "Listing Referrers" in the OCI
--- distribution specification.

local lookup <const> = require "ecr.sim.lookup"

local PAGE <const> = 50 -- referrers, where the caller does not say

local handlers <const> = {}

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

--- Whether a filter lets an artifact through. Every simulated one is ACTIVE.
local function passes(filter, image)
  local status <const> = filter.artifact_status or "ACTIVE"
  if status ~= "ACTIVE" and status ~= "ANY" then return false end
  local types <const> = filter.artifact_types or {}
  return #types == 0 or contains(types, image.artifact_media_type)
end

local function describe(image)
  return { digest = image.digest, media_type = image.media_type, size = #image.text,
    artifact_type = image.artifact_media_type, annotations = image.annotations,
    artifact_status = "ACTIVE" }
end

local function referrers_of(repository, subject, filter)
  local found <const> = {}
  for _, digest in ipairs(repository.order) do
    local image <const> = repository.images[digest]
    if image.subject == subject and passes(filter, image) then
      found[#found + 1] = describe(image)
    end
  end
  return found
end

function handlers.ListImageReferrers(state, scope, input)
  local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  local subject <const> = input.subject_id.image_digest
  local got <const>, refusal <const> = lookup.page("ListImageReferrers " .. repository.name .. " "
    .. subject, referrers_of(repository, subject, input.filter or {}),
    { next_token = input.next_token, max_results = input.max_results or PAGE })
  if not got then return nil, refusal end
  return { referrers = got.items, next_token = got.token }
end

return handlers
