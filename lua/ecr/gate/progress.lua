-- SPDX-License-Identifier: MIT
--- Telling what a gate waits for, on standard error: a line that is drawn over on a terminal,
--- elsewhere a line for each new state of each image.

local printable <const> = require "ecr.printable"
local terminal <const> = require "ecr.terminal"

---@class ecr.GateProgress
---@field program string
---@field image string
---@field line? ecr.LiveLine
---@field order string[] digests, as they were met
---@field shown table<string, string> digest -> state
---@field due table<string, number> digest -> seconds at which its next look is due
local progress_methods <const> = {}
local progress_mt <const> = { __name = "ecr.gate_progress", __index = progress_methods }

--- The states of the images that are still waited for: of one that has its answer no look is due.
local function draw(self, waited, pause)
  local states <const> = {}
  for _, digest in ipairs(self.order) do
    if self.due[digest] >= waited then states[#states + 1] = self.shown[digest] end
  end
  self.line:show(("%s: %.0f s, next look in %.0f s: %s"):format(printable(self.image), waited,
    pause, table.concat(states, ", ")))
end

local function tell(self, state, waited)
  io.stderr:write(("%s: %s%s after %.0f s, waiting\n"):format(self.program, printable(self.image),
    state, waited))
end

--- For the gate's `on_poll`.
---@param target ecr.GateTarget
---@param status string
---@param waited number seconds
---@param pause number seconds until the next look
function progress_methods:on_poll(target, status, waited, pause)
  local platform <const> = target.platform and target.platform .. " " or ""
  local state <const> = printable(platform .. status)
  local before <const> = self.shown[target.digest]
  if not before then table.insert(self.order, target.digest) end
  self.shown[target.digest], self.due[target.digest] = state, waited + pause
  if self.line then
    draw(self, waited, pause)
  elseif before ~= state then
    tell(self, (target.platform and " " .. printable(target.platform) or "") .. ": "
      .. printable(status), waited)
  end
end

--- Leaves nothing on the screen.
function progress_methods:close()
  if self.line then self.line:clear() end
end

progress_mt.__close = progress_methods.close

local progress <const> = {}

--- Progress of the gate of one image.
---@param program string the script's name, for lines that stay
---@param image string
---@return ecr.GateProgress
function progress.new(program, image)
  return setmetatable({ program = program, image = image, line = terminal.live_line(), order = {},
    shown = {}, due = {} }, progress_mt)
end

return progress
