-- SPDX-License-Identifier: MIT
--- The scheduler: tasks are coroutines, and everything a task can wait for is a `waiter`. Inside a
--- task of ours waiting yields; anywhere else (a plain script, a sort comparator, a coroutine of
--- the user's) it drives the loop in place until the answer is there. One loop per Lua state, one
--- clock per loop.
---
--- What is easy to get wrong: runnable work leaves the one shared queue one item at a time, so that
--- a drive inside a drive finds the rest; and a drive must never wait for a task that is suspended
--- *below* it on the C stack, which cannot run before the drive ends.

local error_object <const> = require "ecr.error"
local http <const> = require "ecr.transport.http"
local queue <const> = require "ecr.queue"

local MAX_NESTING <const> = 16
local CLOSING_SECONDS <const> = 5 -- what `<close>` variables of a cancelled task may take

---@class ecr.Waiter something that will be done once
---@field done boolean
---@field results? table packed
---@field tasks ecr.Task[] suspended until it is done
---@field owner? ecr.Task the task that will complete it, when that is known
---@field on_cancel? fun() takes back what was asked for

---@class ecr.Task
---@field finished ecr.Waiter done when the task is
local task_methods <const> = {}
local task_mt = { __name = "ecr.task", __index = task_methods }

--- Raised inside a task that was cancelled while it ran; nobody but the loop catches it on purpose.
local CANCELLED <const> = setmetatable({},
  { __tostring = function() return "the task was cancelled" end })

-- The state of the one loop.
local clock -- the transport whose time it is
local ready <const> = queue.new()
local timers <const> = queue.new_heap()
local tickets <const> = {}          -- transport -> {ticket -> waiter}
local in_flight <const> = {}        -- transport -> number of tickets
local tasks <const> = setmetatable({}, { __mode = "k" }) -- coroutine -> task
local live = 0                      -- tasks that have not finished
local running                       -- the task being resumed now
local nesting = 0

local loop <const> = {}

local function new_waiter(fields)
  fields = fields or {}
  fields.done = false
  fields.tasks = {}
  return fields
end

local function complete(waiter, ...)
  if waiter.done then return end
  waiter.done = true
  waiter.results = table.pack(...)
  for _, task in ipairs(waiter.tasks) do
    ready:push(task)
  end
  waiter.tasks = {}
end

local function current_task()
  return tasks[coroutine.running()]
end

-- --- the clock -----------------------------------------------------------------------------------

local function is_idle()
  return live == 0 and timers:empty() and next(in_flight) == nil
end

--- Real time until a transport says otherwise.
local function the_clock()
  clock = clock or assert(http.new{})
  return clock
end

--- Makes a transport's time the loop's. While anything is pending only the same kind of time is
--- accepted: virtual and real time do not mix.
---@param transport table
---@return true?
---@return ecr.Error?
function loop.use(transport)
  if clock and clock ~= transport and not is_idle()
    and (clock.clock == "virtual" or transport.clock == "virtual") then
    return error_object.give{ kind = "config", code = "mixed_clocks",
      message = "a simulator and another transport cannot be used at the same time: "
        .. "each has its own clock" }
  end
  clock = transport
  return true
end

--- The loop's time.
---@return number monotonic seconds
---@return number wall seconds since the epoch
function loop.now()
  return the_clock():now()
end

-- --- one step ------------------------------------------------------------------------------------

local function finish(task, ...)
  live = live - 1
  task.status = "finished"
  tasks[task.thread] = nil
  complete(task.finished, ...)
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

local function resume(task)
  local outer <const> = running
  running = task
  local arguments <const> = task.arguments
  task.arguments = nil
  local results
  if arguments then
    results = table.pack(coroutine.resume(task.thread, table.unpack(arguments, 1, arguments.n)))
  else
    results = table.pack(coroutine.resume(task.thread))
  end
  running = outer
  after_resume(task, table.unpack(results, 1, results.n))
end

local function run_one()
  local task <const> = ready:pop()
  if not task then return false end
  if task.status ~= "finished" then resume(task) end
  return true
end

local function fire_timers(now)
  local fired = false
  while true do
    local due <const> = timers:due()
    if not due or due > now then return fired end
    local waiter <const> = timers:pop()
    if not waiter.done then
      complete(waiter)
      fired = true
    end
  end
end

local function forget_ticket(transport, ticket)
  tickets[transport][ticket] = nil
  local left <const> = in_flight[transport] - 1
  in_flight[transport] = left > 0 and left or nil
end

local function dispatch(transport, events)
  for _, event in ipairs(events) do
    local waiter <const> = tickets[transport][event.ticket]
    if waiter then
      forget_ticket(transport, event.ticket)
      complete(waiter, event)
    end
  end
end

--- With one transport busy it may wait as long as there is; with several each gets short turns.
local function poll_all(seconds)
  local busy <const> = {}
  for transport in pairs(in_flight) do busy[#busy + 1] = transport end
  if #busy == 0 then busy[1] = the_clock() end
  if #busy > 1 then seconds = math.min(seconds, 0.01) end
  for _, transport in ipairs(busy) do
    tickets[transport] = tickets[transport] or {}
    dispatch(transport, transport:poll(seconds))
  end
end

--- Does the next thing there is to do, waiting at most `seconds` for it. False when nothing is
--- pending.
local function step(seconds)
  if run_one() then return true end
  local now <const> = loop.now()
  if fire_timers(now) then return true end
  local due <const> = timers:due()
  if not due and next(in_flight) == nil then return false end
  poll_all(due and math.min(seconds, math.max(0, due - now)) or seconds)
  return true
end

-- --- waiting -------------------------------------------------------------------------------------

--- Whether `waiter` can only be done by a task that is suspended below us on the stack (or by
--- `self`).
local function never_comes(waiter, self)
  local owner = waiter.owner
  while owner do
    if owner == self or owner.driving then return true end
    owner = owner.waiting_for and owner.waiting_for.owner
  end
  return false
end

--- Nobody will look at the answer: takes back what was asked for, unless others wait for it.
local function abandon(waiter)
  if not waiter.done and #waiter.tasks == 0 and waiter.on_cancel then waiter.on_cancel() end
end

local function deadlock(why)
  error("deadlock: " .. why, 0)
end

local function drive_until(waiter, deadline)
  while not waiter.done do
    if never_comes(waiter) then
      deadlock("this call waits for a task that cannot run before the call returns")
    end
    local left = math.huge
    if deadline then
      left = deadline - loop.now()
      if left <= 0 then return end
    end
    if not step(math.min(left, 3600)) then deadlock("nothing is left that could end this wait") end
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
  local ok <const>, problem <const> = pcall(drive_until, waiter, limit and loop.now() + limit)
  if outer then
    outer.driving = outer.driving > 1 and outer.driving - 1 or nil
  end
  running = outer
  nesting = nesting - 1
  if not ok then
    abandon(waiter)
    error(problem, 0)
  end
end

local function suspend(task, waiter)
  if never_comes(waiter, task) then
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
    abandon(waiter)
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
    abandon(waiter)
    return error_object.give{ kind = "timeout", code = "closing",
      message = "a cancelled task took too long to close" }
  end
  return table.unpack(waiter.results, 1, waiter.results.n)
end

--- Sends a request and waits for its event. A request that could not be sent is an event too.
---@param transport table
---@param request table
---@return table event
function loop.send(transport, request)
  local usable <const>, err <const> = loop.use(transport)
  if not usable then return { failure = err } end
  local ticket <const>, failure <const> = transport:submit(request)
  if not ticket then return { failure = failure } end
  local waiter
  waiter = new_waiter{
    on_cancel = function()
      if tickets[transport][ticket] ~= waiter then return end
      forget_ticket(transport, ticket)
      transport:cancel(ticket)
    end,
  }
  tickets[transport] = tickets[transport] or {}
  tickets[transport][ticket] = waiter
  in_flight[transport] = (in_flight[transport] or 0) + 1
  return loop.await(waiter)
end

--- Waits. In virtual time it takes none.
---@param seconds number
function loop.sleep(seconds)
  local waiter <const> = new_waiter()
  waiter.on_cancel = function() complete(waiter) end
  timers:push(loop.now() + math.max(0, seconds), waiter)
  return loop.await(waiter)
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

--- Starts a function as a task; it runs when the current code waits for something. An error raised
--- in it surfaces where the task is awaited, or at once where nobody awaits it.
---@param fn function
---@param ... any its arguments
---@return ecr.Task
function loop.spawn(fn, ...)
  local task <const> = setmetatable({ status = "ready", arguments = table.pack(fn, ...) }, task_mt)
  task.thread = coroutine.create(body)
  task.finished = new_waiter{ owner = task }
  tasks[task.thread] = task
  live = live + 1
  ready:push(task)
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
  abandon(waiter)
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
  if ok then return fail(self, CANCELLED) end
  fail(self, problem)
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

-- --- for a foreign event loop, and for tests -----------------------------------------------------

--- Runs what is ready and waits at most `seconds` for something more.
---@param seconds number
---@return boolean more whether anything is still pending
function loop.step(seconds)
  while run_one() do end
  if not step(seconds) then return false end
  while run_one() do end
  return not is_idle()
end

--- The descriptor a foreign loop watches; when it is readable, `step(0)`. Nil in virtual time.
---@return integer?
function loop.fd()
  return the_clock().fd and the_clock():fd()
end

--- After how many seconds `step(0)` is due even if the descriptor stays silent; nil = never.
---@return number?
function loop.timeout()
  if not ready:empty() then return 0 end
  local due <const> = timers:due()
  local wait = due and math.max(0, due - loop.now())
  local wanted <const> = the_clock().timeout and the_clock():timeout()
  if wanted and (not wait or wanted < wait) then wait = wanted end
  return wait
end

--- What is pending: for specs that must leave nothing behind.
---@return {tasks: integer, tickets: integer, timers: integer}
function loop.pending()
  local count = 0
  for _, number in pairs(in_flight) do count = count + number end
  return { tasks = live, tickets = count, timers = timers:count() }
end

return loop
