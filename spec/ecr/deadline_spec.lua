-- SPDX-License-Identifier: MIT
local ecr = require "ecr"
local loop = require "ecr.loop"

describe("with_deadline", function()
  before_each(function() assert(ecr.mock():with_repository{ name = "app" }:client{}) end)
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("gives what the function gives, if it is in time", function()
    assert.same({ n = 3, 1, nil, 3 }, table.pack(ecr.with_deadline(5, function(...)
      ecr.sleep(4.9)
      return ...
    end, 1, nil, 3)))
  end)

  it("cancels it at what it waits for, closes what it holds, and says so", function()
    local closed
    local start = loop.now()
    local got, err = ecr.with_deadline(5, function()
      local _ <close> = setmetatable({}, { __close = function() closed = loop.now() end })
      ecr.sleep(100)
      return 1
    end)
    assert.is_nil(got)
    assert.same({ "timeout", "deadline" }, { err.kind, err.code })
    assert.matches("within 5 s", err.message)
    assert.near(5, closed - start, 1e-6)
    assert.near(5, loop.now() - start, 1e-6)
  end)

  it("takes back what was asked", function()
    local client = ecr.mock():with_repository{ name = "app" }:with_latency_injection{ seconds = 60 }:client{}
    local _, err = ecr.with_deadline(1, function() return client.repository:get("app") end)
    assert.equal("deadline", err.code)
  end)

  it("raises what the function raises, and passes on its errors", function()
    assert.has_error(function() ecr.with_deadline(1, error, { 1 }) end, { 1 })
    local client = ecr.mock():with_repository{ name = "app" }:client{}
    local _, err = ecr.with_deadline(1, function() return client.repository:get("other") end)
    assert.equal("not_found", err.kind)
  end)

  it("can be in one another: the nearest ends it", function()
    local outer, inner
    outer = select(2, ecr.with_deadline(1, function()
      inner = select(2, ecr.with_deadline(5, ecr.sleep, 10))
      return 1
    end))
    assert.is_nil(inner)
    assert.matches("within 1 s", outer.message)
    local second = { ecr.with_deadline(5, function()
      return select(2, ecr.with_deadline(1, ecr.sleep, 10)).message
    end) }
    assert.matches("within 1 s", second[1])
  end)
end)
