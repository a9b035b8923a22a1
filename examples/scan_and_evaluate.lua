-- SPDX-License-Identifier: MIT
-- Starts a scan, waits for its result and looks at it; 0 when there is no critical finding.
local ecr <const> = require "ecr"

local image <const> = arg[1] or "app:v1"
local client <const> = assert(ecr.client{})

local started <const>, problem <const> = client.scan:start(image)
if not started and problem.kind ~= "limit" then return nil, problem end -- limit: scanned today already

local findings <const>, err <const> = client.scan:wait_for(image,
  { timeout_seconds = 300, poll_interval_seconds = 10 })
if not findings then return nil, err end

print(image, tostring(findings))
for _, finding in ipairs(findings.findings) do print("", tostring(finding)) end
return findings:has("CRITICAL") and 1 or 0
