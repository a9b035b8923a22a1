-- SPDX-License-Identifier: MIT
local ecr = require "ecr"
local flight = require "ecr.flight"
local loop = require "ecr.loop"

--- A flight that takes ten seconds of virtual time and gives the number of its run.
local function counted()
  local runs = 0
  return flight.new(function()
    runs = runs + 1
    local own = runs
    ecr.sleep(10)
    return own, "more"
  end)
end

--- Calls where nobody can yield: the loop is driven in place.
local function in_place(fn)
  return coroutine.wrap(fn)()
end

describe("a flight", function()
  before_each(function() assert(ecr.mock():with_repository{ name = "app" }:client{}) end)

  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("is one run for ten callers", function()
    local one, callers = counted(), {}
    for i = 1, 10 do callers[i] = function() return one:get() end end
    local start = loop.now()
    assert.same({ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, n = 10 }, (ecr.all(callers)))
    assert.near(10, loop.now() - start, 1e-6)
  end)

  it("gives every result, also outside a task", function()
    assert.same({ 1, "more" }, { counted():get() })
  end)

  it("keeps nothing: who asks after its end starts another run", function()
    local one = counted()
    assert.equal(1, (one:get()))
    assert.equal(2, (one:get()))
  end)

  it("goes on for the others when the caller that started it is cancelled", function()
    local one = counted()
    local starter = ecr.spawn(function() return one:get() end)
    local other = ecr.spawn(function() return one:get() end)
    ecr.sleep(1)
    starter:cancel()
    assert.equal("cancelled", select(2, starter:await()).kind)
    assert.equal(1, (other:await()))
  end)

  it("lets who comes later join although the caller that started it is gone", function()
    local one = counted()
    local starter = ecr.spawn(function() return one:get() end)
    ecr.sleep(1)
    starter:cancel()
    assert.equal(1, (one:get()))
  end)

  it("hands nil and an error to all who waited and keeps neither", function()
    local runs = 0
    local one = flight.new(function()
      runs = runs + 1
      ecr.sleep(1)
      if runs == 1 then return nil, "no" end
      return "yes"
    end)
    local function ask() return one:get() end
    local _, errors = ecr.all{ ask, ask, ask }
    assert.same({ "no", "no", "no" }, errors)
    assert.equal("yes", one:get())
  end)

  it("raises what the work raises in each who waits, and can run again", function()
    local healthy = false
    local one = flight.new(function()
      ecr.sleep(1)
      if not healthy then error({ "boom" }) end
      return "well"
    end)
    local function ask() return select(2, pcall(one.get, one))[1] end
    assert.same({ "boom", "boom", n = 2 }, (ecr.all{ ask, ask }))
    healthy = true
    assert.equal("well", one:get())
  end)

  it("surfaces what the work raises when everybody who waited was cancelled", function()
    local one = flight.new(function()
      ecr.sleep(1)
      error("nobody hears this")
    end)
    local caller = ecr.spawn(function() return one:get() end)
    ecr.sleep(0.5)
    caller:cancel()
    local ok, problem = pcall(ecr.sleep, 5)
    assert.is_false(ok)
    assert.matches("nobody hears this", problem)
    ecr.sleep(5)
  end)

  it("is shared by a caller that drives in place and one that yields", function()
    local one = counted()
    local results = ecr.all{
      function() return in_place(function() return one:get() end) end,
      function() return one:get() end,
      function() ecr.sleep(5) return in_place(function() return one:get() end) end,
    }
    assert.same({ 1, 1, 1, n = 3 }, results)
  end)

  it("is waited for by others while its work drives in place", function()
    local runs = 0
    local one = flight.new(function()
      runs = runs + 1
      in_place(function() ecr.sleep(10) end)
      return runs
    end)
    local function ask() return one:get() end
    assert.same({ 1, 1, 1, n = 3 }, (ecr.all{ ask, ask, function() ecr.sleep(5) return one:get() end }))
  end)

  it("says deadlock when its work asks for itself", function()
    local one
    one = flight.new(function() return one:get() end)
    local ok, problem = pcall(one.get, one)
    assert.is_false(ok)
    assert.matches("deadlock", tostring(problem))
  end)
end)
