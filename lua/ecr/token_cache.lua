-- SPDX-License-Identifier: MIT
--- Registry tokens: in memory for one process, and on disk, where that is wanted, for the many that
--- a pipeline starts. When to ask for a token, and who asks, is `ecr.service.token`'s business. On
--- disk a file stands for one identity, as its name and its content say; what C does not trust
--- (another's file, a link, loose permissions, a broken document) is told once, not used, and
--- replaced.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local log <const> = require "ecr.log"
local lru <const> = require "ecr.lru"
local profiles <const> = require "ecr.config.profiles"
local reading <const> = require "ecr.config.reading"
local settings <const> = require "ecr.config.settings"
local auth_type <const> = require "ecr.types.auth"

local VERSION <const> = 1             -- of the files
local MOST <const> = 10 * 1024 * 1024 -- bytes of tokens in memory
local EXTRA <const> = 512             -- bytes that an entry takes besides its token, about
local LOCKS <const> = 2               -- digits that name a lock: its file stays, so there are few
local LONGEST <const> = 36 * 3600     -- seconds that a token may live; ECR's have 12 hours

--- How far in the future a token may have been obtained, in seconds: clocks differ, and go back.
local token_cache <const> = { FUTURE = 300 }

---@class ecr.TokenCacheStats
---@field hits integer tokens that were given without the service being asked for them
---@field misses integer
---@field from_disk integer of the hits, those that another process had left
---@field evicted integer
---@field entries integer
---@field bytes integer

---@class ecr.TokenCache
---@field directory? string nil = nothing is kept on disk
---@field memory ecr.Lru
---@field given integer tokens that were given to somebody
---@field asked integer those that the service was asked for
---@field found integer those that another process had left
---@field keys integer how many were given out
---@field told table<string, boolean> what was warned of
local cache_methods <const> = {}
local cache_mt <const> = { __name = "ecr.token_cache", __index = cache_methods }

function cache_mt.__tostring(self)
  return self.directory or "memory"
end

-- --- memory --------------------------------------------------------------------------------------

--- A key for somebody's token in memory: nobody else's.
---@return string
function cache_methods:new_key()
  self.keys = self.keys + 1
  return tostring(self.keys)
end

--- The token that is kept under a key, unless it has expired.
---@param key string
---@param now number wall clock
---@return ecr.AuthorizationData?
function cache_methods:get(key, now)
  return self.memory:get(key, now)
end

--- Keeps a token.
---@param key string
---@param data ecr.AuthorizationData
function cache_methods:put(key, data)
  self.memory:put(key, data, #data.authorization_token + EXTRA, data.expires_at)
end

-- --- disk ----------------------------------------------------------------------------------------

--- A token's file and its lock.
---@class ecr.TokenPlace
---@field identity string hash of all that tells one token from another
---@field name string
---@field lock string

--- The place of a token: nil when there is no disk to keep it on.
---@param parts string[] what tells it from others
---@return ecr.TokenPlace?
function cache_methods:place(parts)
  if not self.directory then return nil end
  local identity <const> = core.sha256(table.concat(parts, "\0\0"))
  return { identity = identity, name = identity .. ".token", lock = identity:sub(1, LOCKS) }
end

--- A warning, the first time.
local function tell(self, message)
  if self.told[message] then return end
  self.told[message] = true
  log.write("warn", "token cache: %s", message)
end

--- What is wrong with a document that could be read.
local function fault_of(document, place, now)
  if document.version ~= VERSION then
    return ("it is of version %s, this is for %d"):format(tostring(document.version), VERSION)
  elseif document.identity ~= place.identity then
    return "it is another identity's"
  elseif not (document.token and document.obtained_at and document.expires_at) then
    return "it is not complete"
  elseif document.obtained_at > now + token_cache.FUTURE then
    return "it was written in the future"
  elseif document.expires_at - document.obtained_at > LONGEST then
    return "no token lives so long"
  end
  local pair <const> = document.token:unbase64()
  return not (pair and pair:after(":")) and "its token is none" or nil
end

local function data_of(document)
  local registry <const> = document.registry ~= "" and document.registry or nil
  return (auth_type.data{ authorization_token = document.token, proxy_endpoint = registry,
    expires_at = document.expires_at, obtained_at = document.obtained_at })
end

--- The token of a place, unless it has expired.
---@param place ecr.TokenPlace
---@param now number wall clock
---@return ecr.AuthorizationData?
function cache_methods:read(place, now)
  local document <const>, failure <const> = core.cache_read(self.directory, place.name,
    "token_cache")
  if not document then
    if failure then tell(self, failure.message) end
    return nil
  end
  local fault <const> = fault_of(document, place, now)
  if fault then
    tell(self, ("%s/%s is not used: %s"):format(self.directory, place.name, fault))
    return nil
  end
  if document.expires_at <= now then return nil end
  return data_of(document)
end

local function number(seconds) return ("%.3f"):format(seconds) end

local function document_of(place, data)
  local token <const>, failure <const> = data.authorization_token:json()
  if not token then return nil, failure end
  return { '{"version":', tostring(VERSION), ',"registry":', core.quote(data.proxy_endpoint or ""),
    ',"identity":', core.quote(place.identity), ',"obtained_at":', number(data.obtained_at),
    ',"expires_at":', number(data.expires_at), ',"token":', token, "}\n" }
end

--- Leaves a token for other processes. One that cannot be written is told, and does without.
---@param place ecr.TokenPlace
---@param data ecr.AuthorizationData
function cache_methods:write(place, data)
  local parts, failure = document_of(place, data)
  local done
  if parts then done, failure = core.cache_write(self.directory, place.name, parts) end
  if not done then tell(self, failure.message) end
end

--- Tries to be the one who asks.
---@param place ecr.TokenPlace
---@return userdata? lock to close; nil when somebody else is, or when there can be none
---@return boolean? impossible
function cache_methods:lock(place)
  local lock <const>, failure <const> = core.cache_lock(self.directory, place.lock)
  if lock then return lock end
  if failure then tell(self, failure.message) end
  return nil, failure ~= nil
end

-- --- numbers -------------------------------------------------------------------------------------

--- What it did so far.
---@return ecr.TokenCacheStats
function cache_methods:stats()
  return { hits = self.given - self.asked, misses = self.asked, from_disk = self.found,
    evicted = self.memory.evicted, entries = self.memory.count, bytes = self.memory.size }
end

-- --- making one ----------------------------------------------------------------------------------

--- Where tokens are kept on disk unless a directory is named. Source: the XDG Base Directory
--- Specification, which has relative paths ignored.
---@return string? directory nil when there is no home
function token_cache.directory()
  local caches <const> = reading.variable{ "XDG_CACHE_HOME" }
  if caches and caches:sub(1, 1) == "/" then return caches .. "/ecrlua" end
  local home <const> = reading.variable{ "HOME" }
  return home and home .. "/.cache/ecrlua"
end

--- An empty one.
---@param directory? string
---@param max_bytes? integer
---@return ecr.TokenCache
function token_cache.new(directory, max_bytes)
  return setmetatable({ directory = directory, memory = lru.new(max_bytes or MOST), given = 0,
    asked = 0, found = 0, keys = 0, told = {} }, cache_mt)
end

local SWITCHES <const> = { on = true, ["true"] = true, ["1"] = true, off = false,
  ["false"] = false, ["0"] = false }

local function refuse(setting, origin)
  return error_object.give{ kind = "config", code = "token_cache",
    message = ("token_cache (from %s): %q is neither on, off, nor an absolute path"):format(origin,
      tostring(setting)) }
end

local function on_disk()
  local directory <const> = token_cache.directory()
  if not directory then
    log.write("warn", "token cache: neither XDG_CACHE_HOME nor HOME says where to keep tokens")
  end
  return token_cache.new(directory)
end

--- The cache that a setting asks for: one that is there already, one with a directory (an
--- absolute path, or one below "~"), one that is on or off.
---@param setting ecr.TokenCache|boolean|string|nil
---@param origin string where it was set
---@return ecr.TokenCache?
---@return ecr.Error? kind "config"
function token_cache.of(setting, origin)
  if getmetatable(setting) == cache_mt then return setting end
  local switch = setting or false
  if type(setting) == "string" then
    local path <const> = profiles.expand(setting)
    if path:find("^/") then return token_cache.new(path) end
    switch = SWITCHES[setting:lower()]
  end
  if type(switch) ~= "boolean" then return refuse(setting, origin) end
  return switch and on_disk() or token_cache.new()
end

--- The cache that several clients are to share: as the options say, or else the environment.
---@param setting ecr.TokenCache|boolean|string|nil
---@return ecr.TokenCache?
---@return ecr.Error? kind "config"
function token_cache.shared(setting)
  return token_cache.of(reading.setting("token_cache", settings.token_cache, setting))
end

return token_cache
