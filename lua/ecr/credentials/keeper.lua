-- SPDX-License-Identifier: MIT
--- A keeper holds the credentials of one source and fetches them again in time: once, however many
--- want them, in a task of its own. Credentials that are still valid are used when that fails.

local error_object <const> = require "ecr.error"
local flight <const> = require "ecr.flight"
local log <const> = require "ecr.log"
local loop <const> = require "ecr.loop"
local renewal <const> = require "ecr.credentials.renewal"
local time_text <const> = require "ecr.time_text"

---@class ecr.CredentialSource
---@field fetch fun(): userdata?, ecr.Error|string|nil credentials; or nil and an error, or what was not found
---@field title string for messages
---@field identity? fun(): string?, boolean? who it is: see `ecr.credentials.whose`
---@field peek? fun(): ecr.CredentialSource?, true|ecr.Error|nil of a chain: the source in it
---@field place? string what tells who assumes a role with it
---@field untold? boolean nothing tells who it is, not even what it gives
---@field at_hand? boolean `fetch` asks nobody
---@field prompts? boolean somebody is asked: not before the old credentials have expired

---@class ecr.Keeper
---@field source ecr.CredentialSource
---@field kept? ecr.Kept
---@field fetching ecr.Flight
local keeper_methods <const> = {}
local keeper_mt <const> = { __name = "ecr.keeper", __index = keeper_methods }

local function expired(self, expires)
  return error_object.give{ kind = "auth", code = "expired_credentials",
    message = ("%s: the credentials that it gave expired at %s: it, or the clock here, is wrong")
      :format(self.source.title, time_text(expires)) }
end

local function nothing(self, reason)
  return error_object.give{ kind = "auth", code = "no_credentials",
    message = ("%s: %s"):format(self.source.title, reason or "there are none") }
end

local function too_late(self)
  return error_object.give{ kind = "timeout", code = "deadline", retryable = false,
    message = self.source.title .. ": there were none before the deadline" }
end

local function fetch(self)
  local creds <const>, why <const> = self.source.fetch()
  if not creds then
    if error_object.is(why) then return nil, why end
    return nothing(self, why)
  end
  local now <const>, expires <const> = loop.wall(), creds:expires()
  if expires and expires <= now then return expired(self, expires) end
  self.kept = renewal.keep(creds, expires, now, self.random())
  if self.source.prompts and expires then self.kept.early, self.kept.late = expires, expires end
  return creds
end

--- Valid credentials that are kept are not lost when fetching fails.
local function fetch_or_note(self)
  local creds <const>, err <const> = fetch(self)
  if creds then return creds end
  local now <const> = loop.wall()
  if self.kept and self.kept.expires and now < self.kept.expires then
    renewal.failed(self.kept, now, self.random())
    log.write("warn", "credentials could not be renewed, the old ones are used on: %s", err.message)
  end
  return nil, err
end

--- Credentials that are valid now.
---@param deadline? number on the loop's monotonic clock
---@return userdata?
---@return ecr.Error?
function keeper_methods:get(deadline)
  local step <const> = renewal.step(self.kept, loop.wall())
  if step == "use" then return self.kept.creds end
  if step == "renew" then
    self.fetching:start()
    return self.kept.creds
  end
  local creds <const>, err <const> = self.fetching:get(deadline)
  if creds then return creds end
  if step == "prefer" and loop.wall() < self.kept.expires then return self.kept.creds end
  if err.code == "deadline" then return too_late(self) end
  return nil, err
end

--- These credentials were refused as expired: whoever asks next gets others. Another call may have
--- been refused before, and the others be here already.
---@param creds userdata
---@return boolean whether others can be had
function keeper_methods:refuse(creds)
  if not self.kept or self.kept.creds ~= creds then return true end
  if not self.kept.expires then return false end
  self.kept = nil
  return true
end

local keeper <const> = {}

--- A keeper that holds nothing yet.
---@param source ecr.CredentialSource
---@param random fun(): number uniform in [0, 1)
---@return ecr.Keeper
function keeper.new(source, random)
  local self <const> = setmetatable({ source = source, random = random }, keeper_mt)
  self.fetching = flight.new(function() return fetch_or_note(self) end)
  return self
end

return keeper
