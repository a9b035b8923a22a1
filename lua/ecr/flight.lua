-- SPDX-License-Identifier: MIT
--- A flight: work that several callers may want at the same time and that is done once for all of
--- them, as getting credentials is. It runs in a task of its own. If it ran in the task of the
--- caller that came first, cancelling that one would take it from the others, and a caller that
--- cannot yield would wait for a task that may be suspended below it.

local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local reactor <const> = require "ecr.reactor"

---@class ecr.Flight
---@field work fun(): any ...
---@field run? {task: ecr.Task, waiting: integer} what is under way now
local flight_methods <const> = {}
local flight_mt <const> = { __name = "ecr.flight", __index = flight_methods }

local function at_end(fn)
  return setmetatable({}, { __close = fn })
end

local function begin(self)
  local run <const> = { waiting = 0 }
  run.task = loop.spawn(function()
    local _ <close> = at_end(function() self.run = nil end)
    return self.work()
  end)
  self.run = run
  return run
end

--- Starts a run unless one is under way, and does not wait for it.
function flight_methods:start()
  if not self.run then begin(self) end
end

--- A waiter that is done when the task is, with its results, or at a time, with none.
local function until_time(finished, time)
  local timer <const> = reactor.timer(time - reactor.now())
  local either <const> = reactor.new_waiter{ owner = finished.owner, on_cancel = timer.on_cancel }
  local function finish(of)
    return { run = function()
      reactor.complete(either, table.unpack(of.results or {}, 1, of.results and of.results.n))
      timer.on_cancel()
    end }
  end
  for _, of in ipairs{ finished, timer } do
    if of.done then finish(of).run() else table.insert(of.tasks, finish(of)) end
  end
  return either
end

local function too_late()
  return error_object.give{ kind = "timeout", code = "deadline", retryable = false,
    message = "no time was left to wait for what others wait for too" }
end

--- Waits for the run that is under way, or for a new one, and gives its results. Nothing is kept:
--- who asks after its end starts another. What the work raises is raised in everybody who waits;
--- when they were all cancelled, it surfaces in the loop like an error of any task.
---@param deadline? number on the loop's monotonic clock: then `nil` and an error of kind "timeout"
---@return any ...
function flight_methods:get(deadline)
  local run <const> = self.run or begin(self)
  local task <const> = run.task
  run.waiting, task.joined = run.waiting + 1, true
  local _ <close> = at_end(function()
    run.waiting = run.waiting - 1
    task.joined = run.waiting > 0
  end)
  local finished <const> = task.finished
  local results <const> = table.pack(loop.await(deadline and until_time(finished, deadline)
    or finished))
  if not finished.done then return too_late() end
  if task.problem then error(task.problem, 0) end
  return table.unpack(results, 1, results.n)
end

local flight <const> = {}

--- A flight that is not under way. `work` takes nothing; what it gives is for all.
---@param work fun(): any ...
---@return ecr.Flight
function flight.new(work)
  return setmetatable({ work = work }, flight_mt)
end

return flight
