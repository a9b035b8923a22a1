-- SPDX-License-Identifier: MIT
-- Says whether an image may pass by its scan result: exit 0 pass, 1 fail, 2 no verdict, 3 error.

local argparse <const> = require "argparse"
local ecr <const> = require "ecr"
local report <const> = require "ecr.gate.report"

local SEVERITIES <const> = { "critical", "high", "medium", "low", "undefined" }

local function count(text)
  local number <const> = math.tointeger(tonumber(text))
  if not number or number < 0 then return nil, ("%q is no number of findings"):format(text) end
  return number
end

local function seconds(text)
  local number <const> = tonumber(text)
  if not number or number ~= number or number < 0 or number > 86400 then
    return nil, ("%q is no number of seconds from 0 to 86400"):format(text)
  end
  return number
end

local function command_line()
  local parser <const> = argparse("scan_gate.lua",
    "Says whether an image may pass by its scan result.")
  parser:argument("image", "app:v1, app@sha256:..., or a full registry reference")
  for _, severity in ipairs(SEVERITIES) do
    parser:option("--" .. severity,
      ("most %s findings allowed"):format(severity:upper())):convert(count)
      :argname("N")
  end
  parser:option("--timeout",
    "seconds until there must be an answer (300); 0 = do not wait"):convert(seconds):argname("S")
  parser:option("--settle",
    "seconds an enhanced result must stay the same (30)"):convert(seconds):argname("S")
  parser:flag("--json", "print the verdict as JSON")
  parser:epilog("Without options no CRITICAL and no UNDEFINED or UNTRIAGED finding is allowed, "
    .. "any number of others.\nExit codes: 0 pass, 1 fail, 2 no verdict in time or none to be had, "
    .. "3 could not find out, 64 usage.\n"
    .. "IAM: ecr:DescribeImages, ecr:DescribeImageScanFindings, ecr:BatchGetImage.")
  return parser
end

--- argparse ends the process with 255 on a mistake and 0 after --help; pipelines are promised 64.
local function parse(arguments)
  local parser <const> = command_line()
  local ok <const>, result = parser:pparse(arguments)
  if ok then return result end
  io.stderr:write(parser:get_usage(), "\nscan_gate.lua: ", result, "\n")
end

local function thresholds_of(options)
  local made <const> = {}
  for _, severity in ipairs(SEVERITIES) do made[severity:upper()] = options[severity] end
  return made
end

local function explain(err)
  io.stderr:write("scan_gate.lua: ", tostring(err), "\n")
  return err.kind == "input" and 64 or 3
end

--- Says on standard error what is waited for, once for each state of each image.
local function progress(image)
  local shown <const> = {}
  return function(target, status, waited)
    if shown[target.digest] == status then return end
    shown[target.digest] = status
    local subject <const> = target.platform and image .. " " .. target.platform or image
    io.stderr:write(("scan_gate.lua: %s: %s after %.0f s, waiting\n"):format(subject, status,
      waited))
  end
end

local function main(arguments)
  local options <const> = parse(arguments)
  if not options then return 64 end
  local client, err = ecr.client{}
  if not client then return explain(err) end
  local verdict
  verdict, err = ecr.gate(client, options.image, { thresholds = thresholds_of(options),
    timeout = options.timeout, settle = options.settle, on_poll = progress(options.image) })
  if not verdict then return explain(err) end
  io.write(options.json and report.json(verdict) or report.text(verdict))
  return verdict.exit_code
end

return main(arg)
