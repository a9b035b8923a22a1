-- SPDX-License-Identifier: MIT
--- Tasks: coroutines that wait, as `ecr.wait` says, for what `ecr.reactor` will complete. One loop per
--- Lua state, one clock per loop.

local error_object <const> = require "ecr.error"
local reactor <const> = require "ecr.reactor"
local wait <const> = require "ecr.wait"

---@class ecr.Task
---@field finished ecr.Waiter done when the task is
local task_methods <const> = {}
local task_mt = { __name = "ecr.task", __index = task_methods }

local loop <const> = { now = reactor.now, use = reactor.use, fd = reactor.fd,
  timeout = reactor.timeout, pending = reactor.pending, await = wait.await }

--- The wall clock.
---@return number seconds since the epoch
function loop.wall()
  return select(2, reactor.now())
end

-- --- running a task --------------------------------------------------------------------------------

local function finish(task, ...)
  reactor.leave()
  task.status = "finished"
  wait.register(task.thread, nil)
  reactor.complete(task.finished, ...)
end

--- An error that left a task: kept for whoever joins it, raised at once when nobody will.
local function fail(task, problem)
  if problem == wait.CANCELLED then
    return finish(task, nil, error_object.new{ kind = "cancelled",
      message = "the task was cancelled" })
  end
  task.problem = problem
  finish(task)
  if not task.joined then error(problem, 0) end
end

local function after_resume(task, ok, ...)
  if not ok then return fail(task, (...)) end
  if coroutine.status(task.thread) == "dead" then finish(task, ...) end
end

--- Goes on with the task until its next wait.
function task_methods:run()
  if self.status == "finished" then return end
  local outer <const> = wait.set_running(self)
  local given <const> = self.arguments or { n = 0 }
  self.arguments = nil
  local results <const> = table.pack(coroutine.resume(self.thread, table.unpack(given, 1, given.n)))
  wait.set_running(outer)
  after_resume(self, table.unpack(results, 1, results.n))
end

-- --- waiting -------------------------------------------------------------------------------------

--- Sends a request and waits for its event.
---@param transport table
---@param request table
---@return table event
function loop.send(transport, request)
  return loop.await(reactor.send(transport, request))
end

--- Waits. In virtual time it takes none.
---@param seconds number
---@return nil
---@return ecr.Error? kind "timeout" when a task that was cancelled and closes has waited too long
function loop.sleep(seconds)
  return loop.await(reactor.timer(seconds))
end

-- --- tasks ---------------------------------------------------------------------------------------

local function with_traceback(problem)
  if type(problem) ~= "string" then return problem end
  return debug.traceback(problem, 2)
end

local function body(fn, ...)
  local results <const> = table.pack(xpcall(fn, with_traceback, ...))
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

local function new_task(fn, ...)
  local task <const> = setmetatable({ status = "ready", arguments = table.pack(fn, ...) }, task_mt)
  task.thread = coroutine.create(body)
  task.finished = reactor.new_waiter{ owner = task }
  wait.register(task.thread, task)
  return task
end

--- Starts a function as a task; it runs when the current code waits for something. An error raised
--- in it surfaces where the task is awaited, or at once where nobody awaits it.
---@param fn function
---@param ... any its arguments
---@return ecr.Task
function loop.spawn(fn, ...)
  local task <const> = new_task(fn, ...)
  reactor.enter(task)
  return task
end

--- Starts a function as a task that somebody will await, and runs it to its first wait before it
--- returns: what it asks for is on its way.
---@param fn function
---@param ... any its arguments
---@return ecr.Task
function loop.start(fn, ...)
  local task <const> = new_task(fn, ...)
  task.joined = true
  reactor.enter(task, true)
  task:run()
  return task
end

--- Waits for the task's end and gives what its function returned; raises what it raised.
---@return any ...
function task_methods:await()
  self.joined = true
  local results <const> = table.pack(loop.await(self.finished))
  if self.problem then error(self.problem, 0) end
  return table.unpack(results, 1, results.n)
end

local function withdraw(task)
  local waiter <const> = task.waiting_for
  if not waiter then return end
  for i, other in ipairs(waiter.tasks) do
    if other == task then
      table.remove(waiter.tasks, i)
      break
    end
  end
  reactor.abandon(waiter)
  task.waiting_for = nil
end

--- Ends the task: what it waits for is taken back, its `<close>` variables are closed, its result
--- is `nil` and an error of kind "cancelled". A task that is running right now ends at its next
--- wait.
function task_methods:cancel()
  if self.status == "finished" then return end
  if coroutine.status(self.thread) ~= "suspended" then
    self.cancel_requested = true
    return
  end
  withdraw(self)
  self.closing = true
  local ok <const>, problem <const> = coroutine.close(self.thread)
  fail(self, ok and wait.CANCELLED or problem)
end

--- `local task <close> = ecr.spawn(...)`: a task that does not outlive its block.
task_mt.__close = task_methods.cancel

--- Runs functions at the same time and waits for all of them.
---@param functions function[]
---@return table results what each gave first, in order; `n` is their number
---@return table? errors by position, where a function gave `nil` and an error; nil when none did
function loop.all(functions)
  local started <const> = {}
  local results <const> = { n = #functions }
  local errors
  for i, fn in ipairs(functions) do
    started[i] = loop.spawn(fn)
    started[i].joined = true
  end
  for i, task in ipairs(started) do
    local value <const>, err <const> = task:await()
    results[i] = value
    if value == nil and err ~= nil then
      errors = errors or {}
      errors[i] = err
    end
  end
  return results, errors
end

--- Runs what is ready and waits at most `seconds` for something more: for a foreign event loop.
---@param seconds number
---@return boolean more whether anything is still pending
function loop.step(seconds)
  while reactor.run_one() do end
  if not reactor.step(seconds) then return false end
  while reactor.run_one() do end
  local pending <const> = reactor.pending()
  return pending.tasks + pending.tickets + pending.timers > 0
end

return loop
