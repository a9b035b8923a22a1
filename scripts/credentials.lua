-- SPDX-License-Identifier: MIT
-- Says where AWS credentials come from, or hands them to another tool: exit 0 there are some, 3 none.

local argparse <const> = require "argparse"
local command_line <const> = require "ecr.command_line"
local ecr <const> = require "ecr"

local PROGRAM <const> = "credentials.lua"
local FORMATS <const> = { "process", "env", "env-no-export" }
local EPILOG <const> = [[
Without --format nothing of a credential is shown: each source is named, in the order in which
AWS's tools ask them, with what it gave or why it was passed over. With it the credentials
themselves are written to standard output, for whoever reads them there.

Examples:
  ecrlua credentials.lua
  ecrlua --profile dev credentials.lua --settings
  eval "$(ecrlua credentials.lua --format env)"
  credential_process = ecrlua --profile dev credentials.lua --format process

Exit codes: 0 there are credentials, 3 there are none or a source is broken, 64 usage.]]

local function new_parser()
  local parser <const> = argparse(PROGRAM, "Says where AWS credentials come from.")
  parser:option("--format", "write the credentials themselves: process (JSON), env (lines for a\n"
    .. "shell), env-no-export (NAME=value)"):choices(FORMATS):argname("FORMAT")
  parser:flag("--settings", "say where the settings come from too")
  parser:epilog(EPILOG)
  return parser
end

local function hand_over(client, format)
  local creds <const>, err <const> = client:credentials()
  if not creds then return command_line.fail(PROGRAM, err) end
  local written <const>, problem <const> = ecr.write_credentials(io.stdout, creds, format)
  return written and 0 or command_line.fail(PROGRAM, "standard output: " .. tostring(problem))
end

local function explain(client, with_settings)
  if with_settings then print(tostring(client:explain_config()) .. "\n") end
  local steps <const> = client:explain_credentials()
  print(steps)
  for _, step in ipairs(steps) do
    if step.state == "used" then return 0 end
  end
  return 3
end

local function main(arguments)
  local options <const>, usage <const> = command_line.parse(PROGRAM, new_parser(), arguments)
  if not options then return usage end
  local client <const>, err <const> = ecr.client{}
  if not client then return command_line.fail(PROGRAM, err) end
  if options.format then return hand_over(client, options.format) end
  return explain(client, options.settings)
end

return main(arg)
