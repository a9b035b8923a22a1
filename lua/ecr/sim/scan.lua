-- SPDX-License-Identifier: MIT
--- A scan as it goes on: a run passes through the states of its plan, some by time and some by
--- being read, and gives what the service would say in each. Source: DescribeImageScanFindings in
--- the Amazon ECR API Reference.
---
--- What is easy to get wrong: only the first page of a reading is a reading. Later pages belong
--- to the state in which the first one was given, whatever the scan has done since.

local finding <const> = require "ecr.sim.finding"

local DAY <const> = 24 * 3600
local SOURCE_AGE <const> = 12000 -- seconds; so much older is what a basic scan knows

--- What the service says of a state; of other states it says nothing here.
local DESCRIPTIONS <const> = {
  PENDING = "Pending start of the image scan.",
  IN_PROGRESS = "The scan is in progress.",
  COMPLETE = "The scan was completed successfully.",
  ACTIVE = "Continuous scan is selected for image.",
  FAILED = "The scan failed.",
  UNSUPPORTED_IMAGE = "The operating system and/or package manager are not supported.",
  SCAN_ELIGIBILITY_EXPIRED = "The image is no longer eligible for scanning.",
  IMAGE_ARCHIVED = "The image is archived.",
}

local RUNNING <const> = { PENDING = true, IN_PROGRESS = true }
local DELIVERS <const> = { COMPLETE = true, ACTIVE = true }

---@class ecr.sim.State
---@field state string
---@field seconds? number how long it lasts
---@field reads? integer after how many readings it ends; 1 where no seconds are given
---@field findings? table[] instead of the plan's
---@field counts? table<string, integer>
---@field empty? boolean called done, but nothing was delivered

---@class ecr.sim.ScanRun
---@field plan table the scenario's `scan`
---@field states ecr.sim.State[]
---@field current integer
---@field reads integer of the current state
---@field entered table<integer, number> when each state began, on the monotonic clock
---@field started number wall clock
---@field completed_at? number wall clock, when the plan says so
local scan <const> = {}

local FINISHED <const> = { basic = { { state = "COMPLETE" } }, enhanced = { { state = "ACTIVE" } } }
local TEN_SECONDS <const> = { { state = "IN_PROGRESS", seconds = 10 }, { state = "COMPLETE" } }

local function enter(run, index, mono)
  run.current = index
  run.reads = 0
  run.entered[index] = mono
end

local function begin(plan, states, clock)
  local run <const> = { plan = plan, states = states, entered = {}, started = clock.wall,
    completed_at = plan.completed_at, epoch = clock.wall - clock.mono }
  enter(run, 1, clock.mono)
  return run
end

--- A scan that the image has from the beginning.
---@param plan table
---@param clock {mono: number, wall: number}
---@return ecr.sim.ScanRun
function scan.begin(plan, clock)
  return begin(plan, plan.states or FINISHED[plan.type], clock)
end

--- A scan that somebody starts now; it takes ten seconds where the plan does not say.
---@param plan table
---@param clock {mono: number, wall: number}
---@return ecr.sim.ScanRun
function scan.start(plan, clock)
  local run <const> = begin(plan, plan.states or TEN_SECONDS, clock)
  run.completed_at = nil -- it was another scan that was completed then
  return run
end

local function pass_time(run, mono)
  while run.current < #run.states do
    local seconds <const> = run.states[run.current].seconds
    local ends <const> = seconds and run.entered[run.current] + seconds
    if not ends or mono < ends then return end
    enter(run, run.current + 1, ends)
  end
end

--- Reads the scan: gives the number of the state it is in, and counts the reading.
---@param run ecr.sim.ScanRun
---@param clock {mono: number, wall: number}
---@return integer index
function scan.read(run, clock)
  pass_time(run, clock.mono)
  local index <const> = run.current
  local state <const> = run.states[index]
  if state.seconds or index == #run.states then return index end
  run.reads = run.reads + 1
  if run.reads >= (state.reads or 1) then enter(run, index + 1, clock.mono) end
  return index
end

--- Whether another scan would be refused: one is running, or began less than 24 hours ago.
---@param run ecr.sim.ScanRun
---@param clock {mono: number, wall: number}
---@return boolean
function scan.is_too_soon(run, clock)
  pass_time(run, clock.mono)
  if RUNNING[run.states[run.current].state] then return true end
  local began <const> = math.min(run.started, run.completed_at or math.huge)
  return clock.wall - began < DAY
end

--- The `image_scan_status` of a state.
---@param run ecr.sim.ScanRun
---@param index integer
---@return {status: string, description?: string}
function scan.status(run, index)
  local name <const> = run.states[index].state
  local own <const> = index == #run.states and run.plan.description
  return { status = name, description = own or DESCRIPTIONS[name] }
end

local function delivered(run, index, subject)
  local plan <const>, state <const> = run.plan, run.states[index]
  local list <const> = state.findings or plan.findings or {}
  local completed <const> = run.completed_at or run.epoch + run.entered[index]
  local enhanced <const> = plan.type == "enhanced"
  local elements <const> = {}
  subject.observed = completed
  for i, given in ipairs(list) do
    elements[i] = enhanced and finding.enhanced(given, subject) or finding.basic(given)
  end
  return {
    image_scan_completed_at = completed,
    vulnerability_source_updated_at = enhanced and completed or completed - SOURCE_AGE,
    finding_severity_counts = state.counts or not state.findings and plan.counts
      or finding.count(list),
    [enhanced and "enhanced_findings" or "findings"] = elements,
  }
end

--- The `image_scan_findings` of a state, all of them; nil where the service gives none.
---@param run ecr.sim.ScanRun
---@param index integer
---@param subject ecr.sim.Subject
---@return table?
function scan.findings(run, index, subject)
  local state <const> = run.states[index]
  if state.empty then return { findings = {} } end
  local delivers <const> = DELIVERS[state.state] or state.findings or state.counts
  if delivers then return delivered(run, index, subject) end
  if state.state == "PENDING" then return { findings = {}, enhanced_findings = {} } end
end

--- What StartImageScan answers, whatever the plan begins with.
scan.ACCEPTED = { status = "PENDING", description = DESCRIPTIONS.PENDING }

--- The names of the states that the service documents.
scan.STATES = {
  PENDING = true, IN_PROGRESS = true, COMPLETE = true, ACTIVE = true, FAILED = true,
  UNSUPPORTED_IMAGE = true, SCAN_ELIGIBILITY_EXPIRED = true, FINDINGS_UNAVAILABLE = true,
  LIMIT_EXCEEDED = true, IMAGE_ARCHIVED = true,
}

return scan
