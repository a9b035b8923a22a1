-- SPDX-License-Identifier: MIT
-- Says whether an image may pass by its scan result: exit 0 pass, 1 fail, 2 no verdict, 3 error.

local argparse <const> = require "argparse"
local command_line <const> = require "ecr.command_line"
local document <const> = require "ecr.gate.document"
local ecr <const> = require "ecr"
local progress <const> = require "ecr.gate.progress"
local report <const> = require "ecr.gate.report"
local terminal <const> = require "ecr.terminal"

local PROGRAM <const> = "scan_gate.lua"
local SEVERITIES <const> = { "critical", "high", "medium", "low", "undefined" }
local DAY <const>, CENTURY <const> = 86400, 36525 * 86400
local EPILOG <const> = [[
A duration is a number of seconds, or of minutes, hours, days: 90, 90s, 15m, 24h, 7d.
Without options no CRITICAL and no UNDEFINED or UNTRIAGED finding is allowed, any number of
others. An image without a scan, or with an old one, is scanned where basic scanning allows it.

Examples:
  ecrlua scan_gate.lua app:v1
  ecrlua scan_gate.lua --high 5 --timeout 10m app@sha256:...
  ecrlua scan_gate.lua --json 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1

Exit codes: 0 pass, 1 fail, 2 no verdict in time or none to be had, 3 could not find out,
64 usage, 130 broken off.
IAM actions: ecr:DescribeImages, ecr:DescribeImageScanFindings; for multi-architecture images
ecr:BatchGetImage; to start scans ecr:StartImageScan.]]

-- --- the command line ----------------------------------------------------------------------------

local function count(text)
  local number <const> = math.tointeger(tonumber(text))
  if not number or number < 0 then return nil, ("%q is no number of findings"):format(text) end
  return number
end

local function age(text)
  if text == "any" then return math.huge end
  return command_line.duration(CENTURY, "36525d, nor any")(text)
end

local function new_parser()
  local parser <const> = argparse(PROGRAM, "Says whether an image may pass by its scan result.")
  parser:argument("image", "app:v1, app@sha256:..., or a full registry reference")
  for _, severity in ipairs(SEVERITIES) do
    parser:option("--" .. severity,
      ("most %s findings allowed"):format(severity:upper())):convert(count)
      :argname("N")
  end
  local up_to_a_day <const> = command_line.duration(DAY, "24h")
  parser:option("--timeout",
    "until there must be an answer (300s); 0 = do not wait"):convert(up_to_a_day):argname("TIME")
  parser:option("--settle",
    "an enhanced result must stay the same (30s)"):convert(up_to_a_day):argname("TIME")
  parser:option("--max-scan-age",
    "a basic scan may be so old (24h), or any"):convert(age):argname("TIME")
  parser:flag("--no-start", "never start a scan")
  parser:flag("--json", "print the verdict as JSON")
  parser:flag("--quiet", "print one line, and no progress")
  parser:epilog(EPILOG)
  return parser
end

-- --- answers -------------------------------------------------------------------------------------

--- An error before any image was found is one line for whoever reads the log.
local function tell_error(verdict)
  local advice <const> = verdict.advice and "; " .. verdict.advice or ""
  io.stderr:write(("%s: %s: %s%s\n"):format(PROGRAM, verdict.image, verdict.reason, advice))
end

local function tell(verdict, options)
  local colour <const> = terminal.takes_colour(terminal.STDOUT)
  if options.json then
    io.write(document(verdict))
  elseif verdict.error and #verdict.targets == 0 then
    tell_error(verdict)
  elseif options.quiet then
    io.write(report.line(verdict, { colour = colour }))
  else
    io.write(report.text(verdict, { colour = colour,
      columns = terminal.columns(terminal.STDOUT) }))
  end
end

local function thresholds_of(options)
  local made <const> = {}
  for _, severity in ipairs(SEVERITIES) do made[severity:upper()] = options[severity] end
  return made
end

local function gate(client, options)
  local shown <close> = not options.quiet and progress.new(PROGRAM, options.image) or nil
  local interrupt <close> = ecr.interrupt()
  return ecr.gate(client, options.image, {
    thresholds = thresholds_of(options), timeout = options.timeout, settle = options.settle,
    max_scan_age = options.max_scan_age, start = not options.no_start, interrupt = interrupt,
    on_poll = shown and function(...) shown:on_poll(...) end,
  })
end

local function main(arguments)
  local options <const>, usage <const> = command_line.parse(PROGRAM, new_parser(), arguments)
  if not options then return usage end
  local client <const>, problem <const> = ecr.client{}
  if not client then return command_line.fail(PROGRAM, problem) end
  local verdict <const>, err <const> = gate(client, options)
  if not verdict then return command_line.fail(PROGRAM, err) end
  tell(verdict, options)
  return verdict.exit_code
end

return main(arg)
