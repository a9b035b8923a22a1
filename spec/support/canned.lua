-- SPDX-License-Identifier: MIT
-- A transport whose answers a spec gives out by hand, in virtual time, and whatever a recording needs.

local canned = {}

local canned_methods = { clock = "virtual" }
local canned_mt = { __index = canned_methods }

--- Its wall clock begins at 1,700,000,000.
function canned.new()
  return setmetatable({ mono = 10, last = 0, ready = {}, cancelled = {} }, canned_mt)
end

function canned_methods:submit(request)
  if self.refusal then return nil, self.refusal end
  self.last = self.last + 1
  self.request = request
  return self.last
end

--- Answers a ticket after some seconds.
function canned_methods:answer(ticket, seconds, event)
  event.ticket = ticket
  self.mono = self.mono + seconds
  table.insert(self.ready, event)
end

function canned_methods:poll()
  local events = self.ready
  self.ready = {}
  return events
end

function canned_methods:cancel(ticket)
  self.cancelled[ticket] = true
  return true
end

function canned_methods:now()
  return self.mono, 1.7e9 + self.mono - 10
end

--- A request as the client makes it.
function canned.request(operation, input, more)
  local request = { kind = "aws", service = "ecr", operation = operation, class = "read", region = "us-east-1",
    input = input or {}, timeout = 30, url = "https://canned.invalid/", body = "{}" }
  for key, value in pairs(more or {}) do request[key] = value end
  return request
end

return canned
