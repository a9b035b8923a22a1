-- SPDX-License-Identifier: MIT
--- The writer of a recording. Each line is written whole when its call has ended, so that a run that
--- is killed leaves a recording; a file that cannot be written stops the recording, not the calls,
--- and is told when the recorder is closed.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local line <const> = require "ecr.recording.line"
local log <const> = require "ecr.log"

---@class ecr.Recorder
---@field path string
---@field problem? string what stopped it
---@field closed boolean
local recorder_methods <const> = {}
local recorder_mt <const> = { __name = "ecr.recorder", __index = recorder_methods }

local function put(self, text)
  if self.problem then return end
  self.size = self.size + #text + 1
  if #text > line.MAX or self.size > line.MAX_FILE then
    self.problem = "an answer is too large for it"
    return
  end
  local ok <const>, failure <const> = core.write(self.file, { text .. "\n" })
  if not ok then self.problem = failure.message end
end

--- The time at which it begins; later ones do nothing.
---@param wall number seconds since the epoch
function recorder_methods:begin(wall)
  if self.closed then error("the recorder is closed", 3) end
  if self.begun then return end
  self.begun = true
  put(self, line.header(wall))
end

--- Which of the equal calls this is.
---@param key string
---@return integer
function recorder_methods:count(key)
  self.counts[key] = (self.counts[key] or 0) + 1
  return self.counts[key]
end

--- Writes down a call that has ended. Raises for what no answer holds.
---@param call ecr.RecordedCall
---@param input string the text of its input
function recorder_methods:add(call, input)
  if self.closed or self.problem then return end
  put(self, line.text(call, input))
end

--- Runs a function; what it raises stops the recording and nobody else, since the answer must reach
--- whoever waits for it.
---@param fn function
---@param ... any
function recorder_methods:guard(fn, ...)
  local ok <const>, problem <const> = pcall(fn, ...)
  if ok then return end
  self.problem = self.problem or type(problem) == "table" and problem.message or problem
end

--- Ends the recording; may be called twice. What went wrong with it is told here.
---@return true?
---@return ecr.Error? kind "config", code "recording"
function recorder_methods:close()
  if not self.closed then
    if not self.begun then self:begin(select(2, core.clock())) end
    self.closed = true
    local ok <const>, problem <const> = self.file:close()
    if not ok then self.problem = self.problem or problem end
  end
  if not self.problem then return true end
  return error_object.give{ kind = "config", code = "recording",
    message = ("the recording %s is not whole: %s"):format(self.path, tostring(self.problem)) }
end

--- A block cannot give an error back: here it is raised, unless another one ends the block already.
function recorder_mt.__close(self, raised)
  local ok <const>, err <const> = self:close()
  if not ok and raised == nil then error(err, 0) end
end

function recorder_mt.__gc(self)
  if self.closed then return end
  local ok <const>, err <const> = self:close()
  if not ok then log.write("error", "%s", err) end
end

local recorder <const> = {}

--- A recorder that writes this file, which is its owner's only. What was in it is gone.
---@param path string
---@return ecr.Recorder?
---@return ecr.Error? kind "config", code "recording"
function recorder.new(path)
  local file <const>, failure <const> = core.create(path)
  if not file then
    return error_object.give{ kind = "config", code = "recording",
      message = ("the recording %s: %s"):format(path, failure.message) }
  end
  return setmetatable({ path = path, file = file, counts = {}, size = 0, closed = false,
    begun = false }, recorder_mt)
end

local of_files <const> = {}

--- The one recorder of a file, for all clients of a process: what `--record` uses.
---@param path string
---@return ecr.Recorder?
---@return ecr.Error?
function recorder.of_file(path)
  local err
  if not of_files[path] then of_files[path], err = recorder.new(path) end
  return of_files[path], err
end

return recorder
