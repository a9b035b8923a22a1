-- SPDX-License-Identifier: MIT
--- The command line of a script, and what every script says of its mistakes.

local printable <const> = require "ecr.printable"

local COULD_NOT <const>, USAGE <const> = 3, 64 -- exit codes
local UNITS <const> = { [""] = 1, s = 1, m = 60, h = 3600, d = 86400 } -- seconds

local command_line <const> = {}

--- A converter of durations, for argparse: seconds, or minutes, hours, days with their letter.
---@param most number seconds
---@param most_text string the same as somebody would write it
---@param positive? boolean whether 0 is none
---@return fun(text: string): number?, string? seconds
function command_line.duration(most, most_text, positive)
  return function(text)
    local number <const>, unit <const> = text:match("^(%d+%.?%d*)(%a?)$")
    local seconds <const> = UNITS[unit] and tonumber(number) * UNITS[unit]
    if seconds and seconds <= most and (seconds > 0 or not positive) then return seconds end
    local range <const> = (positive and "of at most " or "from 0 to ") .. most_text
    return nil, ("%q is no duration %s: a number of seconds, or of minutes, hours, days (m, h, d)")
      :format(text, range)
  end
end

--- A converter, for argparse, out of a check that gives a value, or nil and an error.
---@param fn fun(text: string): any, ecr.Error?
---@return fun(text: string): any, string?
function command_line.checked(fn)
  return function(text)
    local value <const>, err <const> = fn(text)
    if value == nil then return nil, printable(err.message) end
    return value == true and text or value
  end
end

--- Tells why a script could not do its work.
---@param program string the script's name
---@param err ecr.Error|string
---@return integer exit_code 64 for what nobody had to be asked about, 3 for all else
function command_line.fail(program, err)
  io.stderr:write(program, ": ", tostring(err), "\n")
  local usage <const> = type(err) == "table" and err.kind == "input" and err.status == nil
  return usage and USAGE or COULD_NOT
end

--- What a script whose processes should share tokens says of the client's `token_cache`: on, unless the
--- environment has a word on it.
---@param unwanted? boolean whether the command line says no
---@return boolean?
function command_line.token_cache(unwanted)
  if unwanted then return false end
  local said <const> = os.getenv("ECRLUA_TOKEN_CACHE")
  if said == nil or said == "" then return true end
end

--- The options of a command line. A mistake is told in one line, where argparse takes several.
---@param program string the script's name
---@param parser table argparse's
---@param arguments string[]
---@return table? options
---@return integer? exit_code
function command_line.parse(program, parser, arguments)
  local understood <const>, options <const> = parser:pparse(arguments)
  if understood then return options end
  local line <const> = printable((options:gsub("%s*\n%s*", "; ")))
  io.stderr:write(program, ": ", line, "; see ecrlua ", program, " --help\n")
  return nil, USAGE
end

return command_line
