-- SPDX-License-Identifier: MIT
--- A cache with a bound: when it is full, what was not asked for longest goes. Pure: the time comes in.
--- A value may have an end; after it, it is not there.

---@class ecr.LruEntry
---@field key string
---@field value any
---@field size integer bytes
---@field ends? number
---@field newer? ecr.LruEntry
---@field older? ecr.LruEntry

---@class ecr.Lru
---@field max integer bytes that all values together may have
---@field size integer bytes that they have
---@field count integer
---@field hits integer
---@field misses integer
---@field evicted integer
---@field entries table<string, ecr.LruEntry>
---@field newest? ecr.LruEntry
---@field oldest? ecr.LruEntry
local lru_methods <const> = {}
local lru_mt <const> = { __name = "ecr.lru", __index = lru_methods }

local function unlink(self, entry)
  if entry.newer then entry.newer.older = entry.older else self.newest = entry.older end
  if entry.older then entry.older.newer = entry.newer else self.oldest = entry.newer end
  entry.newer, entry.older = nil, nil
end

local function link(self, entry)
  entry.older = self.newest
  if self.newest then self.newest.newer = entry end
  self.newest = entry
  self.oldest = self.oldest or entry
end

local function drop(self, entry)
  unlink(self, entry)
  self.entries[entry.key] = nil
  self.size, self.count = self.size - entry.size, self.count - 1
end

--- The value of a key; nil when it is not there, or has ended.
---@param key string
---@param now number
---@return any
function lru_methods:get(key, now)
  local entry <const> = self.entries[key]
  if entry and entry.ends and now >= entry.ends then
    drop(self, entry)
  elseif entry then
    self.hits = self.hits + 1
    unlink(self, entry)
    link(self, entry)
    return entry.value
  end
  self.misses = self.misses + 1
end

--- Keeps a value, in the place of the key's other. One larger than the bound is not kept.
---@param key string
---@param value any
---@param size integer bytes, about
---@param ends? number
function lru_methods:put(key, value, size, ends)
  local old <const> = self.entries[key]
  if old then drop(self, old) end
  if size > self.max then return end
  while self.size + size > self.max do
    drop(self, self.oldest)
    self.evicted = self.evicted + 1
  end
  local entry <const> = { key = key, value = value, size = size, ends = ends }
  self.entries[key] = entry
  self.size, self.count = self.size + size, self.count + 1
  link(self, entry)
end

--- Forgets a key.
---@param key string
function lru_methods:remove(key)
  local entry <const> = self.entries[key]
  if entry then drop(self, entry) end
end

--- Forgets every key that begins so.
---@param start string
function lru_methods:remove_under(start)
  for key, entry in pairs(self.entries) do
    if key:sub(1, #start) == start then drop(self, entry) end
  end
end

local lru <const> = {}

--- An empty cache.
---@param max integer bytes
---@return ecr.Lru
function lru.new(max)
  return setmetatable({ max = max, size = 0, count = 0, hits = 0, misses = 0, evicted = 0,
    entries = {} }, lru_mt)
end

return lru
