-- SPDX-License-Identifier: MIT
--- Fills a world with the repositories and images of a checked scenario. What is wrong with a
--- scenario that its format cannot tell (two images with one tag) comes out here.

local manifest <const> = require "ecr.sim.manifest"
local scan <const> = require "ecr.sim.scan"
local world <const> = require "ecr.sim.world"

local SIZE <const> = 25000000 -- bytes, of an image that gives none
local PLATFORM <const> = "linux/amd64"
local CANNOT_SCAN <const> = { type = "basic", states = { { state = "UNSUPPORTED_IMAGE" } } }

---@class ecr.sim.Site where images go
---@field clock {mono: number, wall: number}
---@field scan_type "basic"|"enhanced" of the registry
---@field repository ecr.sim.Repository

local population <const> = {}

local function check_plan(plan, place)
  for i, state in ipairs(plan.states or {}) do
    if state.seconds and state.reads then
      return nil, ("%s.states[%d]: a state lasts for seconds or for reads, not both"):format(place,
        i)
    end
  end
  if plan.states and #plan.states == 0 then return nil, place .. ".states: there must be one" end
  return true
end

--- Gives an image its scan, or lays it down for StartImageScan.
local function add_scan(site, image, given, place)
  local plan <const> = given.scan or given.on_start
  if not plan then return true end
  if given.index then return nil, place .. ": an index is never scanned; give its images a scan" end
  if given.on_start and given.scan and given.scan.manual then
    return nil, place .. ": scan.manual and on_start say the same; give one of them"
  end
  for key, each in pairs{ scan = given.scan, on_start = given.on_start } do
    local ok <const>, problem <const> = check_plan(each, place .. "." .. key)
    if not ok then return nil, problem end
    each.type = each.type or site.scan_type
  end
  image.on_start = given.on_start or given.scan.manual and given.scan or nil
  if given.scan and not given.scan.manual then image.scan = scan.begin(given.scan, site.clock) end
  return true
end

local function add_tags(site, image, tags, place)
  for _, tag in ipairs(tags or {}) do
    if site.repository.tags[tag] then
      return nil, ("%s: the tag %q was given before"):format(place, tag)
    end
    world.set_tag(site.repository, tag, image.digest)
  end
  return true
end

--- The first child that is an image by its label; what the labelled ones say they attest.
local function attested(children, given)
  for i, child in ipairs(children) do
    if not given[i].attestation and not given[i].label_as_attestation then return child.digest end
  end
  return children[1].digest
end

local add_image -- an index adds its images first, at most as deep as the format lets it

local function make_index(site, given, seed, place)
  if #given == 0 then return nil, place .. ".index: there must be an image" end
  local children <const>, entries <const> = {}, {}
  for i, child in ipairs(given) do
    local problem
    children[i], problem = add_image(site, child, seed .. "/" .. i, ("%s.index[%d]"):format(place,
      i))
    if not children[i] then return nil, problem end
  end
  local subject <const> = attested(children, given)
  for i, child in ipairs(children) do
    local labelled <const> = given[i].attestation or given[i].label_as_attestation
    entries[i] = { image = child, attests = labelled and subject or nil }
  end
  return manifest.index(entries)
end

local function make_image(site, given, seed, place)
  if given.index then return make_index(site, given.index, seed, place) end
  if given.attestation then return manifest.attestation(seed) end
  return manifest.image{ seed = seed, platform = given.platform or PLATFORM,
    size = given.size or SIZE, layers = given.layers }
end

function add_image(site, given, seed, place)
  local image <const>, problem = make_image(site, given, seed, place)
  if not image then return nil, problem end
  image.pushed_at = given.pushed_at or site.clock.wall
  image.size = given.size or image.size
  image.on_start = given.attestation and CANNOT_SCAN or nil
  world.add_image(site.repository, image)
  local ok
  ok, problem = add_tags(site, image, given.tags, place)
  if ok then ok, problem = add_scan(site, image, given, place) end
  if not ok then return nil, problem end
  return image
end

--- What keeps the digest of an image the same when others come and go: its first tag, else its
--- place.
local function seed_of(repository, given, position)
  return repository.name .. ":" .. (given.tags and given.tags[1] or "#" .. position)
end

local function add_repository(state, registry, given, place)
  if registry.repositories[given.name] then
    return nil, ("%s: the repository %q was given before"):format(place, given.name)
  end
  local site <const> = { clock = state.clock, scan_type = registry.scan_type,
    repository = world.add_repository(registry, given.name,
      { created_at = state.clock.wall, tag_mutability = given.tag_mutability,
        lifecycle_policy = given.lifecycle_policy, policy = given.policy,
        resource_tags = given.resource_tags }) }
  for _, content in ipairs(given.unused_blobs or {}) do
    world.add_blob(site.repository, content)
  end
  for i, image in ipairs(given.images or {}) do
    local made <const>, problem <const> = add_image(site, image, seed_of(site.repository, image, i),
      ("%s.images[%d]"):format(place, i))
    if not made then return nil, problem end
  end
  return true
end

--- Where a repository goes that says a region or an account of its own.
local function registry_of(state, registry, given)
  if not given.region and not given.account then return registry end
  local other <const> = state:registry(given.account or registry.account,
    given.region or registry.region)
  other.scan_type = registry.scan_type
  return other
end

--- Adds a scenario's repositories to a registry.
---@param state ecr.sim.World
---@param registry ecr.sim.Registry of those that do not say where they are
---@param given table[] checked; becomes the world's
---@param key string where they stand in the scenario
---@return true?
---@return string? problem
function population.add(state, registry, given, key)
  for i, repository in ipairs(given) do
    local ok <const>, problem <const> = add_repository(state,
      registry_of(state, registry, repository), repository, ("%s[%d]"):format(key, i))
    if not ok then return nil, problem end
  end
  return true
end

return population
