-- SPDX-License-Identifier: MIT
--- The seam with a tap: calls go to another transport as they are, and what comes of them is written
--- down before anybody sees it. Only calls of AWS's APIs are; what fetches credentials is not.
---
--- The transport that carries the calls may carry those of others too, so its answers are handed to
--- `tap` by whoever polls it: the loop does, and `poll` here for those who poll by hand.

local line <const> = require "ecr.recording.line"
local recorder <const> = require "ecr.recorder"

---@class ecr.RecordTransport
---@field carrier table the transport that has the tickets
---@field inner table the transport that is recorded; another tap, or the carrier
---@field recorder ecr.Recorder
local record_methods <const> = {}
local record_mt <const> = { __name = "ecr.transport.record", __index = record_methods }

--- What a recording keeps of an answer's headers: what the client reads.
local HEADERS <const> = { "x-amzn-requestid", "x-amz-request-id", "x-amz-retry-after" }

local CANCELLED <const> = { cancelled = true }

local function call_of(self, request)
  if request.kind ~= "aws" then return nil end
  local mono <const>, wall <const> = self:now()
  self.recorder:begin(wall)
  local call <const> = { service = request.service, operation = request.operation,
    region = request.region, input = request.input, start = mono }
  local key <const>, text <const> = line.key(call)
  call.occurrence, call.input_text = self.recorder:count(key), text
  return call
end

local function kept_headers(headers)
  local kept <const> = {}
  for _, name in ipairs(HEADERS) do kept[name] = headers and headers[name] end
  return next(kept) and kept or nil
end

--- In whole microseconds.
local function seconds_since(self, start)
  return math.max(0, (self:now() - start) * 1e6 + 0.5) // 1 / 1e6
end

local function write_down(self, call, event)
  call.seconds = seconds_since(self, call.start)
  call.status, call.headers = event.status, kept_headers(event.headers)
  call.failure, call.cancelled = event.failure, event.cancelled
  if not event.failure then call.value, call.fault = event.value, event.fault end
  self.recorder:add(call, call.input_text)
end

local function finish(self, call, event)
  self.recorder:guard(write_down, self, call, event)
end

--- Sends a request; see DESIGN, the seam. One that could not be sent has ended.
function record_methods:submit(request)
  local call <const> = call_of(self, request)
  local ticket <const>, failure <const> = self.inner:submit(request)
  if call and ticket then self.calls[ticket] = call end
  if call and not ticket then finish(self, call, { failure = failure }) end
  return ticket, failure
end

--- Writes down an answer of the carrier. Lack of memory is this machine's and no answer.
---@param event table
function record_methods:tap(event)
  local call <const> = self.calls[event.ticket]
  self.calls[event.ticket] = nil
  local memory <const> = event.failure and event.failure.kind == "memory"
  if call and not memory then finish(self, call, event) end
  if self.inner.tap then self.inner:tap(event) end
end

function record_methods:poll(seconds)
  local events <const> = self.carrier:poll(seconds)
  for _, event in ipairs(events) do self:tap(event) end
  return events
end

--- A call that is taken back has no answer; that it was made is written down.
function record_methods:cancel(ticket)
  local call <const> = self.calls[ticket]
  self.calls[ticket] = nil
  local pending <const> = self.inner:cancel(ticket)
  if call and pending then finish(self, call, CANCELLED) end
  return pending
end

function record_methods:now()
  return self.carrier:now()
end

local record <const> = {}

--- A transport like this one whose calls are recorded.
---@param inner table
---@param to ecr.Recorder
---@return ecr.RecordTransport
function record.new(inner, to)
  return setmetatable({ inner = inner, carrier = inner.carrier or inner, recorder = to,
    clock = inner.clock, region = inner.region, calls = {} }, record_mt)
end

--- A transport like this one whose calls go to the recording of that file.
---@param inner table
---@param path string
---@return ecr.RecordTransport?
---@return ecr.Error? kind "config", code "recording"
function record.to_file(inner, path)
  local to <const>, err <const> = recorder.of_file(path)
  if not to then return nil, err end
  return record.new(inner, to)
end

return record
