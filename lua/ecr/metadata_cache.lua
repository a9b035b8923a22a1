-- SPDX-License-Identifier: MIT
--- What a client was told of repositories and images, kept for a while and within a bound. It is off
--- unless the client is made with `metadata_cache`. Each client has its own, which is one region and
--- one identity; its siblings in other regions have theirs.
---
--- Kept: repositories and lists of them, descriptions of single images (also those asked for by digest:
--- tags, pull time and state change) until `ttl` has passed since they were asked for; manifests and
--- configurations by digest, verified, without an end, also when another client deletes the image.
--- Never kept: errors; what is not there; manifests by tag; lists of images, which are asked for before
--- something is deleted; lists read one by one; scans; what `client:call`, `image:get`,
--- `image:batch_get` and ECR Public's service give.
---
--- Whoever decides by how things are now asks past it, through `client:uncached()`: the gate with all
--- below it, `scan:wait_for`, `replication:wait_for` with `verify`, `image:put_tag`,
--- `image:get_for_deployment`, and the tag of `manifest:referrers`. `repository:list_tags` may take the
--- ARN from it, which a name keeps.
---
--- A write of the same client that names a repository drops everything of it and all lists, any other
--- write drops all: before it is sent and when it ends, however it ends. Questions under way then are
--- struck out: their answers are not kept, and nobody joins them any more. What others write is seen
--- when the `ttl` ends, and so is a write that takes effect only after its time was up here.

local flight <const> = require "ecr.flight"
local loop <const> = require "ecr.loop"
local lru <const> = require "ecr.lru"

local TTL <const> = 300                    -- seconds
local MAX_BYTES <const> = 10 * 1024 * 1024

-- What Lua 5.4 takes on a 64-bit machine. The names of members are shared by all and not counted.
local TABLE <const> = 56   -- bytes of an empty one
local MEMBER <const> = 36  -- of a member: 24, and room for members comes in powers of two
local STRING <const> = 25  -- of a string besides its letters
local ENTRY <const> = 320  -- of an entry of the cache, its key and its places in the tables there

---@class ecr.MetadataPlace what something is kept under
---@field kind "repository"|"repositories"|"detail"|"manifest"|"config"
---@field repository string "" when it is of several
---@field registry? string where it is not the client's
---@field id string
---@field lasting? boolean it has no end: the id is the digest of what is kept
---@field each? fun(item: table): ecr.MetadataPlace where the items of a list are kept besides

---@class ecr.MetadataCache
---@field ttl number seconds
---@field transport table the client's, for its time: the loop's may be another client's by now
---@field kept ecr.Lru
---@field questions table<string, {flight: ecr.Flight}> by key; an answer is kept if it is still here then
---@field shared integer how often somebody joined a question
local cache_methods <const> = {}
local cache_mt <const> = { __name = "ecr.metadata_cache", __index = cache_methods }

-- --- values --------------------------------------------------------------------------------------

--- What is handed out is the caller's, to change as it likes.
local function copy(value)
  if type(value) ~= "table" then return value end
  local made <const> = {}
  for key, item in next, value do made[key] = copy(item) end
  return setmetatable(made, getmetatable(value))
end

--- The memory that a value takes, about.
local function size_of(value)
  if type(value) == "string" then return STRING + #value end
  if type(value) ~= "table" then return 0 end
  local size = TABLE
  for _, item in next, value do size = size + MEMBER + size_of(item) end
  return size
end

-- --- keys ----------------------------------------------------------------------------------------

--- Begins with the repository, so that all of one can be dropped.
local function key_of(place)
  return ("%s\0%s\0%s\0%s"):format(place.repository, place.registry or "", place.kind, place.id)
end

local function keep(self, place, value, asked)
  local key <const> = key_of(place)
  self.kept:put(key, value, ENTRY + #key + size_of(value),
    not place.lasting and asked + self.ttl or nil)
end

-- --- asking --------------------------------------------------------------------------------------

local function keep_answer(self, place, value, asked)
  keep(self, place, value, asked)
  for _, item in ipairs(place.each and value or {}) do keep(self, place.each(item), item, asked) end
