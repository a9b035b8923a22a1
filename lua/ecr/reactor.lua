-- SPDX-License-Identifier: MIT
--- What is pending and when it is due: waiters, timers, tickets of transports, work that is ready, and
--- the clock of it all. It knows no coroutines; whoever is ready has a `run` method. The tasks on
--- top are `ecr.loop`'s.
---
--- Runnable work leaves the one shared queue one item at a time, so that a drive inside a drive
--- finds the rest.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local http <const> = require "ecr.transport.http"
local queue <const> = require "ecr.queue"

---@class ecr.Waiter something that will be done once
---@field done boolean
---@field results? table packed
---@field tasks ecr.Task[] suspended until it is done
---@field owner? ecr.Task the task that will complete it, when that is known
---@field on_cancel? fun() takes back what was asked for
---@field tap? table a transport that is shown the answer first

-- The state of the one loop.
local clock -- the transport whose time it is
local ready <const> = queue.new()
local timers <const> = queue.new_heap()
-- Weak: a transport that nobody uses closes its descriptors when it is collected.
local tickets <const> = setmetatable({}, { __mode = "k" }) -- transport -> {ticket -> waiter}
local in_flight <const> = {} -- transport -> number of tickets
local live = 0               -- tasks that have not finished
local on_signal              -- who is told of signals that are caught

local reactor <const> = {}

--- Something to wait for.
---@param fields? {owner?: ecr.Task, on_cancel?: fun()}
---@return ecr.Waiter
function reactor.new_waiter(fields)
  fields = fields or {}
  fields.done = false
  fields.tasks = {}
  return fields
end

--- Ends a wait: whoever waits is ready. A second time does nothing.
---@param waiter ecr.Waiter
---@param ... any results
function reactor.complete(waiter, ...)
  if waiter.done then return end
  waiter.done = true
  waiter.results = table.pack(...)
  for _, task in ipairs(waiter.tasks) do ready:push(task) end
  waiter.tasks = {}
end

--- Nobody will look at the answer: takes back what was asked for, unless others wait for it.
---@param waiter ecr.Waiter
function reactor.abandon(waiter)
  if not waiter.done and #waiter.tasks == 0 and waiter.on_cancel then waiter.on_cancel() end
end

--- A task begins: it is ready, and the loop is not idle until it ends.
---@param task ecr.Task
---@param running? boolean whoever starts it runs it at once
function reactor.enter(task, running)
  live = live + 1
  if not running then ready:push(task) end
end

--- A task has ended.
function reactor.leave()
  live = live - 1
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
function reactor.use(transport)
  transport = transport.carrier or transport
  if clock and clock ~= transport and not is_idle()
    and (clock.clock == "virtual" or transport.clock == "virtual") then
    return error_object.give{ kind = "config", code = "mixed_clocks",
      message = "a simulator and another transport cannot be used at the same time: "
        .. "each has its own clock" }
  end
  clock = transport
  return true
end

--- The time.
---@return number monotonic seconds
---@return number wall seconds since the epoch
function reactor.now()
  return the_clock():now()
end

-- --- asking and being answered ---------------------------------------------------------------------

local function forget_ticket(transport, ticket)
  tickets[transport][ticket] = nil
  local left <const> = in_flight[transport] - 1
  in_flight[transport] = left > 0 and left or nil
end

--- Sends a request and notes its ticket in it. The result is its event, also when it was not sent.
---@param transport table
---@param request table
---@return ecr.Waiter
function reactor.send(transport, request)
  local waiter <const> = reactor.new_waiter{ tap = transport.tap and transport }
  local carrier <const> = transport.carrier or transport -- it may carry what others tap
  local ticket, failure = reactor.use(transport)
  if ticket then ticket, failure = transport:submit(request) end
  if not ticket then
    reactor.complete(waiter, { failure = failure })
    return waiter
  end
  request.ticket = ticket
  waiter.on_cancel = function()
    if tickets[carrier][ticket] ~= waiter then return end
    forget_ticket(carrier, ticket)
    transport:cancel(ticket)
  end
  tickets[carrier] = tickets[carrier] or {}
  tickets[carrier][ticket] = waiter
  in_flight[carrier] = (in_flight[carrier] or 0) + 1
  return waiter
end

--- A waiter that is done after some seconds.
---@param seconds number
---@return ecr.Waiter
function reactor.timer(seconds)
  local waiter <const> = reactor.new_waiter()
  waiter.on_cancel = function() reactor.complete(waiter) end
  timers:push(reactor.now() + math.max(0, seconds), waiter)
  return waiter
end

-- --- one step ------------------------------------------------------------------------------------

--- Runs one thing that is ready.
---@return boolean ran
function reactor.run_one()
  local task <const> = ready:pop()
  if not task then return false end
  task:run()
  return true
end

local function fire_timers(now)
  local fired = false
  while true do
    local due <const> = timers:due()
    if not due or due > now then return fired end
    local waiter <const> = timers:pop()
    if not waiter.done then
      reactor.complete(waiter)
      fired = true
    end
  end
end

local function dispatch(transport, events)
  for _, event in ipairs(events) do
    local waiter <const> = tickets[transport][event.ticket]
    if waiter then
      if waiter.tap then waiter.tap:tap(event) end
      forget_ticket(transport, event.ticket)
      reactor.complete(waiter, event)
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

--- Whom to tell when the process is asked to stop: a function of the signal's number; nil = nobody.
---@param fn? fun(number: integer)
function reactor.tell_signals(fn)
  on_signal = fn
end

local function take_signal()
  local number <const> = on_signal and core.take_signal()
  if number then on_signal(number) end
end

--- Does the next thing there is to do, waiting at most `seconds` for it.
---@param seconds number
---@return boolean more false when nothing is pending
function reactor.step(seconds)
  take_signal()
  if reactor.run_one() then return true end
  local now <const> = reactor.now()
  if fire_timers(now) then return true end
  local due <const> = timers:due()
  if not due and next(in_flight) == nil then return false end
  poll_all(due and math.min(seconds, math.max(0, due - now)) or seconds)
  return true
end

-- --- for a foreign event loop, and for tests -------------------------------------------------------

--- The descriptor a foreign loop watches; when it is readable, `step(0)`. Nil in virtual time.
---@return integer?
function reactor.fd()
  return the_clock().fd and the_clock():fd()
end

--- After how many seconds `step(0)` is due even if the descriptor stays silent; nil = never.
---@return number?
function reactor.timeout()
  if not ready:empty() then return 0 end
  local due <const> = timers:due()
  local wait = due and math.max(0, due - reactor.now())
  local wanted <const> = the_clock().timeout and the_clock():timeout()
  if wanted and (not wait or wanted < wait) then wait = wanted end
  return wait
end

--- What is pending: for specs that must leave nothing behind.
---@return {tasks: integer, tickets: integer, timers: integer}
function reactor.pending()
  local count = 0
  for _, number in pairs(in_flight) do count = count + number end
  return { tasks = live, tickets = count, timers = timers:count() }
end

return reactor
