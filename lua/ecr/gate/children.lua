-- SPDX-License-Identifier: MIT
--- Which images stand behind a name: the image itself, or the children of an index, since an index
--- is never scanned. An attestation among them is left out only if its own manifest shows that it
--- is one; a label in the index is anybody's claim.

local error_object <const> = require "ecr.error"
local image_service <const> = require "ecr.service.image"
local manifest <const> = require "ecr.service.manifest"
local name <const> = require "ecr.name"

local MOST_DEPTH <const> = 4
local MOST_CHILDREN <const> = 500
local IN_TOTO <const> = "application/vnd.in-toto+json"

---@class ecr.GateTarget
---@field digest string
---@field platform? string "linux/arm64/v8"
---@field attestation? boolean

local children <const> = {}

local function platform_text(platform)
  if not platform or not platform.os then return nil end
  local parts <const> = { platform.os, platform.architecture or "?" }
  if platform.variant and platform.variant ~= "" then parts[3] = platform.variant end
  return table.concat(parts, "/")
end

--- Whether the index says that a child is an attestation.
local function is_labelled(descriptor)
  local annotations <const> = descriptor.annotations or {}
  local platform <const> = descriptor.platform or {}
  return annotations["vnd.docker.reference.type"] ~= nil
    or platform.os == "unknown" and platform.architecture == "unknown"
end

--- Whether a layer's type is one that a container runtime unpacks.
local function is_file_system(media_type)
  return media_type == nil or media_type:find("rootfs", 1, true) ~= nil
    or media_type:find("image.layer", 1, true) ~= nil
end

--- Whether a manifest shows that it is an attestation: its layers are in-toto statements, or its
--- artifact type says so. A single layer that could be unpacked makes it an image, whatever else it
--- calls itself: anybody can write an artifact type beside a file system.
---@param document table
---@return boolean
function children.is_attestation(document)
  local layers <const> = document.layers or {}
  local says_so <const> = document.artifact_type == IN_TOTO
  for _, layer in ipairs(layers) do
    local statement <const> = layer.media_type == IN_TOTO
    if not statement and (not says_so or is_file_system(layer.media_type)) then return false end
  end
  return says_so or #layers > 0
end

local function refuse(digest, message)
  return error_object.give{ kind = "protocol", code = "index", message = "index " .. digest .. ": "
    .. message }
end

---@class ecr.GateWalk
---@field client ecr.Client
---@field image ecr.ImageName
---@field options table for the calls
---@field targets ecr.GateTarget[]
---@field seen table<string, boolean>

local read_index -- the walk calls itself, at most MOST_DEPTH deep

local function add(walk, descriptor, depth)
  local digest <const> = descriptor.digest
  if walk.seen[digest] then return true end
  walk.seen[digest] = true
  if manifest.is_index(descriptor.media_type) then return read_index(walk, digest, depth + 1) end
  if #walk.targets == MOST_CHILDREN then
    return refuse(digest, "more than " .. MOST_CHILDREN .. " images stand behind it")
  end
  walk.targets[#walk.targets + 1] = { digest = digest,
    platform = platform_text(descriptor.platform),
    labelled = is_labelled(descriptor) }
  return true
end

function read_index(walk, digest, depth)
  if depth > MOST_DEPTH then
    return refuse(digest, "indexes are nested more than " .. MOST_DEPTH .. " deep")
  end
  local index <const>, err <const> = walk.client.manifest:get_list(
    name.with_digest(walk.image, digest), nil, walk.options)
  if not index then return nil, err end
  for _, descriptor in ipairs(index.document.manifests or {}) do
    if not descriptor.digest then return refuse(digest, "a child has no digest") end
    local ok <const>, problem <const> = add(walk, descriptor, depth)
    if not ok then return nil, problem end
  end
  return true
end

--- Looks at what the labelled children really are.
local function check_labels(walk)
  local ids <const>, by_digest <const> = {}, {}
  for _, target in ipairs(walk.targets) do
    if target.labelled then
      ids[#ids + 1] = { digest = target.digest }
      by_digest[target.digest] = target
    end
  end
  if #ids == 0 then return true end
  local got <const>, err <const> = walk.client.image:batch_get(walk.image.repository, ids,
    { registry_id = walk.image.registry_id, deadline = walk.options.deadline })
  if not got then return nil, err end
  if got.failures[1] then
    return nil, image_service.failure_error(got.failures[1], "BatchGetImage")
  end
  for _, image in ipairs(got.images) do
    local digest <const> = image.image_id and image.image_id.image_digest
    local parsed <const>, problem <const> = manifest.parse(image, digest)
    if not parsed then return nil, problem end
    if by_digest[digest] then
      by_digest[digest].attestation = children.is_attestation(parsed.document)
    end
  end
  return true
end

--- The images behind an index.
---@param client ecr.Client
---@param image ecr.ImageName
---@param digest string of the index
---@param options {deadline?: number}
---@return ecr.GateTarget[]? targets attestations are among them, marked
---@return ecr.Error?
function children.of_index(client, image, digest, options)
  local walk <const> = { client = client, image = image, options = options, targets = {},
    seen = { [digest] = true } }
  local ok, err = read_index(walk, digest, 1)
  if not ok then return nil, err end
  ok, err = check_labels(walk)
  if not ok then return nil, err end
  return walk.targets
end

return children
