-- SPDX-License-Identifier: MIT
--- What one reading of a scan means for a gate: usable, worth waiting for, too old, or the end of
--- it. Pure. Source: DescribeImageScanFindings in the Amazon ECR API Reference (ScanStatus) and the
--- traps that enhanced scanning sets: it answers COMPLETE or ACTIVE before Amazon Inspector has
--- delivered, and ACTIVE while findings are still arriving.

---@alias ecr.GateState
---| "usable"  # the findings are the scan's result
---| "settle"  # they may be: usable when a later reading is the same
---| "wait"    # no result yet
---| "stale"   # a basic scan's result, older than the gate allows
---| "dead"    # there will be no result

local finding <const> = require "ecr.types.finding"

local state <const> = {}

--- States that end the waiting without a result, and what to do about each.
local DEAD <const> = {
  FAILED = { "the scan failed", "start another scan; if it fails again, scan the image elsewhere" },
  UNSUPPORTED_IMAGE = {
    "the image cannot be scanned (its operating system or format is not supported)",
    "use enhanced scanning or a supported base image, or gate the image by other means" },
  SCAN_ELIGIBILITY_EXPIRED = {
    "continuous scanning of the image has ended, its findings are closed",
    "push the image again or extend the re-scan duration" },
  FINDINGS_UNAVAILABLE = { "the findings are not available",
    "start another scan or look at Amazon Inspector" },
  LIMIT_EXCEEDED = { "the scan quota is used up",
    "wait for the quota to be renewed and scan again" },
  IMAGE_ARCHIVED = { "the image is archived and not scanned", "restore it, then scan it" },
}

local WAITING <const> = { PENDING = true, IN_PROGRESS = true }

--- Why a state of the service ends the waiting, and what to do.
---@param status string
---@return string reason
---@return string advice
function state.end_of(status)
  local known <const> = DEAD[status]
  if known then return known[1], known[2] end
  return ("the scan state %s is not known to this version"):format(status ~= "" and status
    or "(none)"), "look at the scan in the console; a newer version may know the state"
end

--- Whether the service counts findings that it does not list. Of an enhanced scan they may be
--- suppressed; of a basic one they may still come.
local function lists_less(result)
  local listed <const> = finding.count(result.findings)
  for severity, count in pairs(result.counts or {}) do
    if count > (listed[severity] or 0) then return true end
  end
  return false
end

--- A basic scan is done when it says when it was done.
local function judge_basic(result, fresh_from)
  if result.completed_at < fresh_from then return "stale" end
  return lists_less(result) and "settle" or "usable"
end

--- An enhanced scan is done when something was delivered, and then only if it stays the same for a
--- while. Counts without any finding that they count are no delivery.
local function judge_complete(result, fresh_from)
  local basic <const> = result.kind ~= "enhanced" and result.status == "COMPLETE"
  if basic and result.completed_at then return judge_basic(result, fresh_from) end
  local listed <const> = result.kind == "enhanced" and #result.findings > 0
  if listed or (result.kind == "enhanced" or result.counts) and not lists_less(result) then
    return "settle"
  end
  return "wait", "the scan is called " .. result.status .. " but nothing was delivered yet"
end

--- Judges one reading.
---@param result ecr.ScanFindings
---@param fresh_from number wall clock: a basic scan that was completed before is stale
---@return ecr.GateState
---@return string? reason
---@return string? advice
function state.judge(result, fresh_from)
  if WAITING[result.status] then return "wait", "the scan is " .. result.status end
  if result.mixed then return "wait", "the scan went on while it was read" end
  if result.status == "COMPLETE" or result.status == "ACTIVE" then
    return judge_complete(result, fresh_from)
  end
  return "dead", state.end_of(result.status)
end

--- A text that is the same for two readings that say the same.
---@param result ecr.ScanFindings
---@return string
function state.fingerprint(result)
  local parts <const> = { result.status, tostring(result.completed_at),
    tostring(result.source_updated_at) }
  for severity, count in pairs(result.counts or {}) do
    parts[#parts + 1] = severity .. "=" .. count
  end
  for _, one in ipairs(result.findings) do
    parts[#parts + 1] = table.concat({ one.id, one.severity, one.package or "", one.version or "",
      one.status }, "\0")
  end
  table.sort(parts)
  return table.concat(parts, "\n")
end

--- What the service counted beside what it listed: a sentence for each difference.
---@param listed table<string, integer> counted from the findings
---@param stated? table<string, integer> the service's own
---@return string[]
function state.differences(listed, stated)
  local warnings <const> = {}
  local all <const> = {}
  for severity in pairs(listed) do all[severity] = true end
  for severity in pairs(stated or {}) do all[severity] = true end
  for severity in pairs(stated and all or {}) do
    local here <const>, there <const> = listed[severity] or 0, stated[severity] or 0
    if here ~= there then
      warnings[#warnings + 1] = ("%s: %d listed, but the service counts %d; what is listed counts")
        :format(severity, here, there)
    end
  end
  table.sort(warnings)
  return warnings
end

return state
