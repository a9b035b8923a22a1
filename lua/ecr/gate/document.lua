-- SPDX-License-Identifier: MIT
--- A verdict as a JSON document; its schema is in the README. Pure.

local core <const> = require "ecr.core"
local json <const> = require "ecr.json"
local time_text <const> = require "ecr.time_text"

local FINDING_FIELDS <const> = { "id", "severity", "package", "version", "fixed_version",
  "fix_available", "exploit_available", "score", "vector", "layer", "url", "title", "description",
  "status" }

local function lower_keys(map)
  local made <const> = {}
  for severity, count in pairs(map) do made[severity:lower()] = count end
  return made
end

local function finding_document(one)
  local made <const> = {}
  for _, field in ipairs(FINDING_FIELDS) do made[field] = one[field] end
  return made
end

--- What is known of the scan itself; nil when there is none.
local function scan_document(target)
  if not target.status and not target.started then return nil end
  return { type = target.kind, status = target.status, started = target.started or false,
    completed_at = target.completed_at and time_text(target.completed_at) }
end

local function list_of(items, convert)
  local made <const> = json.list()
  for i, item in ipairs(items) do made[i] = convert(item) end
  return made
end

local function target_document(target)
  return {
    digest = target.digest, platform = target.platform, verdict = target.verdict,
    reason = target.reason, advice = target.advice, scan = scan_document(target),
    counts = target.counts and lower_keys(target.counts) or nil,
    warnings = json.list(target.warnings),
    findings = list_of(target.findings or {}, finding_document),
  }
end

--- The verdict as JSON text.
---@param made ecr.GateVerdict
---@return string
return function(made)
  return json.encode{
    version = 1, tool = "ecrlua " .. core.version,
    image = made.image, repository = made.repository, digest = made.digest, index = made.index,
    verdict = made.verdict, exit_code = made.exit_code, reason = made.reason, advice = made.advice,
    error = made.error and { kind = made.error.kind, code = made.error.code } or nil,
    warnings = json.list(made.warnings), moved_to = made.moved_to, interrupted = made.interrupted,
    seconds = made.seconds,
    thresholds = lower_keys(made.thresholds), counts = lower_keys(made.counts),
    images = list_of(made.targets, target_document),
    left_out = list_of(made.skipped, function(skipped) return skipped end),
  }
end
