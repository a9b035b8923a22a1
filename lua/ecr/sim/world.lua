-- SPDX-License-Identifier: MIT
--- The simulated world: accounts, their regions, the repositories in each and the images in
--- those; and the clock that all of them share. Plain state and the operations on it; which
--- request may do what, and what is said about it, is `ecr.sim.operations`'.

local core <const> = require "ecr.core"
local place <const> = require "ecr.sim.place"

---@class ecr.sim.Image
---@field digest string
---@field text string the manifest, the bytes of the digest
---@field media_type string
---@field artifact_media_type? string
---@field size integer
---@field platform? string "linux/amd64"
---@field layer? string digest of a layer, the one in which findings are
---@field blobs? string[] digests of the blobs that the manifest names
---@field contents? string[] of those blobs that come with it
---@field pushed_at number
---@field tags string[] sorted; kept by `world.set_tag`
---@field children? string[] digests, of an index only
---@field subject? string digest of the image that it refers to
---@field annotations? table<string, string>
---@field scan? ecr.sim.ScanRun the scan that is running or done
---@field on_start? table how the scan goes that StartImageScan starts

---@class ecr.sim.Repository
---@field name string
---@field arn string
---@field uri string
---@field created_at number
---@field tag_mutability string
---@field exclusion_filters? {filter_type: string, filter: string}[]
---@field scan_on_push boolean
---@field encryption? table
---@field lifecycle_policy? string the document
---@field policy? string the document
---@field resource_tags table<string, string>
---@field images table<string, ecr.sim.Image> by digest
---@field blobs table<string, string> content by digest
---@field order string[] digests as they were pushed
---@field tags table<string, string> tag to digest

---@class ecr.sim.Registry one account in one region
---@field account string
---@field region string
---@field scan_type "basic"|"enhanced"
---@field replication {rules: table[], plans: table<string, ecr.sim.ReplicationPlan>}
---@field repositories table<string, ecr.sim.Repository> by name

---@class ecr.sim.World
---@field account string where a request goes that names no registry
---@field region string
---@field clock {mono: number, wall: number}
---@field registries table<string, ecr.sim.Registry>
---@field replicas ecr.sim.Replica[] all replication that was ever started, in that order
---@field faults ecr.sim.Faults
---@field addresses table<string, {content: string, expires: number}> of blobs, as given out
local world_methods <const> = {}
local world_mt <const> = { __name = "ecr.sim.world", __index = world_methods }

local START <const> = 1767225600 -- 2026-01-01T00:00:00Z

local world <const> = {}

--- An empty world.
---@param options {account?: string, region?: string, now?: number, faults: ecr.sim.Faults}
---@return ecr.sim.World
function world.new(options)
  local now <const> = options.now or START
  return setmetatable({
    account = options.account or "123456789012",
    region = options.region or "us-east-1",
    clock = { mono = 0, wall = now },
    started = now,
    registries = {},
    replicas = {},
    faults = options.faults,
    addresses = {},
  }, world_mt)
end

--- Moves the clock forward; never back.
---@param mono number
function world_methods:advance_to(mono)
  self.clock.mono = math.max(self.clock.mono, mono)
  self.clock.wall = self.started + self.clock.mono
end

--- The registry of an account in a region; one that nobody has used is empty.
---@param account string
---@param region string
---@return ecr.sim.Registry
function world_methods:registry(account, region)
  local key <const> = account .. " " .. region
  self.registries[key] = self.registries[key]
    or { account = account, region = region, scan_type = "basic", repositories = {},
      replication = { rules = {}, plans = {} } }
  return self.registries[key]
end

--- Adds an empty repository. The caller has looked that the name is free.
---@param registry ecr.sim.Registry
---@param name string
---@param settings table `created_at`, and what else of `ecr.sim.Repository` is not as usual
---@return ecr.sim.Repository
function world.add_repository(registry, name, settings)
  local arn <const>, uri <const> = place.addresses(registry, name)
  local made <const> = {
    name = name, arn = arn, uri = uri,
    created_at = settings.created_at,
    tag_mutability = settings.tag_mutability or "MUTABLE",
    exclusion_filters = settings.exclusion_filters,
    scan_on_push = settings.scan_on_push or false,
    encryption = settings.encryption,
    lifecycle_policy = settings.lifecycle_policy, policy = settings.policy,
    resource_tags = settings.resource_tags or {},
    images = {}, order = {}, tags = {}, blobs = {},
  }
  registry.repositories[name] = made
  return made
end

--- The names of a registry's repositories, sorted.
---@param registry ecr.sim.Registry
---@return string[]
function world.repository_names(registry)
  local names <const> = {}
  for name in pairs(registry.repositories) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- Stores a blob.
---@param repository ecr.sim.Repository
---@param content string
function world.add_blob(repository, content)
  repository.blobs[core.digest(content)] = content
end

--- Stores an image, untagged, and the blobs that come with it.
---@param repository ecr.sim.Repository
---@param image ecr.sim.Image
---@return ecr.sim.Image
function world.add_image(repository, image)
  image.tags = {}
  for _, content in ipairs(image.contents or {}) do world.add_blob(repository, content) end
  repository.images[image.digest] = image
  table.insert(repository.order, image.digest)
  return image
end

local function remove(list, value)
  for i, item in ipairs(list) do
    if item == value then return table.remove(list, i) end
  end
end

--- Puts a tag on an image; the image that had it before loses it.
---@param repository ecr.sim.Repository
---@param tag string
---@param digest string
function world.set_tag(repository, tag, digest)
  local before <const> = repository.tags[tag]
  if before then remove(repository.images[before].tags, tag) end
  repository.tags[tag] = digest
  local tags <const> = repository.images[digest].tags
  table.insert(tags, tag)
  table.sort(tags)
end

--- Takes a tag off its image, which stays.
---@param repository ecr.sim.Repository
---@param tag string
function world.remove_tag(repository, tag)
  remove(repository.images[repository.tags[tag]].tags, tag)
  repository.tags[tag] = nil
end

--- Takes an image away with all of its tags.
---@param repository ecr.sim.Repository
---@param image ecr.sim.Image
function world.remove_image(repository, image)
  for _, tag in ipairs(image.tags) do repository.tags[tag] = nil end
  repository.images[image.digest] = nil
  remove(repository.order, image.digest)
end

--- The image of an id. With both a tag and a digest they must be the same image's.
---@param repository ecr.sim.Repository
---@param id {image_tag?: string, image_digest?: string}
---@return ecr.sim.Image?
---@return string? failure "ImageNotFound" or "ImageTagDoesNotMatchDigest"
function world.find_image(repository, id)
  local digest <const> = id.image_digest or repository.tags[id.image_tag]
  local image <const> = digest and repository.images[digest]
  if not image then return nil, "ImageNotFound" end
  if id.image_tag and repository.tags[id.image_tag] ~= digest then
    return nil, "ImageTagDoesNotMatchDigest"
  end
  return image
end

local function matches_filter(tag, filters)
  for _, each in ipairs(filters or {}) do
    local pattern <const> = each.filter:gsub("[%.%-]", "%%%0"):gsub("%*", ".*")
    if tag:find("^" .. pattern .. "$") then return true end
  end
  return false
end

--- Whether a tag may be moved from one image to another.
---@param repository ecr.sim.Repository
---@param tag string
---@return boolean
function world.is_movable(repository, tag)
  local excluded <const> = matches_filter(tag, repository.exclusion_filters)
  if repository.tag_mutability:find("^IMMUTABLE") then return excluded end
  return not excluded
end

return world
