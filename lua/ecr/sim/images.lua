-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about images: handlers as in `ecr.sim.operations`. Source:
--- the operation of the same name in the Amazon ECR API Reference.

local lookup <const> = require "ecr.sim.lookup"
local push <const> = require "ecr.sim.push"
local refusal <const> = require "ecr.sim.refusal"
local replica <const> = require "ecr.sim.replica"
local world <const> = require "ecr.sim.world"

local handlers <const> = {}

--- Whether a filter lets an image through. Every simulated image is ACTIVE.
local function passes(filter, image)
  local status <const>, tagged <const> = filter.image_status or "ACTIVE", filter.tag_status or "ANY"
  if status ~= "ACTIVE" and status ~= "ANY" then return false end
  return tagged == "ANY" or (tagged == "TAGGED") == (#image.tags > 0)
end

local function filtered(repository, filter)
  local images <const> = {}
  for _, digest in ipairs(repository.order) do
    local image <const> = repository.images[digest]
    if passes(filter or {}, image) then images[#images + 1] = image end
  end
  return images
end

function handlers.ListImages(state, scope, input)
  local repository <const>, fault = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  local ids <const> = {}
  for _, image in ipairs(filtered(repository, input.filter)) do
    if #image.tags == 0 then ids[#ids + 1] = lookup.id(image) end
    for _, tag in ipairs(image.tags) do ids[#ids + 1] = lookup.id(image, tag) end
  end
  local got
  got, fault = lookup.page("ListImages " .. repository.name, ids, input)
  if not got then return nil, fault end
  return { image_ids = got.items, next_token = got.token }
end

local function describe_image(scope, repository, image)
  return {
    registry_id = scope.account, repository_name = repository.name, image_digest = image.digest,
    image_tags = #image.tags > 0 and image.tags or nil, image_size_in_bytes = image.size,
    image_pushed_at = image.pushed_at, image_manifest_media_type = image.media_type,
    artifact_media_type = image.artifact_media_type, subject_manifest_digest = image.subject,
    image_status = "ACTIVE",
  }
end

--- The images of the ids, each once however often it is named.
local function images_of_ids(scope, repository, ids)
  local images <const>, seen <const> = {}, {}
  for _, id in ipairs(ids) do
    local image <const> = world.find_image(repository, id)
    if not image then return refusal.image_not_found(scope, repository.name, id) end
    if not seen[image.digest] then images[#images + 1] = image end
    seen[image.digest] = true
  end
  return { items = images }
end

function handlers.DescribeImages(state, scope, input)
  local repository <const>, fault = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  fault = input.image_ids and lookup.refuse_paging(input, "imageIds")
  if fault then return nil, fault end
  local got
  if input.image_ids then
    got, fault = images_of_ids(scope, repository, input.image_ids)
  else
    got, fault = lookup.page("DescribeImages " .. repository.name, filtered(repository,
      input.filter), input)
  end
  if not got then return nil, fault end
  for i, image in ipairs(got.items) do got.items[i] = describe_image(scope, repository, image) end
  return { image_details = got.items, next_token = got.token }
end

local function image_with_manifest(scope, repository, image, tag)
  return {
    registry_id = scope.account, repository_name = repository.name, image_id = lookup.id(image,
      tag),
    image_manifest = image.text, image_manifest_media_type = image.media_type,
  }
end

function handlers.BatchGetImage(state, scope, input)
  local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  local images <const>, failures <const> = {}, {}
  for _, id in ipairs(input.image_ids) do
    local image <const>, failure <const> = lookup.in_batch(repository, id)
    if image then
      images[#images + 1] = image_with_manifest(scope, repository, image, id.image_tag)
    else
      failures[#failures + 1] = failure
    end
  end
  return { images = images, failures = failures }
end

function handlers.PutImage(state, scope, input)
  local repository <const>, fault = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  local image
  image, fault = push.put(state.clock, scope, repository, input)
  if not image then return nil, fault end
  replica.start(state, state:registry(scope.account, scope.region), repository, image,
    { tags = { input.image_tag }, at = state.clock.mono })
  return { image = image_with_manifest(scope, repository, image, input.image_tag) }
end

return handlers
