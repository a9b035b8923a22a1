-- SPDX-License-Identifier: MIT
--- How a call waits. Inside a task of ours waiting yields; anywhere else (a plain script, a sort
--- comparator, a coroutine of the user's) it drives the loop in place until the answer is there.
---
--- What is easy to get wrong: a drive must never wait for a task that is suspended *below* it on
--- the C stack, which cannot run before the drive ends.

local error_object <const> = require "ecr.error"
local reactor <const> = require "ecr.reactor"

local MAX_NESTING <const> = 16
local CLOSING_SECONDS <const> = 5 -- what `<close>` variables of a cancelled task may take

local tasks <const> = setmetatable({}, { __mode = "k" }) -- coroutine -> task
local running                                            -- the task being resumed now
local nesting = 0

local wait <const> = {}

--- Raised inside a task that was cancelled while it ran; nobody but the loop catches it on purpose.
wait.CANCELLED = setmetatable({}, { __tostring = function() return "the task was cancelled" end })

--- Says whose task a coroutine is; nil = nobody's any more.
---@param thread thread
---@param task? ecr.Task
function wait.register(thread, task)
  tasks[thread] = task
end

--- Notes which task is being resumed.
---@param task? ecr.Task
---@return ecr.Task? outer the one that was until now
function wait.set_running(task)
  local outer <const> = running
  running = task
  return outer
end

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
  if task.cancel_requested then error(wait.CANCELLED, 0) end
end

--- Waits until the waiter is done and gives its results.
---@param waiter ecr.Waiter
---@return any ...
function wait.await(waiter)
  local task <const> = tasks[coroutine.running()]
  if task and task.cancel_requested and not task.closing then
    reactor.abandon(waiter)
    error(wait.CANCELLED, 0)
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

return wait
