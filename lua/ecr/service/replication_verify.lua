-- SPDX-License-Identifier: MIT
--- Looking whether an image that is said to be replicated is there: it, and all that it names. The
--- destinations are asked by digest, which does not renew the images' pull time.

local error_object <const> = require "ecr.error"
local manifest_type <const> = require "ecr.types.manifest"
local name <const> = require "ecr.name"
local replication_type <const> = require "ecr.types.replication"

local MOST_INDEXES <const> = 100 -- that are read for one image
local MOST_NAMED <const> = 3     -- digests in a message

--- The digests that an index names; none for an image.
local function named_by(watch, digest, media_type)
  if media_type and not manifest_type.is_index(media_type) then return {} end
  local named <const> = name.with_digest(watch.image, digest)
  local read <const>, err <const> = watch.client.manifest:read(named, nil, watch.calls)
  if not read then return nil, err end
  return read.kind == "index" and read.manifests or {}
end

--- The image's digest and those of all that it names, also through indexes in it.
local function expected(watch)
  local found <const> = { { digest = watch.image.digest, media_type = watch.media_type } }
  local seen <const>, at = { [watch.image.digest] = true }, 1
  local indexes = 0
  while found[at] do
    local named <const>, err <const> = named_by(watch, found[at].digest, found[at].media_type)
    if not named then return nil, err end
    indexes = indexes + (named[1] and 1 or 0)
    if indexes > MOST_INDEXES then
      return error_object.give{ kind = "protocol", code = "too_many_indexes",
        message = ("%s has more than %d indexes in it"):format(watch.image, MOST_INDEXES) }
    end
    for _, descriptor in ipairs(named) do
      if not seen[descriptor.digest] then found[#found + 1] = descriptor end
      seen[descriptor.digest] = true
    end
    at = at + 1
  end
  return found
end

--- Takes from a set of digests those that a repository has.
local function strike_out(client, watch, destination, ids, lacking)
  local details <const>, err <const> = client.image:describe(watch.image.repository, ids,
    { registry_id = destination.registry_id, deadline = watch.calls.deadline })
  if details then
    for _, detail in ipairs(details) do lacking[detail.image_digest] = nil end
    return true
  end
  if err.kind == "not_found" then return false end
  return nil, err
end

--- The digests that a destination lacks. One that is not there fails the call for all of them; then
--- each is asked for alone.
local function lacking_at(watch, destination, ids)
  local client <const>, refusal <const> = watch.client:in_region(destination.region)
  if not client then return nil, refusal end
  local lacking <const> = {}
  for _, id in ipairs(ids) do lacking[id.digest] = true end
  local all <const>, err <const> = strike_out(client, watch, destination, ids, lacking)
  if all == nil then return nil, err end
  for _, id in ipairs(all and {} or ids) do
    local one <const>, problem <const> = strike_out(client, watch, destination, { id }, lacking)
    if one == nil then return nil, problem end
  end
  local list <const> = {}
  for _, id in ipairs(ids) do
    if lacking[id.digest] then list[#list + 1] = id.digest end
  end
  return list
end

local function in_words(destination, digests)
  local shown <const> = table.move(digests, 1, math.min(#digests, MOST_NAMED), 1, {})
  return ("%s lacks %s%s"):format(replication_type.key(destination), table.concat(shown, ", "),
    #digests > MOST_NAMED and (" and %d more"):format(#digests - MOST_NAMED) or "")
end

--- Whether the image is whole at every destination.
---@param watch ecr.ReplicationWatch
---@return true?
---@return ecr.Error? kind "integrity", code "not_there": the message says what is missing where
return function(watch)
  local images <const>, err <const> = expected(watch)
  if not images then return nil, err end
  local ids <const>, problems <const> = {}, {}
  for i, image in ipairs(images) do ids[i] = { digest = image.digest } end
  for _, destination in ipairs(watch.destinations) do
    local lacking <const>, problem <const> = lacking_at(watch, destination, ids)
    if not lacking then return nil, problem end
    if lacking[1] then problems[#problems + 1] = in_words(destination, lacking) end
  end
  if not problems[1] then return true end
  return error_object.give{ kind = "integrity", code = "not_there", operation = "DescribeImages",
    message = ("%s is called replicated, but %s"):format(watch.image,
      table.concat(problems, "; ")) }
end
