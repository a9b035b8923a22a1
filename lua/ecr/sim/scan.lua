-- SPDX-License-Identifier: MIT
--- Scans of simulated images: the states one shows, reading after reading or as time passes, and
--- findings in the shapes of the service. Source: DescribeImageScanFindings in the Amazon ECR API
--- Reference.

local scan <const> = {}

local DESCRIPTIONS <const> = {
  PENDING = "Pending start of the image scan.",
  IN_PROGRESS = "The scan is in progress.",
  COMPLETE = "The scan was completed successfully.",
  ACTIVE = "Continuous scan is selected for image.",
  FAILED = "The scan failed.",
}

---@class ecr.SimScan
---@field type "basic"|"enhanced"
---@field states table[] each {state, seconds?, reads?, findings?, counts?, empty?}
---@field at integer which state holds now
---@field entered number when it began (monotonic)
---@field reads integer how often it was read
---@field findings table[] in the scenario's short form
---@field counts? table<string, integer> instead of those of the findings

local function state_entry(entry)
  if type(entry) == "string" then return { state = entry, reads = 1 } end
  local copy <const> = {}
  for key, value in pairs(entry) do copy[key] = value end
  if not copy.seconds and not copy.reads then copy.reads = 1 end
  return copy
end

--- A scan that begins now.
---@param description table of the scenario
---@param now number
---@return ecr.SimScan
function scan.start(description, now)
  local type <const> = description.type or "basic"
  local states <const> = {}
  for i, entry in ipairs(description.states or { type == "enhanced" and "ACTIVE" or "COMPLETE" }) do
    states[i] = state_entry(entry)
  end
  return { type = type, states = states, at = 1, entered = now, reads = 0,
    findings = description.findings or {}, counts = description.counts,
    completed_at = description.completed_at, description = description.description }
end

local function enter(self, at, when)
  self.at, self.entered, self.reads = at, when, 0
end

--- Moves on to the state that holds at this time; the last one stays.
local function advance(self, now)
  while self.at < #self.states do
    local state <const> = self.states[self.at]
    if state.seconds then
      if now - self.entered < state.seconds then return end
      enter(self, self.at + 1, self.entered + state.seconds)
    elseif self.reads >= state.reads then
      enter(self, self.at + 1, now)
    else
      return
    end
  end
end

-- --- findings in the service's shapes ------------------------------------------------------------

local function attribute(list, key, value)
  if value then list[#list + 1] = { key = key, value = tostring(value) } end
end

local function basic_finding(one)
  local attributes <const> = {}
  attribute(attributes, "package_version", one.version)
  attribute(attributes, "package_name", one.package)
  attribute(attributes, "CVSS3_SCORE", one.score)
  attribute(attributes, "CVSS3_VECTOR", one.vector)
  return { name = one.id, severity = one.severity, description = one.description,
    uri = one.uri or "https://cve.example/" .. one.id, attributes = attributes }
end

local function enhanced_finding(one, image, number)
  return {
    aws_account_id = image.account,
    finding_arn = ("arn:aws:inspector2:%s:%s:finding/%032x"):format(image.region, image.account,
      number),
    title = one.id .. " - " .. (one.package or "?"), description = one.description or one.id,
    severity = one.severity, status = one.status or "ACTIVE", type = "PACKAGE_VULNERABILITY",
    score = one.score, fix_available = one.fixed_version and "YES" or "NO",
    exploit_available = one.exploit_available or "NO",
    first_observed_at = image.wall, last_observed_at = image.wall, updated_at = image.wall,
    package_vulnerability_details = { vulnerability_id = one.id, source = "DEBIAN_CVE",
      source_url = one.uri or "https://src.example/" .. one.id, reference_urls = {},
      vulnerable_packages = { { name = one.package, version = one.version, package_manager = "OS",
        fixed_in_version = one.fixed_version or "NotAvailable" } } },
    remediation = { recommendation = { text = "None Provided" } },
  }
end

local function count(findings)
  local counts <const> = {}
  for _, one in ipairs(findings) do
    if (one.status or "ACTIVE") == "ACTIVE" then
      counts[one.severity] = (counts[one.severity] or 0) + 1
    end
  end
  return counts
end

-- --- a reading -----------------------------------------------------------------------------------

local function body_of(self, state, image)
  if state.empty then return { findings = {} } end
  local findings <const> = state.findings or self.findings
  local body <const> = { finding_severity_counts = state.counts or self.counts or count(findings),
    image_scan_completed_at = self.completed_at,
    vulnerability_source_updated_at = self.completed_at }
  local made <const> = {}
  for i, one in ipairs(findings) do
    made[i] = self.type == "enhanced" and enhanced_finding(one, image, i) or basic_finding(one)
  end
  body[self.type == "enhanced" and "enhanced_findings" or "findings"] = made
  return body
end

--- What one reading shows now. `first_page` counts as a reading; later pages of it do not.
---@param self ecr.SimScan
---@param image {account: string, region: string, wall: number}
---@param now number
---@param first_page boolean
---@return {status: string, description: string} status
---@return table? body of image_scan_findings, all of it
function scan.read(self, image, now, first_page)
  if first_page then
    advance(self, now)
    self.reads = self.reads + 1
  end
  local state <const> = self.states[self.at]
  local status <const> = { status = state.state,
    description = self.description or DESCRIPTIONS[state.state] or state.state }
  local done <const> = state.state == "COMPLETE" or state.state == "ACTIVE"
  if done and not state.empty and not self.completed_at then self.completed_at = image.wall end
  return status, done and body_of(self, state, image) or state.state == "PENDING"
    and { findings = {} } or nil
end

return scan
