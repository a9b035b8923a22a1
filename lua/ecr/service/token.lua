-- SPDX-License-Identifier: MIT
--- The token of one registry and identity: from memory, from the disk, or from the service, which is
--- asked once, however many want it in this process, and by one process, however many run. Half-way
--- through its life a token is renewed; while that fails the old one is given on, as long as it lives.
--- Source of the life, and of renewing at half of it: "Private registry authentication" in the Amazon
--- ECR User Guide; AWS's credential helper for docker.

local auth_type <const> = require "ecr.types.auth"
local error_object <const> = require "ecr.error"
local flight <const> = require "ecr.flight"
local log <const> = require "ecr.log"
local loop <const> = require "ecr.loop"
local operations <const> = require "ecr.operation"
local request <const> = require "ecr.request"
local token_cache <const> = require "ecr.token_cache"

local HALF <const> = 0.5
local PATIENCE <const> = 5 -- seconds for others' tokens, and for a new one while the old one lives
local PAUSE <const> = 30   -- seconds after a renewal that failed
local SPREAD <const> = 0.1 -- of the pause, at random
local POLL <const>, MORE <const> = 0.05, 0.1 -- seconds between looks at a lock, and at random besides

---@class ecr.TokenKind
---@field operation string
---@field pick fun(output: table): table? the answer's data

---@class ecr.Token
---@field client ecr.Client
---@field kind ecr.TokenKind
---@field cache ecr.TokenCache
---@field key string of the cache in memory
---@field least number seconds that somebody who waits needs
---@field retry_at number wall clock: a renewal is not tried before
---@field asking ecr.Flight
---@field renewing ecr.Flight
local token_methods <const> = {}
local token_mt <const> = { __name = "ecr.service.token", __index = token_methods }

local token <const> = {}

--- What to do with a token: use it; use it if no newer one is to be had; fetch one. Pure.
---@param data? ecr.AuthorizationData
---@param now number wall clock
---@param least number seconds that it must still live
---@param buffer number seconds before its end from when a newer one is wanted
---@return "use"|"prefer"|"fetch"
function token.step(data, now, least, buffer)
  local left <const> = data and data:remaining(now) or 0
  local is_early <const> = left > 0 and data.obtained_at > now + token_cache.FUTURE
  if left <= 0 or left < least or is_early then return "fetch" end
  local half <const> = (data.expires_at - data.obtained_at) * HALF
  return (left < buffer or left <= half) and "prefer" or "use"
end

local function step(self, data, least)
  return token.step(data, loop.wall(), least, self.client.config.token_refresh_buffer_secs)
end

-- --- the disk ------------------------------------------------------------------------------------

--- Where the token is on disk. Nowhere in a simulator, a recording, or what is being recorded; nor
--- when nobody can say whose it would be: then asking says why.
local function place_of(self)
  local exchange <const> = self.client.exchange
  if not self.cache.directory or not exchange.credentials or exchange.transport.carrier then
    return nil
  end
  local where <const> = request.address(self.client.config, operations.find(self.kind.operation))
  local identity <const> = where and exchange.credentials:identity()
  return identity and self.cache:place{ self.kind.operation, where.partition or "",
    where.region or "", where.url, identity }
end

--- The newest of what is in memory and what another process has left, which goes there.
local function look_at_disk(self, place)
  local now <const> = loop.wall()
  local data <const>, found <const> = self.cache:get(self.key, now), self.cache:read(place, now)
  if not found or data and data.obtained_at >= found.obtained_at then return data end
  self.cache:put(self.key, found)
  self.cache.found = self.cache.found + 1
  return found
end

-- --- asking --------------------------------------------------------------------------------------

--- The call may have been made with other credentials than those that the place was for, which were
--- refused as expired or renewed meanwhile: then nobody can tell whose the token is.
local function leave_on_disk(self, place, data)
  local now <const> = place_of(self)
  if now and now.name == place.name then self.cache:write(place, data) end
end

--- Asks the service, and keeps what it gives.
local function ask(self, place)
  local output <const>, err <const> = self.client:call(self.kind.operation, {})
  if not output then return nil, err end
  local data <const>, problem <const> = auth_type.data(self.kind.pick(output))
  if not data then return nil, problem end
  data.obtained_at = loop.wall()
  self.cache.asked = self.cache.asked + 1
  self.cache:put(self.key, data)
  if place then leave_on_disk(self, place, data) end
  return data
end