end

--- Starts a question that others may join. The loop must take the transport first: within a task, as
--- the question is, it takes no other.
local function begin(self, key, place, ask)
  local usable <const>, refusal <const> = loop.use(self.transport)
  if not usable then return nil, refusal end
  local question <const>, asked <const> = {}, self.transport:now()
  local function strike_out()
    if self.questions[key] == question then self.questions[key] = nil end
  end
  question.flight = flight.new(function()
    local _ <close> = setmetatable({}, { __close = strike_out })
    local value <const>, err <const> = ask()
    if value ~= nil and self.questions[key] == question then
      keep_answer(self, place, value, asked)
    end
    return value, err
  end)
  self.questions[key] = question
  return question
end

--- What is kept of a place, or what `ask` gives, which then is kept. While it is asked for it is not
--- asked for again: who comes meanwhile waits for the same answer. `ask` is called without a deadline,
--- since it is not for one caller alone.
---@param place ecr.MetadataPlace
---@param options {no_cache?: boolean, deadline?: number} deadline on the loop's monotonic clock
---@param ask fun(calls?: table): any, ecr.Error?
---@return any value a copy
---@return ecr.Error?
function cache_methods:get(place, options, ask)
  if options.no_cache then return self:pass(place, options, ask) end
  local key <const> = key_of(place)
  local question, refusal = self.questions[key], nil
  if question then
    self.shared = self.shared + 1
  else
    local kept <const> = self.kept:get(key, (self.transport:now()))
    if kept ~= nil then return copy(kept) end
    question, refusal = begin(self, key, place, ask)
  end
  if not question then return nil, refusal end
  local value <const>, err <const> = question.flight:get(options.deadline)
  if value == nil then return nil, err end
  return copy(value)
end

--- Asks, whatever is kept. That is dropped, since the caller will know more.
---@param place ecr.MetadataPlace
---@param options? table for the calls
---@param ask fun(calls?: table): any, ecr.Error?
---@return any
---@return ecr.Error?
function cache_methods:pass(place, options, ask)
  local key <const> = key_of(place)
  self.kept:remove(key)
  self.questions[key] = nil
  return ask(options)
end

-- --- dropping ------------------------------------------------------------------------------------

--- Drops everything of a repository and all lists, or all there is.
local function drop(self, repository)
  local start <const> = repository and repository .. "\0" or ""
  local function concerns(key)
    return key:sub(1, #start) == start or key:byte() == 0 -- a list's: of no one repository
  end
  for key in pairs(self.kept.entries) do
    if concerns(key) then self.kept:remove(key) end
  end
  for key in pairs(self.questions) do
    if concerns(key) then self.questions[key] = nil end
  end
end

--- A write begins; what is returned must be closed when it has ended.
---@param repository? string that it names
---@return table closed
function cache_methods:writing(repository)
  drop(self, repository)
  return setmetatable({}, { __close = function() drop(self, repository) end })
end

---@class ecr.MetadataCacheStats
---@field hits integer answered from what was kept
---@field misses integer asked for
---@field shared integer answered together with another that was asked for already
---@field evicted integer let go because the bound was reached
---@field entries integer
---@field bytes integer that they take, about
---@field max_bytes integer
---@field ttl number seconds

--- How it is used.
---@return ecr.MetadataCacheStats
function cache_methods:stats()
  local kept <const> = self.kept
  return { hits = kept.hits, misses = kept.misses, shared = self.shared, evicted = kept.evicted,
    entries = kept.count, bytes = kept.size, max_bytes = kept.max, ttl = self.ttl }
end

local metadata_cache <const> = {}

--- An empty cache.
---@param options true|{ttl?: number, max_bytes?: integer} as `ecr.client` takes it
---@param transport table
---@return ecr.MetadataCache
function metadata_cache.new(options, transport)
  if options == true then options = {} end
  return setmetatable({ ttl = options.ttl or TTL, transport = transport, shared = 0,
    questions = {}, kept = lru.new(options.max_bytes or MAX_BYTES) }, cache_mt)
end

return metadata_cache
