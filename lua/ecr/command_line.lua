-- SPDX-License-Identifier: MIT
--- The command line of a script, and what every script says of its mistakes.

local USAGE <const> = 64

local command_line <const> = {}

--- The options of a command line. A mistake is told in one line, where argparse takes several.
---@param program string the script's name
---@param parser table argparse's
---@param arguments string[]
---@return table? options
---@return integer? exit_code
function command_line.parse(program, parser, arguments)
  local understood <const>, options <const> = parser:pparse(arguments)
  if understood then return options end
  local line <const> = options:gsub("%s*\n%s*", "; ")
  io.stderr:write(program, ": ", line, "; see ecrlua ", program, " --help\n")
  return nil, USAGE
end

return command_line