--- Waits until this process may ask, or another one has brought a token: then gives that. Where nobody
--- can lock it asks at once; after a while it asks too, and leaves the disk to the others.
---@return userdata? lock
---@return ecr.AuthorizationData? data
---@return boolean? alone
local function take_turn(self, place)
  local ends <const> = loop.now() + PATIENCE
  while true do
    local lock, impossible = self.cache:lock(place)
    local data <const> = look_at_disk(self, place)
    local state <const> = step(self, data, self.least)
    if state == "use" or state == "prefer" and not lock and not impossible then
      if lock then lock:close() end
      return nil, data
    end
    if lock or impossible then return lock end
    if loop.now() >= ends then return nil, nil, true end
    loop.sleep(POLL + MORE * self.random())
  end
end

local function ask_in_turn(self, place)
  local _ <close>, data <const>, alone <const> = take_turn(self, place)
  if data then return data end
  return ask(self, not alone and place or nil)
end

--- The work of the flight.
local function fetch(self)
  local place <const> = place_of(self)
  local data, err
  if place then data, err = ask_in_turn(self, place) else data, err = ask(self) end
  self.least = 0
  return data, err
end

-- --- giving --------------------------------------------------------------------------------------

local function give(self, data)
  self.cache.given = self.cache.given + 1
  return data
end

local function short_lived(self, data, least)
  local left <const> = data:remaining(loop.wall())
  local message = ("the service gave a token that lives for %.0f s, %.0f are needed"):format(left,
    least)
  if left <= 0 then
    message = ("the service gave a token that expired %.0f s ago: the clock here is wrong"):format(
      -left)
  end
  return error_object.give{ kind = "protocol", code = "short_lived",
    operation = self.kind.operation, message = message }
end

--- What is at hand without asking, and what to do with it. While a token lives nobody waits for the
--- credentials that would tell where another one may be.
local function at_hand(self, least)
  local data = self.cache:get(self.key, loop.wall())
  local state <const> = step(self, data, least)
  if state == "prefer" then return data, loop.wall() < self.retry_at and "use" or state end
  if state == "use" then return data, state end
  local place <const> = place_of(self)
  if not place then return data, state end
  data = look_at_disk(self, place)
  return data, step(self, data, least)
end

--- The old token goes on while it lives, and a new one is not tried for at once.
local function go_on(self, data, err)
  self.retry_at = loop.wall() + PAUSE * (1 + SPREAD * self.random())
  log.write("warn", "the registry token was not renewed, the old one is used until its end: %s",
    err.message)
  return give(self, data)
end

--- A token that still lives for so long. One that a flight under way found on disk may be too old for
--- who came late: the next flight knows what is needed.
---@param least number seconds
---@return ecr.AuthorizationData?
---@return ecr.Error?
function token_methods:get(least)
  local since <const> = loop.wall()
  local data <const>, state <const> = at_hand(self, least)
  if state == "use" then return give(self, data) end
  self.least = math.max(self.least, least)
  local got <const>, err <const> = self.asking:get(state == "prefer" and loop.now() + PATIENCE
    or nil)
  if got and step(self, got, least) ~= "fetch" then return give(self, got) end
  if err and step(self, data, least) ~= "fetch" then return go_on(self, data, err) end
  if not got then return nil, err end
  if got.obtained_at < since then return self:get(least) end
  return short_lived(self, got, least)
end

--- A new one, whatever is there.
---@return ecr.AuthorizationData?
---@return ecr.Error?
function token_methods:refresh()
  local data <const>, err <const> = self.renewing:get()
  if not data then return nil, err end
  return give(self, data)
end

---@type table<string, ecr.TokenKind>
local KINDS <const> = {
  private = { operation = "ecr:GetAuthorizationToken",
    pick = function(output) return (output.authorization_data or {})[1] end },
  public = { operation = "ecr-public:GetAuthorizationToken",
    pick = function(output) return output.authorization_data end },
}

--- The token of a client's account in its region, or of ECR Public. Nothing is asked yet.
---@param client ecr.Client
---@param kind "private"|"public"
---@return ecr.Token
function token.new(client, kind)
  local self <const> = setmetatable({ client = client, kind = KINDS[kind], least = 0,
    retry_at = 0, random = math.random, cache = client:tokens() }, token_mt)
  self.key = self.cache:new_key()
  self.asking = flight.new(function() return fetch(self) end)
  self.renewing = flight.new(function() return ask(self, place_of(self)) end)
  return self
end

return token
