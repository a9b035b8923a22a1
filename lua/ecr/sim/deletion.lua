-- SPDX-License-Identifier: MIT
--- What the simulated registry answers when something is to go: handlers as in
--- `ecr.sim.operations`. An image that an index names stays as long as the index does; what is in a
--- batch is done one after the other, so an index may stand before its images. Source:
--- BatchDeleteImage and DeleteRepository in the Amazon ECR API Reference.

local lookup <const> = require "ecr.sim.lookup"
local refusal <const> = require "ecr.sim.refusal"
local world <const> = require "ecr.sim.world"

local REFERENCED <const> = "ImageReferencedByManifestList"

local handlers <const> = {}

--- The indexes of a repository that name an image, in the order in which they were pushed.
local function indexes_of(repository, digest)
  local indexes <const> = {}
  for _, other in ipairs(repository.order) do
    for _, child in ipairs(repository.images[other].children or {}) do
      if child == digest then
        indexes[#indexes + 1] = other
        break
      end
    end
  end
  return indexes
end

--- Takes the whole image away; one id for each tag that it had.
local function remove_image(repository, image)
  local gone <const> = {}
  for _, tag in ipairs(image.tags) do gone[#gone + 1] = lookup.id(image, tag) end
  if #gone == 0 then gone[1] = lookup.id(image) end
  world.remove_image(repository, image)
  return gone
end

--- Does what one id asks for: a tag goes alone while the image has others.
local function remove(repository, id)
  local image <const>, failure <const> = lookup.in_batch(repository, id)
  if not image then return nil, failure end
  if id.image_tag and #image.tags > 1 then
    world.remove_tag(repository, id.image_tag)
    return { lookup.id(image, id.image_tag) }
  end
  local indexes <const> = indexes_of(repository, image.digest)
  if indexes[1] then
    return nil, { image_id = id, failure_code = REFERENCED, failure_reason =
      ("Requested image referenced by manifest list: [%s]"):format(table.concat(indexes, ", ")) }
  end
  return remove_image(repository, image)
end

function handlers.BatchDeleteImage(state, scope, input)
  local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  local ids <const>, failures <const> = {}, {}
  for _, id in ipairs(input.image_ids) do
    local gone <const>, failure <const> = remove(repository, id)
    if gone then
      table.move(gone, 1, #gone, #ids + 1, ids)
    else
      failures[#failures + 1] = failure
    end
  end
  return { image_ids = ids, failures = failures }
end

function handlers.DeleteRepository(state, scope, input)
  local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  if repository.order[1] and not input.force then
    return refusal.repository_not_empty(scope, repository.name)
  end
  state:registry(scope.account, scope.region).repositories[repository.name] = nil
  return { repository = lookup.describe_repository(scope, repository) }
end

return handlers
