-- SPDX-License-Identifier: MIT
--- The seam over a recording. Time is virtual: it begins when the recording began and moves on by what
--- the answers took. A call is answered as the equal call was that was made in the same place among
--- its equals; one that the recording does not have fails.

local file <const> = require "ecr.recording.file"
local line <const> = require "ecr.recording.line"
local miss <const> = require "ecr.recording.miss"
local pending <const> = require "ecr.transport.pending"

local BROKEN_OFF <const> = 30 -- seconds until a call that nobody waited for then fails now

---@class ecr.ReplayTransport
---@field clock "virtual"
---@field region? string of the first recorded call of ECR
---@field recording ecr.Recording
local replay_methods <const> = { clock = "virtual" }
local replay_mt <const> = { __name = "ecr.transport.replay", __index = replay_methods }

--- The recorded call that this one is, or nil and a failure.
local function find(self, request)
  if request.kind ~= "aws" then
    return nil, { kind = "protocol", code = "not_recorded",
      message = self.recording.path .. " holds calls of AWS's APIs and nothing else" }
  end
  local asked <const> = { service = request.service, operation = request.operation,
    region = request.region, input = request.input }
  local key <const> = line.key(asked)
  local equal <const> = self.calls[key]
  asked.occurrence = (self.counts[key] or 0) + 1
  self.counts[key] = asked.occurrence
  local call <const> = equal and equal[asked.occurrence]
  if call then return call end
  return nil, miss(asked, equal and equal.times or 0, self.recording)
end

--- Asks; see DESIGN, the seam.
---@param request table
---@return integer? ticket
---@return table? failure
function replay_methods:submit(request)
  if self.closed then error("the transport is closed", 2) end
  local call <const>, failure <const> = find(self, request)
  if not call then return nil, failure end
  self.asked[call] = true
  local seconds <const> = call.cancelled and (request.timeout or BROKEN_OFF) or call.seconds
  return self.pending:add(self.mono + seconds, { call = call })
end

local function event_of(item)
  local call <const> = item.call
  local event <const> = { ticket = item.ticket, status = call.status, headers = call.headers,
    value = call.value, fault = call.fault, failure = call.failure }
  if call.cancelled then
    event.failure = { kind = "protocol", code = "not_recorded",
      message = "when it was recorded this call was broken off before its answer came" }
  end
  return event
end

--- What is answered within `seconds` of virtual time.
---@param seconds number
---@return table[] events
function replay_methods:poll(seconds)
  self.mono = self.pending:clock_after(self.mono, seconds)
  local events <const> = {}
  for item in self.pending:each_due(self.mono) do events[#events + 1] = event_of(item) end
  return events
end

--- Takes a request back. Nothing happens for a ticket that was answered.
---@param ticket integer
---@return boolean whether it was still pending
function replay_methods:cancel(ticket)
  return self.pending:cancel(ticket) ~= nil
end

--- The recording's time.
---@return number monotonic
---@return number wall seconds since the epoch
function replay_methods:now()
  return self.mono, self.recording.clock + self.mono
end

--- The recorded calls that nobody has made yet, in the recording's order: `operation`, `service`,
--- `region`, `input`, `occurrence`, and the `number` of the line.
---@return ecr.RecordedCall[]
function replay_methods:unused()
  local unused <const> = {}
  for _, call in ipairs(self.recording.calls) do
    if not self.asked[call] then unused[#unused + 1] = call end
  end
  return unused
end

--- Forgets what is pending; may be called twice.
function replay_methods:close()
  self.closed = true
  self.pending = pending.new()
end

local function by_key(calls)
  local sorted <const> = {}
  for _, call in ipairs(calls) do
    sorted[call.key] = sorted[call.key] or { times = 0 }
    sorted[call.key][call.occurrence] = call
    sorted[call.key].times = sorted[call.key].times + 1
  end
  return sorted
end

local function region_of(calls)
  for _, call in ipairs(calls) do
    if call.service == "ecr" then return call.region end
  end
end

local replay <const> = {}

--- The seam over the recording in a file.
---@param path string
---@return ecr.ReplayTransport?
---@return ecr.Error? kind "config", code "recording"
function replay.new(path)
  local recording <const>, err <const> = file.read(path)
  if not recording then return nil, err end
  return setmetatable({ recording = recording, region = region_of(recording.calls),
    calls = by_key(recording.calls), counts = {}, asked = {}, pending = pending.new(),
    mono = 0 }, replay_mt)
end

local of_files <const> = {}

--- The one replay of a file, for all clients of a process: what `--replay` uses.
---@param path string
---@return ecr.ReplayTransport?
---@return ecr.Error?
function replay.of_file(path)
  local err
  if not of_files[path] then of_files[path], err = replay.new(path) end
  return of_files[path], err
end

return replay
