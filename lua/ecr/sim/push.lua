-- SPDX-License-Identifier: MIT
--- PutImage: a manifest becomes an image, or an image gets a tag. Layers are taken to be there:
--- uploads are not simulated, and what no image of the scenario brought cannot be downloaded.
--- Source: PutImage in the Amazon ECR API Reference.

local core <const> = require "ecr.core"
local manifest <const> = require "ecr.sim.manifest"
local refusal <const> = require "ecr.sim.refusal"
local world <const> = require "ecr.sim.world"

local push <const> = {}

local function decode(text)
  local document <const>, failure <const> = core.decode("manifest", text)
  if document then return document end
  return refusal.invalid_parameter("'imageManifest': %s", failure.message)
end

local function digests_of(descriptors)
  local digests <const> = {}
  for i, descriptor in ipairs(descriptors) do digests[i] = descriptor.digest end
  return digests
end

local function blobs_of(config, layers)
  local digests <const> = digests_of(layers)
  if config and config.digest then table.insert(digests, 1, config.digest) end
  return digests
end

local function missing_children(repository, digests)
  local missing <const> = {}
  for _, digest in ipairs(digests) do
    if not repository.images[digest] then missing[#missing + 1] = digest end
  end
  return missing
end

local function index_size(repository, children)
  local size = 0
  for _, digest in ipairs(children) do size = math.max(size, repository.images[digest].size) end
  return size
end

local function image_size(document)
  local size = document.config and document.config.size or 0
  for _, layer in ipairs(document.layers or {}) do size = size + (layer.size or 0) end
  return math.tointeger(size)
end

--- The image that a manifest describes. A media type must come from somewhere; the text's own
--- wins.
local function image_of(input, document, digest)
  local media_type <const> = document.media_type or input.image_manifest_media_type
  if not media_type then
    return refusal.invalid_parameter("without 'mediaType' in it 'imageManifestMediaType' is needed")
  end
  local layers <const> = document.layers or {}
  return {
    digest = digest, text = input.image_manifest, media_type = media_type,
    artifact_media_type = document.artifact_type or (document.config or {}).media_type,
    layer = layers[#layers] and layers[#layers].digest,
    subject = (document.subject or {}).digest, annotations = document.annotations,
    blobs = blobs_of(document.config, layers),
    children = manifest.is_index(media_type) and digests_of(document.manifests or {}) or nil,
  }
end

--- Reads and checks a manifest that the repository does not have yet.
local function new_image(clock, scope, repository, input, digest)
  local document <const>, fault = decode(input.image_manifest)
  if not document then return nil, fault end
  local image
  image, fault = image_of(input, document, digest)
  if not image then return nil, fault end
  local missing <const> = missing_children(repository, image.children or {})
  if missing[1] then return refusal.children_missing(scope, repository.name, missing) end
  image.size = image.children and index_size(repository, image.children) or image_size(document)
  image.pushed_at = clock.wall
  return image
end

--- Whether the repository takes this digest under this tag: nothing, or the fault.
local function conflict(scope, repository, digest, tag)
  local before <const> = tag and repository.tags[tag]
  local exists <const> = repository.images[digest] ~= nil
  if exists and (not tag or before == digest) then
    return select(2, refusal.image_exists(scope, repository.name, digest, tag))
  end
  if before and not world.is_movable(repository, tag) then
    return select(2, refusal.tag_exists(scope, repository.name, tag))
  end
end

--- Puts an image into a repository.
---@param clock {mono: number, wall: number}
---@param scope {account: string, region: string}
---@param repository ecr.sim.Repository
---@param input table PutImage's
---@return ecr.sim.Image?
---@return ecr.sim.Fault?
function push.put(clock, scope, repository, input)
  local digest <const>, tag <const> = core.digest(input.image_manifest), input.image_tag
  if input.image_digest and input.image_digest ~= digest then
    return refusal.digest_mismatch(input.image_digest, digest)
  end
  local problem <const> = conflict(scope, repository, digest, tag)
  if problem then return nil, problem end
  local image = repository.images[digest]
  if not image then
    local fault
    image, fault = new_image(clock, scope, repository, input, digest)
    if not image then return nil, fault end
    world.add_image(repository, image)
  end
  if tag then world.set_tag(repository, tag, digest) end
  return image
end

return push
