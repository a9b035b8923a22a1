-- SPDX-License-Identifier: MIT
--- Lines to standard error for whoever looks for a problem. Never a secret: requests are logged by
--- name and outcome, not by content.

local flags <const> = require "ecr.flags"
local printable <const> = require "ecr.printable"

local LEVELS <const> = { error = 1, warn = 2, info = 3, debug = 4 }

local log <const> = {}

local threshold

local function level_of_flags()
  return LEVELS[flags.log or "warn"] or LEVELS.warn
end

--- Whether lines of this level are written.
---@param level "error"|"warn"|"info"|"debug"
---@return boolean
function log.enabled(level)
  threshold = threshold or level_of_flags()
  return LEVELS[level] <= threshold
end

--- Whether a word names a level.
---@param level string
---@return boolean
function log.is_level(level)
  return LEVELS[level] ~= nil
end

--- Writes one line, if the level is wanted.
---@param level "error"|"warn"|"info"|"debug"
---@param format string
---@param ... any
function log.write(level, format, ...)
  if not log.enabled(level) then return end
  io.stderr:write("ecrlua: ", level, ": ", printable(format:format(...)), "\n")
end

return log
