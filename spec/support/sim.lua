-- SPDX-License-Identifier: MIT
-- Asking a simulated world at the seam, without client, retries or loop.

local scenario <const> = require "ecr.sim.scenario"
local sim <const> = require "ecr.transport.sim"

local asking <const> = {}

--- The seam over a scenario given without its version.
function asking.open(parts)
  parts.version = 1
  return sim.new(assert(scenario.from_table(parts)))
end

--- A request as the client makes it.
function asking.request(operation, input, more)
  local request <const> = { kind = "aws", service = "ecr", operation = operation, class = "read",
    region = "us-east-1", input = input or {}, timeout = 30 }
  for key, value in pairs(more or {}) do request[key] = value end
  return request
end

--- The one event of a request.
function asking.event(transport, operation, input, more)
  local ticket <const> = transport:submit(asking.request(operation, input, more))
  local events <const> = transport:poll(3600)
  assert(#events == 1 and events[1].ticket == ticket)
  return events[1]
end

--- The output of a request, or nil and the fault.
function asking.ask(transport, operation, input, more)
  local event <const> = asking.event(transport, operation, input, more)
  return event.value, event.fault
end

--- Lets virtual time pass.
function asking.wait(transport, seconds)
  assert(#transport:poll(seconds) == 0)
end

return asking
