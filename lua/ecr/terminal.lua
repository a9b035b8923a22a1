-- SPDX-License-Identifier: MIT
--- The terminal a script writes to, if it is one: its width, whether it takes colours, and a line
--- that is drawn over.

local core <const> = require "ecr.core"

local STDOUT <const>, STDERR <const> = 1, 2
local USUAL_COLUMNS <const> = 80

local terminal <const> = { STDOUT = STDOUT, STDERR = STDERR }

--- How wide the terminal behind a descriptor is.
---@param fd integer
---@return integer? columns nil when it is no terminal
function terminal.columns(fd)
  local columns <const> = core.terminal(fd)
  if not columns then return nil end
  if columns > 0 then return columns end
  return math.tointeger(tonumber(os.getenv("COLUMNS"))) or USUAL_COLUMNS
end

--- Whether to move the cursor: not on a terminal that says it cannot.
local function can_draw(fd)
  return terminal.columns(fd) ~= nil and os.getenv("TERM") ~= "dumb"
end

--- Whether to use colours: on a terminal, unless NO_COLOR is set (https://no-color.org).
---@param fd integer
---@return boolean
function terminal.takes_colour(fd)
  local unwanted <const> = os.getenv("NO_COLOR")
  return can_draw(fd) and (unwanted == nil or unwanted == "")
end

--- The first `width` characters of a text, with a mark where something was cut off.
---@param text string
---@param width integer
---@return string
function terminal.cut(text, width)
  local length <const> = utf8.len(text) or #text
  if length <= width then return text end
  if not utf8.len(text) then return text:sub(1, width - 1) .. "~" end
  return text:sub(1, utf8.offset(text, width) - 1) .. "~"
end

---@class ecr.LiveLine
---@field drawn boolean
local live_methods <const> = {}
local live_mt <const> = { __name = "ecr.live_line", __index = live_methods }

--- Draws the line anew.
---@param text string printable
function live_methods:show(text)
  local columns <const> = terminal.columns(STDERR) or USUAL_COLUMNS
  io.stderr:write("\r", terminal.cut(text, math.max(1, columns - 1)), "\27[K")
  self.drawn = true
end

--- Takes the line away.
function live_methods:clear()
  if self.drawn then io.stderr:write("\r\27[K") end
  self.drawn = false
end

live_mt.__close = live_methods.clear

--- A line on standard error that is drawn over.
---@return ecr.LiveLine? nil where it cannot be
function terminal.live_line()
  if not can_draw(STDERR) then return nil end
  return setmetatable({ drawn = false }, live_mt)
end

return terminal
