-- SPDX-License-Identifier: MIT
--- The seam over a simulated registry. Time is virtual: polling moves it to the next answer that
--- is due,
--- or by what was asked for, and never sleeps.

local error_object <const> = require "ecr.error"
local faults <const> = require "ecr.sim.faults"
local operations <const> = require "ecr.sim.operations"
local scenario <const> = require "ecr.sim.scenario"

---@class ecr.SimTransport
---@field history table[] requests in order: operation, service, region, input, at; status and code when answered
---@field region string
local sim_methods <const> = { clock = "virtual" }
local sim_mt <const> = { __name = "ecr.transport.sim", __index = sim_methods }

local function deep_copy(value)
  if type(value) ~= "table" then return value end
  local copy <const> = {}
  for key, item in pairs(value) do copy[key] = deep_copy(item) end
  return copy
end

local function answer(record, status, fields)
  record.status = status
  fields.status = status
  fields.headers = { ["x-amzn-requestid"] = ("sim-%06d"):format(record.number) }
  return fields
end

local function refuse(record, status, code, message)
  record.code = code
  return answer(record, status, { fault = { code = code, message = message, members = {} } })
end

local function struck(record, rule)
  if rule.failure then
    record.code = rule.failure.code or rule.failure.kind
    return { failure = { kind = rule.failure.kind, code = rule.failure.code,
      message = rule.failure.message or "the scenario says so" } }
  end
  return refuse(record, rule.status or 400, rule.code or "ServerException", rule.message
    or "the scenario says so")
end

--- Lets an operation take effect and gives the event without its ticket.
local function perform(self, record, rule)
  if rule then return struck(record, rule) end
  local handler <const> = record.service == "ecr" and operations[record.operation]
  if not handler then
    return refuse(record, 501, "NotSimulated",
      ("the simulator does not know %s of %s"):format(record.operation,
      record.service))
  end
  if record.region ~= self.world.region then
    return refuse(record, 501, "NotSimulated",
      ("the scenario has no region %s, only %s"):format(record.region,
      self.world.region))
  end
  local output <const>, fault <const> = handler(self.world, record.input)
  if output then return answer(record, 200, { value = deep_copy(output) }) end
  return refuse(record, fault.status or 400, fault.code, fault.message)
end

--- Accepts a request; it takes effect when its answer is due.
---@return integer ticket
function sim_methods:submit(request)
  self.tickets = self.tickets + 1
  local record <const> = { number = self.tickets, operation = request.operation,
    service = request.service,
    region = request.region, input = deep_copy(request.input), at = self.world.now }
  table.insert(self.history, record)
  local latency <const> = faults.latency(self.world.latency, request.operation)
  local late <const> = request.timeout and latency > request.timeout
  self.waiting[#self.waiting + 1] = { ticket = self.tickets, record = record,
    due = self.world.now + (late and request.timeout or latency), late = late }
  return self.tickets
end

local function event_of(self, entry)
  local event
  if entry.late then
    entry.record.code = "timeout"
    event = { failure = { kind = "timeout", code = "timeout", message = "no answer in time" } }
  else
    event = perform(self, entry.record, faults.strike(self.world.faults, entry.record.operation))
  end
  event.ticket = entry.ticket
  return event
end

--- The entry that is due first; among equals the one submitted first.
local function first_due(self)
  local best
  for i, entry in ipairs(self.waiting) do
    if not best or entry.due < self.waiting[best].due then best = i end
  end
  return best
end

--- Moves time on by at most `seconds` and gives the answers that have become due.
function sim_methods:poll(seconds)
  local events <const> = {}
  local next_due <const> = first_due(self)
  local target = self.world.now + seconds
  if next_due then target = math.min(target, math.max(self.world.now,
    self.waiting[next_due].due)) end
  if target < math.huge then self.world.now = target end
  local at = first_due(self)
  while at and self.waiting[at].due <= self.world.now do
    events[#events + 1] = event_of(self, table.remove(self.waiting, at))
    at = first_due(self)
  end
  return events
end

--- Withdraws a request; one that was not answered has no effect.
function sim_methods:cancel(ticket)
  for i, entry in ipairs(self.waiting) do
    if entry.ticket == ticket then
      table.remove(self.waiting, i)
      return true
    end
  end
  return false
end

function sim_methods:now()
  return self.world.now, self.world:wall()
end

local sim <const> = {}

--- A transport over a world.
---@param world ecr.SimWorld
---@return ecr.SimTransport
function sim.new(world)
  return setmetatable({ world = world, region = world.region, tickets = 0, waiting = {},
    history = {} }, sim_mt)
end

local of_files <const> = {}

--- The transport over a scenario file; one for each file, so that all clients see the same
--- registry.
---@param path string
---@return ecr.SimTransport?
---@return ecr.Error?
function sim.of_file(path)
  if not of_files[path] then
    local world <const>, problem <const> = scenario.load(path)
    if not world then return error_object.give{ kind = "config", code = "scenario",
      message = problem } end
    of_files[path] = sim.new(world)
  end
  return of_files[path]
end

return sim
