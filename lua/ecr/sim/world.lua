-- SPDX-License-Identifier: MIT
--- The simulated registry's state: one account and region, repositories, images by digest, tags.
--- Time is the world's own and passes only when it is told to.

local manifest <const> = require "ecr.sim.manifest"
local scan <const> = require "ecr.sim.scan"

---@class ecr.SimImage
---@field digest string
---@field text string the manifest
---@field media_type string
---@field artifact_media_type? string
---@field tags table<string, true>
---@field pushed_at number wall time
---@field size integer
---@field scan? ecr.SimScan
---@field on_start? table what a scan started by hand will be
---@field scanned_at? number monotonic time of the last scan that was started

---@class ecr.SimRepository
---@field name string
---@field images table<string, ecr.SimImage> by digest
---@field order string[] digests in order of arrival
---@field tags table<string, string> tag -> digest
---@field tag_mutability string

---@class ecr.SimWorld
local world_methods <const> = {}
local world_mt <const> = { __name = "ecr.sim.world", __index = world_methods }

local START <const> = 1767225600 -- 2026-01-01T00:00:00Z
local DEFAULT_SIZE <const> = 50000000

--- The wall clock.
---@return number seconds since the epoch
function world_methods:wall()
  return self.start + self.now
end

--- Makes a repository.
---@param name string
---@param settings? {tag_mutability?: string}
---@return ecr.SimRepository
function world_methods:add_repository(name, settings)
  local made <const> = { name = name, images = {}, order = {}, tags = {},
    tag_mutability = settings and settings.tag_mutability or "MUTABLE", created_at = self:wall() }
  self.repositories[name] = made
  self.names[#self.names + 1] = name
  return made
end

--- Points a tag to an image; the image that had it loses it.
---@param repository ecr.SimRepository
---@param tag string
---@param digest string
function world_methods:set_tag(repository, tag, digest) -- luacheck: no self
  local before <const> = repository.tags[tag]
  if before then repository.images[before].tags[tag] = nil end
  repository.tags[tag] = digest
  repository.images[digest].tags[tag] = true
end

--- Puts a manifest into a repository; the same bytes twice are the same image.
---@param repository ecr.SimRepository
---@param made {text: string, digest: string, media_type: string, artifact_media_type?: string}
---@param description? {pushed_at?: number, size?: integer}
---@return ecr.SimImage
function world_methods:put(repository, made, description)
  local image = repository.images[made.digest]
  if image then return image end
  description = description or {}
  image = { digest = made.digest, text = made.text, media_type = made.media_type,
    artifact_media_type = made.artifact_media_type, tags = {},
    pushed_at = description.pushed_at or self:wall(), size = description.size or DEFAULT_SIZE }
  repository.images[made.digest] = image
  table.insert(repository.order, made.digest)
  return image
end

-- --- images of a scenario ------------------------------------------------------------------------

--- Images that are alike must not become one: each gets a number.
local function seed_of(self, repository, description)
  self.seeds = self.seeds + 1
  return ("%s %d %s"):format(repository.name, self.seeds, description.platform or "")
end

local function set_scan(self, image, description)
  local wanted <const> = description.scan
  if not wanted then return end
  if wanted.manual then
    image.on_start = wanted
  else
    image.scan = scan.start(wanted, self.now)
    image.scanned_at = self.now
  end
end

local add_image -- an index has images below it

local function add_index(self, repository, description)
  local children <const> = {}
  for i, child in ipairs(description.index) do
    local image <const> = add_image(self, repository, child)
    children[i] = { digest = image.digest, media_type = image.media_type, size = #image.text,
      platform = child.attestation and "unknown/unknown" or not child.index and (child.platform
        or "linux/amd64")
        or nil,
      labelled = child.attestation or child.label_as_attestation }
  end
  return self:put(repository, manifest.of_index(children), description)
end

function add_image(self, repository, description)
  local image
  if description.index then
    image = add_index(self, repository, description)
  elseif description.attestation then
    image = self:put(repository, manifest.of_attestation(seed_of(self, repository, description)),
      description)
  else
    local size <const> = description.size or DEFAULT_SIZE
    image = self:put(repository, manifest.of_image(seed_of(self, repository, description), size),
      description)
  end
  for _, tag in ipairs(description.tags or {}) do self:set_tag(repository, tag, image.digest) end
  set_scan(self, image, description)
  return image
end

local world <const> = {}

--- A world of a scenario that was checked.
---@param scenario table
---@return ecr.SimWorld
function world.new(scenario)
  local self <const> = setmetatable({
    account = scenario.account or "123456789012", region = scenario.region or "us-east-1",
    start = scenario.now or START, now = 0, seeds = 0, repositories = {}, names = {},
    scanning = scenario.scanning or { type = "basic" },
    faults = scenario.faults or {}, latency = scenario.latency or {},
  }, world_mt)
  for _, description in ipairs(scenario.repositories or {}) do
    local repository <const> = self:add_repository(description.name, description)
    for _, image in ipairs(description.images or {}) do add_image(self, repository, image) end
  end
  return self
end

return world
