-- SPDX-License-Identifier: MIT
-- A keeper over a source of the spec's own, in the simulator's time.
local ecr = require "ecr"
local error_object = require "ecr.error"
local keeper = require "ecr.credentials.keeper"
local loop = require "ecr.loop"

local function wall() return select(2, loop.now()) end

--- Credentials as far as a keeper looks at them.
local function creds(number, expires)
  return { number = number, expires = function() return expires end }
end

--- A source whose answers live for an hour and take five seconds; `source.broken` is its error.
local function source_of(fields)
  local source = { title = "the source", fetched = 0 }
  for key, value in pairs(fields or {}) do source[key] = value end
  function source.fetch()
    source.fetched = source.fetched + 1
    local number = source.fetched
    ecr.sleep(5)
    if source.broken then return nil, source.broken end
    return creds(number, wall() + (source.life or 3600))
  end
  return source
end

local function constant() return 0 end

local function network()
  return error_object.new{ kind = "network", message = "not there" }
end

describe("a keeper", function()
  before_each(function() assert(ecr.mock():with_repository{ name = "app" }:client{}) end)

  after_each(function()
    ecr.sleep(100) -- a renewal by the way may be under way
    assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
  end)

  it("fetches once for a hundred callers", function()
    local source = source_of()
    local one = keeper.new(source, constant)
    local callers = {}
    for i = 1, 100 do callers[i] = function() return one:get().number end end
    local numbers = ecr.all(callers)
    for i = 1, 100 do assert.equal(1, numbers[i]) end
    assert.equal(1, source.fetched)
  end)

  it("gives what it holds until a quarter of an hour before the end", function()
    local source = source_of()
    local one = keeper.new(source, constant)
    one:get()
    ecr.sleep(2690)
    assert.equal(1, one:get().number)
    assert.equal(1, source.fetched)
  end)

  it("then renews by the way: nobody waits, the next gets the new ones", function()
    local source = source_of()
    local one = keeper.new(source, constant)
    one:get()
    ecr.sleep(2710)
    local before = loop.now()
    assert.equal(1, one:get().number)
    assert.equal(before, loop.now())
    ecr.sleep(10)
    assert.equal(2, one:get().number)
    assert.equal(2, source.fetched)
  end)

  it("makes all wait in the last ten minutes", function()
    local one = keeper.new(source_of(), constant)
    one:get()
    ecr.sleep(3100)
    assert.equal(2, one:get().number)
  end)

  it("uses those that are still valid when renewing fails, and not those that are not", function()
    local source = source_of()
    local one = keeper.new(source, constant)
    one:get()
    source.broken = network()
    ecr.sleep(3100)
    assert.equal(1, one:get().number)
    ecr.sleep(500)
    local none, err = one:get()
    assert.is_nil(none)
    assert.equal("network", err.kind)
  end)

  it("does not ask a source again at once that has just failed", function()
    local source = source_of()
    local one = keeper.new(source, constant)
    one:get()
    source.broken = network()
    ecr.sleep(3100)
    for _ = 1, 10 do one:get() end
    assert.equal(2, source.fetched)
  end)

  it("refuses credentials that arrive expired, and says whose they are", function()
    local none, err = keeper.new(source_of{ life = -1 }, constant):get()
    assert.is_nil(none)
    assert.equal("expired_credentials", err.code)
    assert.equal("auth", err.kind)
    assert.matches("^the source: ", err.message)
  end)

  it("keeps no error: the next call asks again", function()
    local source = source_of{ broken = network() }
    local one = keeper.new(source, constant)
    assert.is_nil((one:get()))
    source.broken = nil
    assert.equal(2, one:get().number)
  end)

  it("says what was not found as an error of its source", function()
    local none, err = keeper.new({ title = "the source", fetch = function() return nil, "gone fishing" end },
      constant):get()
    assert.is_nil(none)
    assert.equal("the source: gone fishing", err.message)
    assert.equal("no_credentials", err.code)
  end)

  it("waits no longer than the deadline of the call; the fetching goes on for others", function()
    local source = source_of()
    local one = keeper.new(source, constant)
    local none, err = one:get(loop.now() + 1)
    assert.is_nil(none)
    assert.equal("timeout", err.kind)
    assert.equal(1, one:get().number)
    assert.equal(1, source.fetched)
  end)

  it("does not ask a person again before the old ones have expired", function()
    local source = source_of{ prompts = true }
    local one = keeper.new(source, constant)
    one:get()
    ecr.sleep(3590)
    assert.equal(1, one:get().number)
    ecr.sleep(20)
    assert.equal(2, one:get().number)
  end)

  it("gives others for those that were refused as expired, if there can be any", function()
    local one = keeper.new(source_of(), constant)
    assert.is_true(one:refuse(one:get()))
    assert.equal(2, one:get().number)
    local static = keeper.new({ title = "static", fetch = function() return creds(1) end }, constant)
    assert.is_false(static:refuse(static:get()))
  end)

  it("gives those to a call that is refused after they were renewed, and keeps them", function()
    local source = source_of()
    local one = keeper.new(source, constant)
    local old = one:get()
    one:refuse(old)
    assert.is_true(one:refuse(old)) -- while nothing is kept
    one:get()
    assert.is_true(one:refuse(old))
    assert.equal(2, one:get().number)
    assert.equal(2, source.fetched)
  end)
end)
