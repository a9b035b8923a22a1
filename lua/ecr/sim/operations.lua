-- SPDX-License-Identifier: MIT
--- What the simulated registry answers. One handler for each operation: it gets the world, the
--- scope (account and region) and the input, and gives the output, or `nil` and a fault. Names
--- are the model's, in snake_case. Scans are `ecr.sim.scanning`'s. Source: the operation of the
--- same name in the Amazon ECR API Reference.

local lookup <const> = require "ecr.sim.lookup"
local push <const> = require "ecr.sim.push"
local refusal <const> = require "ecr.sim.refusal"
local scanning <const> = require "ecr.sim.scanning"
local world <const> = require "ecr.sim.world"

local handlers <const> = {}

-- --- repositories --------------------------------------------------------------------------------

local function describe_repository(scope, repository)
  return {
    repository_arn = repository.arn, registry_id = scope.account, repository_name = repository.name,
    repository_uri = repository.uri, created_at = repository.created_at,
    image_tag_mutability = repository.tag_mutability,
    image_tag_mutability_exclusion_filters = repository.exclusion_filters,
    image_scanning_configuration = { scan_on_push = repository.scan_on_push },
    encryption_configuration = repository.encryption or { encryption_type = "AES256" },
  }
end

local function named_repositories(state, scope, input)
  local described <const> = {}
  for i, name in ipairs(input.repository_names) do
    local repository <const>, fault <const> = lookup.repository(state, scope, name)
    if not repository then return nil, fault end
    described[i] = describe_repository(scope, repository)
  end
  return { repositories = described }
end

function handlers.DescribeRepositories(state, scope, input)
  if input.repository_names then
    local fault <const> = lookup.refuse_paging(input, "repositoryNames")
    if fault then return nil, fault end
    return named_repositories(state, scope, input)
  end
  local registry <const> = state:registry(scope.account, scope.region)
  local got <const>, fault <const> = lookup.page("DescribeRepositories",
    world.repository_names(registry), input)
  if not got then return nil, fault end
  for i, name in ipairs(got.items) do
    got.items[i] = describe_repository(scope, registry.repositories[name])
  end
  return { repositories = got.items, next_token = got.token }
end

function handlers.CreateRepository(state, scope, input)
  local registry <const> = state:registry(scope.account, scope.region)
  if registry.repositories[input.repository_name] then
    return refusal.repository_exists(scope, input.repository_name)
  end
  local on_push <const> = input.image_scanning_configuration or {}
  return { repository = describe_repository(scope, world.add_repository(registry,
    input.repository_name, {
    created_at = state.clock.wall, tag_mutability = input.image_tag_mutability,
    exclusion_filters = input.image_tag_mutability_exclusion_filters,
    scan_on_push = on_push.scan_on_push, encryption = input.encryption_configuration,
  })) }
end

-- --- images --------------------------------------------------------------------------------------

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
    artifact_media_type = image.artifact_media_type, image_status = "ACTIVE",
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

local REASONS <const> = {
  MissingDigestAndTag = "Invalid request parameters: both tag and digest cannot be null",
  InvalidImageDigest = "Invalid request parameters: image digest should satisfy the regex "
    .. "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  InvalidImageTag = "Invalid request parameters: image tag should satisfy the regex "
    .. "'[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
  ImageTagDoesNotMatchDigest = "Requested image tag does not belong to the requested image digest",
  ImageNotFound = "Requested image not found",
}

--- What is wrong with an id as it stands; nil when nothing is.
local function malformed(id)
  local digest <const>, tag <const> = id.image_digest, id.image_tag
  if not digest and not tag then return "MissingDigestAndTag" end
  if digest and not digest:find("^[%w%-_+.]+:%x+$") then return "InvalidImageDigest" end
  if tag and not (#tag <= 128 and tag:find("^[%w_][%w._%-]*$")) then return "InvalidImageTag" end
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
    local image, code = nil, malformed(id)
    if not code then image, code = world.find_image(repository, id) end
    if image then
      images[#images + 1] = image_with_manifest(scope, repository, image, id.image_tag)
    else
      failures[#failures + 1] = { image_id = id, failure_code = code,
        failure_reason = REASONS[code] }
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
  return { image = image_with_manifest(scope, repository, image, input.image_tag) }
end

local operations <const> = {}

for name, handler in pairs(scanning) do handlers[name] = handler end

--- The operations that are simulated, by name.
operations.handlers = handlers

--- Answers one request at the world's present time.
---@param state ecr.sim.World
---@param request {service: string, operation: string, region?: string, input: table}
---@return table? output shares tables with the world: copy it before it leaves
---@return ecr.sim.Fault?
function operations.answer(state, request)
  local handler <const> = request.service == "ecr" and handlers[request.operation]
  if not handler then return refusal.not_simulated(request.operation) end
  local scope <const> = { account = request.input.registry_id or state.account,
    region = request.region or state.region }
  return handler(state, scope, request.input)
end

return operations
