-- SPDX-License-Identifier: MIT
-- A registry built in code: a scan that takes five minutes takes no time.
local ecr <const> = require "ecr"

local mock = ecr.mock()
  :with_image("app", { tags = { "v1" } })
  :configure_scan_progression{
    repository = "app", tag = "v1",
    states = { { state = "IN_PROGRESS", seconds = 290 }, "COMPLETE" },
    findings = {
      { id = "CVE-2026-0001", severity = "HIGH", package = "zlib", version = "1.2.13" },
    },
  }
  :with_error_injection{ operation = "DescribeImages", code = "ThrottlingException", times = 1 }

local verdict = assert(ecr.gate(mock:client{}, "app:v1", { thresholds = { HIGH = 0 } }))
print(verdict.verdict, verdict.targets[1].reason)
local minutes = math.floor(verdict.seconds / 60)
print(#mock:history() .. " requests, " .. minutes .. " minutes of virtual time")
