-- SPDX-License-Identifier: MIT
local ecr = require "ecr"
local flight = require "ecr.flight"
local loop = require "ecr.loop"

--- A world of its own with one repository; its clock is the loop's from here on.
local function world()
  return assert(ecr.mock():with_repository{ name = "app" }:with_image("app",
    { tags = { "v1" } }):client{})
end

local function names(client)
  return assert(client.repository:list())[1].repository_name
end

describe("the loop", function()
  local client

  before_each(function() client = world() end)

  after_each(function()
    assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
  end)

  it("drives in place outside a task", function()
    assert.equal("app", names(client))
  end)

  it("yields inside a task, so that two calls wait at the same time", function()
    local start = loop.now()
    ecr.all{ function() ecr.sleep(10) return true end, function() ecr.sleep(10) return true end }
    assert.near(10, loop.now() - start, 1e-6)
  end)

  it("runs the earliest of several sleepers first", function()
    local order = {}
    ecr.all{
      function() ecr.sleep(3) order[#order + 1] = "three" return true end,
      function() ecr.sleep(1) order[#order + 1] = "one" return true end,
      function() ecr.sleep(2) order[#order + 1] = "two" return true end,
    }
    assert.same({ "one", "two", "three" }, order)
  end)

  it("gives results in the order of the functions, and errors by position", function()
    local results, errors = ecr.all{
      function() ecr.sleep(2) return "a" end,
      function() return nil, "went wrong" end,
      function() return "c" end,
    }
    assert.equal("a", results[1])
    assert.equal("c", results[3])
    assert.same({ [2] = "went wrong" }, errors)
  end)

  it("(a) lets runnable work leave one queue one by one, so that a drive inside a drive finds the rest", function()
    local ran = 0
    local tasks = {}
    for i = 1, 3 do
      tasks[i] = ecr.spawn(function()
        local list = { 3, 1, 2 }
        table.sort(list, function(a, b) -- a comparator cannot yield: each call drives in place
          names(client)
          return a < b
        end)
        ran = ran + 1
      end)
    end
    for _, task in ipairs(tasks) do task:await() end
    assert.equal(3, ran)
  end)

  it("serves a call from a coroutine of the caller's own", function()
    local got = coroutine.wrap(function() return names(client) end)()
    assert.equal("app", got)
  end)

  it("raises in the awaiting code what a task raised", function()
    local task = ecr.spawn(function() error("boom") end)
    local ok, problem = pcall(task.await, task)
    assert.is_false(ok)
    assert.matches("boom", problem)
  end)

  it("surfaces at once the error of a task that nobody awaits", function()
    ecr.spawn(function() error("nobody hears this") end)
    local ok, problem = pcall(ecr.sleep, 1)
    assert.is_false(ok)
    assert.matches("nobody hears this", problem)
  end)

  it("(b) goes on with what others wait for when the caller that started it is cancelled", function()
    local lookup = flight.new(function() return names(client) end)
    local starter = ecr.spawn(function() return lookup:get() end)
    local other = ecr.spawn(function() return lookup:get() end)
    ecr.sleep(0)
    starter:cancel()
    assert.equal("app", other:await())
  end)

  it("(c) lets a task wait for one that drives in place: that is no deadlock", function()
    local outer = ecr.spawn(function()
      ecr.sleep(1)
      coroutine.wrap(function() ecr.sleep(10) end)()
      return "outer"
    end)
    local inner = ecr.spawn(function()
      ecr.sleep(5) -- the outer one drives now
      return outer:await()
    end)
    assert.equal("outer", inner:await())
  end)

  it("(c) says deadlock when a task waits for itself", function()
    local task
    task = ecr.spawn(function() return task:await() end)
    local ok, problem = pcall(task.await, task)
    assert.is_false(ok)
    assert.matches("deadlock", tostring(problem))
  end)

  it("(c) says deadlock when a drive inside a task waits for that task", function()
    local outer, inner
    outer = ecr.spawn(function()
      inner = ecr.spawn(function() return outer:await() end)
      coroutine.wrap(function() inner:await() end)() -- not our task: drives in place
    end)
    assert.matches("deadlock", tostring(select(2, pcall(outer.await, outer))))
    assert.matches("deadlock", tostring(select(2, pcall(inner.await, inner)))) -- it gets what the other one raised
  end)

  it("(d) says deadlock when drives nest more than 16 deep", function()
    local depth = 0
    local function dive()
      depth = depth + 1
      local task <close> = ecr.spawn(function() coroutine.wrap(dive)() end)
      task:await()
    end
    local ok, problem = pcall(coroutine.wrap(dive))
    assert.is_false(ok)
    assert.matches("deadlock", tostring(problem))
    assert.equal(17, depth)
  end)

  it("cancels a sleeping task and runs its close variables", function()
    local closed = false
    local task = ecr.spawn(function()
      local _ <close> = setmetatable({},
        { __close = function() closed = true end })
      ecr.sleep(1000)
    end)
    ecr.sleep(1)
    task:cancel()
    assert.is_true(closed)
    local value, err = task:await()
    assert.is_nil(value)
    assert.equal("cancelled", err.kind)
  end)

  it("takes back the request of a cancelled task", function()
    local task = ecr.spawn(function() return names(client) end)
    ecr.sleep(0)
    assert.equal(1, loop.pending().tickets)
    task:cancel()
    assert.equal(0, loop.pending().tickets)
  end)

  it("(e) lets a close variable of a cancelled task make a call, which drives in place", function()
    local seen
    local task = ecr.spawn(function()
      local _ <close> = setmetatable({},
        { __close = function() seen = names(client) end })
      ecr.sleep(1000)
    end)
    ecr.sleep(1)
    task:cancel()
    assert.equal("app", seen)
  end)

  it("(e) gives a close variable of a cancelled task no more than a short time", function()
    local start, value, err
    local task = ecr.spawn(function()
      local _ <close> = setmetatable({}, { __close = function()
        start = loop.now()
        value, err = ecr.sleep(1000)
      end })
      ecr.sleep(1000)
    end)
    ecr.sleep(1)
    task:cancel()
    assert.is_nil(value)
    assert.equal("timeout", err.kind)
    assert.near(5, loop.now() - start, 1e-6)
  end)

  it("ends a task that cancels itself at its next wait", function()
    local after = false
    local task
    task = ecr.spawn(function()
      task:cancel()
      ecr.sleep(1)
      after = true
    end)
    local _, err = task:await()
    assert.equal("cancelled", err.kind)
    assert.is_false(after)
  end)

  it("lets go of a transport that nobody uses any more", function()
    names(client)
    local held = setmetatable({ client.exchange.transport }, { __mode = "v" })
    client = world() -- another one tells the time now
    collectgarbage()
    collectgarbage()
    assert.is_nil(held[1])
  end)

  it("refuses a second clock while the first is in use", function()
    local other_err
    local task = ecr.spawn(function() ecr.sleep(10) end)
    ecr.sleep(0)
    local _, err = ecr.mock():with_repository{ name = "b" }:client{}
    other_err = err
    task:await()
    assert.equal("config", other_err.kind)
    assert.equal("mixed_clocks", other_err.code)
  end)
end)
