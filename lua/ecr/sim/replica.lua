-- SPDX-License-Identifier: MIT
--- Replication as it goes on. A push starts it for each destination of the rules that match the
--- repository; some seconds later the image is there with all that it names, or it has failed. Nothing
--- that was pushed before its rule is replicated, no deletion is, and a copy is not copied on. Source:
--- "Private image replication in Amazon ECR" in the Amazon ECR User Guide.

local place <const> = require "ecr.sim.place"
local world <const> = require "ecr.sim.world"

local SECONDS <const> = 20 -- that it takes where no scenario says otherwise
local MOST_DESTINATIONS <const> = 25

---@class ecr.sim.Destination
---@field region string
---@field registry_id string

---@class ecr.sim.ReplicationPlan how it goes to one destination
---@field seconds? number
---@field starts_after? number seconds from the push until the service tells of it
---@field fails? string the failure's code
---@field loses? string platform whose images do not arrive, though it says COMPLETE

---@class ecr.sim.Replica
---@field origin ecr.sim.Repository
---@field images ecr.sim.Image[] what is to arrive: what others name first, the pushed one last
---@field tags string[]
---@field destination ecr.sim.Destination
---@field plan ecr.sim.ReplicationPlan
---@field listed number monotonic time from which the service tells of it
---@field due number monotonic time at which it ends
---@field done? boolean

local replica <const> = {}

--- What tells one destination from another.
---@param destination ecr.sim.Destination
---@return string
function replica.key(destination)
  return destination.registry_id .. " " .. destination.region
end

local function check_destination(registry, destination)
  local region <const> = destination.region
  if region == registry.region and destination.registry_id == registry.account then
    return nil, "a registry cannot be the destination of its own replication"
  end
  if place.partition(region).id ~= place.partition(registry.region).id then
    return nil, ("%s is in another partition than %s"):format(region, registry.region)
  end
  return true
end

--- Whether a registry may have these rules.
---@param registry ecr.sim.Registry
---@param rules table[] as PutReplicationConfiguration has them
---@return true?
---@return string? problem
function replica.check(registry, rules)
  local seen <const>, count = {}, 0
  for _, rule in ipairs(rules) do
    for _, destination in ipairs(rule.destinations) do
      local ok <const>, problem <const> = check_destination(registry, destination)
      if not ok then return nil, problem end
      if not seen[replica.key(destination)] then count = count + 1 end
      seen[replica.key(destination)] = true
    end
  end
  if count > MOST_DESTINATIONS then
    return nil, ("%d destinations, %d are allowed"):format(count, MOST_DESTINATIONS)
  end
  return true
end

local function is_for(rule, name)
  if not rule.repository_filters then return true end
  for _, each in ipairs(rule.repository_filters) do
    if name:sub(1, #each.filter) == each.filter then return true end
  end
  return false
end

--- The destinations of the rules that match a repository, each once.
local function destinations_of(registry, name)
  local list <const>, seen <const> = {}, {}
  for _, rule in ipairs(registry.replication.rules) do
    for _, destination in ipairs(is_for(rule, name) and rule.destinations or {}) do
      local key <const> = replica.key(destination)
      if not seen[key] then list[#list + 1] = destination end
      seen[key] = true
    end
  end
  return list
end

--- An image and all that it names, what is named before what names it.
local function with_children(repository, image)
  local found <const> = { image }
  local at = 1
  while found[at] do
    for _, digest in ipairs(found[at].children or {}) do
      found[#found + 1] = repository.images[digest]
    end
    at = at + 1
  end
  local turned <const> = {}
  for i = #found, 1, -1 do turned[#turned + 1] = found[i] end
  return turned
end

--- A push begins what the rules say.
---@param state ecr.sim.World
---@param registry ecr.sim.Registry where it was pushed to
---@param repository ecr.sim.Repository
---@param image ecr.sim.Image
---@param push {tags: string[], at: number} the tags it was pushed under, and when, monotonic
function replica.start(state, registry, repository, image, push)
  for _, destination in ipairs(destinations_of(registry, repository.name)) do
    local plan <const> = registry.replication.plans[replica.key(destination)] or {}
    local listed <const> = push.at + (plan.starts_after or 0)
    table.insert(state.replicas, { origin = repository, destination = destination, plan = plan,
      images = with_children(repository, image), tags = push.tags, listed = listed,
      due = listed + (plan.seconds or SECONDS) })
  end
end

-- --- arriving ------------------------------------------------------------------------------------

--- The image as it arrives: without tags and scans.
local function copy_of(image, now)
  return {
    digest = image.digest, text = image.text, media_type = image.media_type,
    artifact_media_type = image.artifact_media_type, size = image.size, platform = image.platform,
    layer = image.layer, blobs = image.blobs, contents = image.contents,
    children = image.children, subject = image.subject,
    annotations = image.annotations, on_start = image.on_start, pushed_at = now,
  }
end

--- A tag that must not move stays where it is, and the image arrives without it.
local function put_tags(repository, digest, tags)
  for _, tag in ipairs(repository.images[digest] and tags or {}) do
    if not repository.tags[tag] or world.is_movable(repository, tag) then
      world.set_tag(repository, tag, digest)
    end
  end
end

local function arrive(state, one)
  local now <const>, name <const> = state.started + one.due, one.origin.name
  local registry <const> = state:registry(one.destination.registry_id, one.destination.region)
  local repository <const> = registry.repositories[name]
    or world.add_repository(registry, name, { created_at = now })
  for _, image in ipairs(one.images) do
    local lost <const> = one.plan.loses ~= nil and image.platform == one.plan.loses
    if not lost and not repository.images[image.digest] then
      world.add_image(repository, copy_of(image, now))
    end
  end
  put_tags(repository, one.images[#one.images].digest, one.tags)
end

--- Lets happen what has become due, in its order.
---@param state ecr.sim.World
function replica.settle(state)
  local due <const> = {}
  for i, one in ipairs(state.replicas) do
    if not one.done and one.due <= state.clock.mono then due[#due + 1] = { i, one } end
  end
  table.sort(due, function(a, b)
    if a[2].due ~= b[2].due then return a[2].due < b[2].due end
    return a[1] < b[1]
  end)
  for _, each in ipairs(due) do
    each[2].done = true
    if not each[2].plan.fails then arrive(state, each[2]) end
  end
end

-- --- telling -------------------------------------------------------------------------------------

local function status_of(one)
  local status = "IN_PROGRESS"
  if one.done then status = one.plan.fails and "FAILED" or "COMPLETE" end
  return { region = one.destination.region, registry_id = one.destination.registry_id,
    status = status, failure_code = one.done and one.plan.fails or nil }
end

--- Where an image's replication stands, for each destination where it was started; the latest push
--- counts.
---@param state ecr.sim.World
---@param repository ecr.sim.Repository
---@param digest string
---@return table[] statuses
function replica.statuses(state, repository, digest)
  local list <const>, places <const> = {}, {}
  for _, one in ipairs(state.replicas) do
    local pushed <const> = one.images[#one.images].digest
    if one.origin == repository and pushed == digest and one.listed <= state.clock.mono then
      local key <const> = replica.key(one.destination)
      places[key] = places[key] or #list + 1
      list[places[key]] = status_of(one)
    end
  end
  return list
end

return replica
