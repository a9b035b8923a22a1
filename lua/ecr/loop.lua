-- SPDX-License-Identifier: MIT
--- Tasks: coroutines that wait for what `ecr.reactor` will complete. Inside a task of ours waiting
--- yields; anywhere else (a plain script, a sort comparator, a coroutine of the user's) it drives
--- the loop in place until the answer is there. One loop per Lua state, one clock per loop.
---
--- What is easy to get wrong: a drive must never wait for a task that is suspended *below* it on
--- the C stack, which cannot run before the drive ends.

local error_object <const> = require "ecr.error"
local reactor <const> = require "ecr.reactor"

local MAX_NESTING <const> = 16
local CLOSING_SECONDS <const> = 5 -- what `<close>` variables of a cancelled task may take

---@class ecr.Task
---@field finished ecr.Waiter done when the task is
local task_methods <const> = {}
local task_mt = { __name = "ecr.task", __index = task_methods }

--- Raised inside a task that was cancelled while it ran; nobody but the loop catches it on purpose.
local CANCELLED <const> = setmetatable({},
  { __tostring = function() return "the task was cancelled" end })

local tasks <const> = setmetatable({}, { __mode = "k" }) -- coroutine -> task
local running                                            -- the task being resumed now
local nesting = 0

local loop <const> = { now = reactor.now, use = reactor.use, fd = reactor.fd,
  timeout = reactor.timeout, pending = reactor.pending }

local function current_task()
  return tasks[coroutine.running()]
end

-- --- running a task --------------------------------------------------------------------------------

local function finish(task, ...)
  reactor.leave()
  task.status = "finished"
  tasks[task.thread] = nil
  reactor.complete(task.finished, ...)
end

--- An error that left a task: kept for whoever joins it, raised at once when nobody will.
local function fail(task, problem)
  if problem == CANCELLED then
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
  local outer <const> = running
  running = self
  local given <const> = self.arguments or { n = 0 }
  self.arguments = nil
  local results <const> = table.pack(coroutine.resume(self.thread, table.unpack(given, 1, given.n)))
  running = outer
  after_resume(self, table.unpack(results, 1, results.n))
end

-- --- waiting -------------------------------------------------------------------------------------

--- Whether somebody on the way from `waiter` to what it depends on fits.
local function depends_on(waiter, fits)
  local owner = waiter.owner
  while owner do
    if fits(owner) then return true end
    owner = owner.waiting_for and owner.waiting_for.owner
  end
  return false
end

--- Whether a task is suspended below us on the stack: it goes on when we have ended.
local function is_below(task)
  return task.driving
end

local function deadlock(why)
  error("deadlock: " .. why, 0)
end

local function drive_until(waiter, deadline)
  while not waiter.done do
    if depends_on(waiter, is_below) then
      deadlock("this call waits for a task that cannot run before the call returns")
    end
    local left = math.huge
    if deadline then
      left = deadline - reactor.now()
      if left <= 0 then return end
    end
    if not reactor.step(math.min(left, 3600)) then
      deadlock("nothing is left that could end this wait")
    end
  end
end

--- Runs the loop here until the waiter is done, or for `limit` seconds.
local function drive(waiter, limit)
  local outer <const> = running
  if nesting == MAX_NESTING then
    deadlock("calls that cannot yield are nested more than " .. MAX_NESTING .. " deep")
  end
  nesting = nesting + 1
  running = nil
  if outer then outer.driving = (outer.driving or 0) + 1 end
  local ok <const>, problem <const> = pcall(drive_until, waiter, limit and reactor.now() + limit)
  if outer then
    outer.driving = outer.driving > 1 and outer.driving - 1 or nil
  end
  running = outer
  nesting = nesting - 1
  if not ok then
    reactor.abandon(waiter)
    error(problem, 0)
  end
end

--- A task may wait for one that drives: the drive goes on. If that waits for this task in turn, it
--- notices before its next step.
local function suspend(task, waiter)
  if depends_on(waiter, function(other) return other == task end) then
    deadlock("the task waits for itself, or for one that waits for it")
  end
  table.insert(waiter.tasks, task)
  task.waiting_for = waiter
  coroutine.yield()
  task.waiting_for = nil
  if task.cancel_requested then error(CANCELLED, 0) end
end

--- Waits until the waiter is done and gives its results.
---@param waiter ecr.Waiter
---@return any ...
function loop.await(waiter)
  local task <const> = current_task()
  if task and task.cancel_requested and not task.closing then
    reactor.abandon(waiter)
    error(CANCELLED, 0)
  end
  if not waiter.done then
    if task and task.closing then
      drive(waiter, CLOSING_SECONDS)
    elseif task and coroutine.isyieldable() then
      suspend(task, waiter)
    else
      drive(waiter)
    end
  end
  if not waiter.done then
    reactor.abandon(waiter)
    return error_object.give{ kind = "timeout", code = "closing",
      message = "a cancelled task took too long to close" }
  end
  return table.unpack(waiter.results, 1, waiter.results.n)
end

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
  tasks[task.thread] = task
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
  fail(self, ok and CANCELLED or problem)
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
