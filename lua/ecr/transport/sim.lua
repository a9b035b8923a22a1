-- SPDX-License-Identifier: MIT
--- The seam over a simulated world. Time is virtual: polling never sleeps, it moves the clock to
--- the next answer that is due, at most by what the caller would have waited. An operation takes
--- effect when it is answered; one that was cancelled or timed out before has none.

local download <const> = require "ecr.sim.download"
local error_object <const> = require "ecr.error"
local operations <const> = require "ecr.sim.operations"
local pending <const> = require "ecr.transport.pending"
local scenario <const> = require "ecr.sim.scenario"

local REQUEST_ID <const> = "00000000-0000-4000-8000-%012d"

---@class ecr.SimRequest a line of the history
---@field operation string
---@field service string
---@field region? string
---@field input table
---@field at number monotonic time at which it was asked
---@field status? integer of the answer
---@field code? string of the error; "cancelled"

---@class ecr.SimTransport
---@field clock "virtual"
---@field region string the scenario's
---@field history ecr.SimRequest[] everything that was asked, in order
local sim_methods <const> = { clock = "virtual" }
local sim_mt <const> = { __name = "ecr.transport.sim", __index = sim_methods }

--- Nothing is shared between the world and its callers.
local function deep_copy(value)
  if type(value) ~= "table" then return value end
  local copy <const> = {}
  for key, item in pairs(value) do copy[key] = deep_copy(item) end
  return copy
end

local function check_open(self)
  if self.closed then error("the transport is closed", 3) end
end

--- Asks; see DESIGN, the seam.
---@param request table
---@return integer ticket
function sim_methods:submit(request)
  check_open(self)
  local operation <const> = request.operation or request.kind
  local line <const> = { operation = operation, service = request.service, region = request.region,
    input = deep_copy(request.input or {}), at = self.world.clock.mono }
  local latency <const> = self.world.faults:latency(operation)
  local late <const> = request.timeout ~= nil and request.timeout < latency
  table.insert(self.history, line)
  return self.pending:add(line.at + (late and request.timeout or latency),
    { line = line, late = late, request = request })
end

local function timed_out()
  return { failure = { kind = "timeout", code = "timeout", message = "no answer in time" } }
end

local function truth(world, line, request)
  if request.kind == "http" then return download.answer(world, request) end
  local value <const>, fault <const> = operations.answer(world, line)
  if value then return { status = 200, value = deep_copy(value) } end
  return { status = fault.status or 400,
    fault = { code = fault.code, message = fault.message, members = {} } }
end

local function event_of(self, item)
  local line <const> = item.line
  local faults <const> = self.world.faults
  local event <const> = item.late and timed_out() or faults:strike(line.operation, line.region)
    or truth(self.world, line, item.request)
  local problem <const> = event.fault or event.failure
  line.status, line.code = event.status, problem and problem.code
  event.ticket = item.ticket
  if event.status then
    event.headers = { ["x-amzn-requestid"] = REQUEST_ID:format(item.ticket) }
  end
  return event
end

--- What is answered within `seconds` of virtual time.
---@param seconds number
---@return table[] events
function sim_methods:poll(seconds)
  check_open(self)
  local world <const>, events <const> = self.world, {}
  world:advance_to(self.pending:clock_after(world.clock.mono, seconds))
  for item in self.pending:each_due(world.clock.mono) do
    events[#events + 1] = event_of(self, item)
  end
  return events
end

--- Takes a request back. Nothing happens for a ticket that was answered.
---@param ticket integer
---@return boolean whether it was still pending
function sim_methods:cancel(ticket)
  local item <const> = self.pending:cancel(ticket)
  if not item then return false end
  item.line.code = "cancelled"
  return true
end

--- The world's time.
---@return number monotonic
---@return number wall seconds since the epoch
function sim_methods:now()
  return self.world.clock.mono, self.world.clock.wall
end

--- Forgets what is pending; may be called twice.
function sim_methods:close()
  self.closed = true
  self.pending = pending.new()
end

local sim <const> = {}

--- The seam over a world.
---@param world ecr.sim.World
---@return ecr.SimTransport
function sim.new(world)
  return setmetatable({ world = world, region = world.region, history = {},
    pending = pending.new() }, sim_mt)
end

local of_files <const> = {}

--- The seam over a scenario file. One for each file: all clients of it see the same registry and
--- time.
---@param path string
---@return ecr.SimTransport?
---@return ecr.Error? kind "config", code "scenario"
function sim.of_file(path)
  local open <const> = of_files[path]
  if open and not open.closed then return open end
  local world <const>, problem <const> = scenario.load(path)
  if not world then
    return error_object.give{ kind = "config", code = "scenario", message = problem }
  end
  of_files[path] = sim.new(world)
  return of_files[path]
end

return sim
