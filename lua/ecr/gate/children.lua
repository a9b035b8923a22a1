-- SPDX-License-Identifier: MIT
--- Which images stand behind an index, since an index is never scanned: its children, and those of
--- the indexes among them. What a child is, its own manifest says; the index's word for it is
--- anybody's claim. One whose manifest cannot be had is gated like any other: only what is shown to
--- be an attestation is left out.

local error_object <const> = require "ecr.error"
local manifest <const> = require "ecr.types.manifest"
local name <const> = require "ecr.name"
local platform <const> = require "ecr.types.platform"

local MOST_DEPTH <const> = 4
local MOST_CHILDREN <const> = 500

---@class ecr.GateTarget
---@field digest string
---@field platform? string "linux/arm64/v8"
---@field attestation? boolean

local children <const> = {}

local function refuse(digest, message)
  return error_object.give{ kind = "protocol", code = "index", message = "index " .. digest .. ": "
    .. message }
end

---@class ecr.GateWalk
---@field client ecr.Client
---@field image ecr.ImageName
---@field options {deadline?: number} of the calls
---@field targets ecr.GateTarget[] images and attestations found so far
---@field seen table<string, boolean> digests
---@field count integer of children

--- The manifests of these digests that can be had and read, by digest. Bytes that are not their
--- digest's end the walk; what is no manifest known here is left to its scan.
local function read_manifests(walk, digests)
  local ids <const>, found <const> = {}, {}
  for i, digest in ipairs(digests) do ids[i] = { digest = digest } end
  if #ids == 0 then return found end
  local got <const>, err <const> = walk.client.image:batch_get(walk.image.repository, ids,
    { registry_id = walk.image.registry_id, deadline = walk.options.deadline })
  if not got then return nil, err end
  for _, image in ipairs(got.images) do
    local digest <const> = image.image_id and image.image_id.image_digest
    local parsed <const>, problem <const> = manifest.parse(image, digest)
    if problem and problem.kind == "integrity" then return nil, problem end
    found[digest or ""] = parsed
  end
  return found
end

--- The children of an index that were not met before, in its order.
local function new_children(walk, index)
  local digests <const>, platforms <const> = {}, {}
  for _, descriptor in ipairs(index.manifests) do
    local digest <const> = descriptor.digest
    if not walk.seen[digest] then
      walk.seen[digest] = true
      local named <const> = platform.of(descriptor.platform)
      digests[#digests + 1], platforms[digest] = digest, named and tostring(named)
    end
  end
  walk.count = walk.count + #digests
  if walk.count > MOST_CHILDREN then
    return refuse(index.digest, "more than " .. MOST_CHILDREN .. " images stand behind it")
  end
  return digests, platforms
end

--- Sorts the children of one index: images and attestations become targets, indexes are for the
--- next round.
local function add_children(walk, index, deeper)
  local digests <const>, platforms <const> = new_children(walk, index)
  if not digests then return nil, platforms end
  local manifests <const>, err <const> = read_manifests(walk, digests)
  if not manifests then return nil, err end
  for _, digest in ipairs(digests) do
    local found <const> = manifests[digest]
    if found and found.kind == "index" then
      deeper[#deeper + 1] = found
    else
      walk.targets[#walk.targets + 1] = { digest = digest, platform = platforms[digest],
        attestation = found and found:is_attestation() or nil }
    end
  end
  return true
end

--- The images behind an index, level by level.
---@param client ecr.Client
---@param image ecr.ImageName
---@param digest string of the index
---@param options {deadline?: number}
---@return ecr.GateTarget[]? targets attestations are among them, marked
---@return ecr.Error?
function children.of_index(client, image, digest, options)
  local walk <const> = { client = client, image = image, options = options, targets = {},
    seen = { [digest] = true }, count = 0 }
  local root <const>, err <const> = client.manifest:get_list(name.with_digest(image, digest), nil,
    options)
  if not root then return nil, err end
  local level = { root }
  for _ = 1, MOST_DEPTH do
    local deeper <const> = {}
    for _, index in ipairs(level) do
      local ok <const>, problem <const> = add_children(walk, index, deeper)
      if not ok then return nil, problem end
    end
    level = deeper
  end
  if #level > 0 then
    return refuse(digest, "indexes are nested more than " .. MOST_DEPTH .. " deep")
  end
  return walk.targets
end

return children
