-- SPDX-License-Identifier: MIT
--- One vulnerability in one package, whichever scanner found it. Basic scans give `findings`,
--- enhanced ones (Amazon Inspector) `enhanced_findings`; both become this. Source:
--- DescribeImageScanFindings in the Amazon ECR API Reference.

---@class ecr.Finding
---@field id string "CVE-2026-0001", or the vendor's own
---@field severity string CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNDEFINED, UNTRIAGED; in upper case
---@field package? string
---@field version? string
---@field fixed_version? string
---@field fix_available? "YES"|"NO"|"PARTIAL"
---@field exploit_available? "YES"|"NO"
---@field score? number CVSS, 0 to 10
---@field vector? string
---@field layer? string digest of the layer the package is in
---@field url? string
---@field title? string
---@field description? string
---@field status string ACTIVE, SUPPRESSED, CLOSED, ...; basic scans know only ACTIVE
---@field raw table as the service gave it
local finding_methods <const> = {}
local finding_mt <const> = { __name = "ecr.finding", __index = finding_methods }

function finding_mt.__tostring(self)
  local subject <const> = self.package and (" in " .. self.package .. " " .. (self.version or ""))
    or ""
  return self.severity .. " " .. self.id .. subject
end

--- What a finding must be said to be not to count.
local SETTLED <const> = { SUPPRESSED = true, CLOSED = true }

--- Whether the finding counts: a suppressed or closed one does not, one of a status nobody knows
--- does.
---@return boolean
function finding_methods:is_active()
  return not SETTLED[self.status]
end

local finding <const> = {}

--- How many findings count, by severity: what is neither suppressed nor closed.
---@param findings ecr.Finding[]
---@return table<string, integer>
function finding.count(findings)
  local counts <const> = {}
  for _, one in ipairs(findings) do
    if one:is_active() then counts[one.severity] = (counts[one.severity] or 0) + 1 end
  end
  return counts
end

local function attributes_of(raw)
  local values <const> = {}
  for _, attribute in ipairs(raw.attributes or {}) do
    if attribute.key then values[attribute.key] = attribute.value end
  end
  return values
end

--- From an element of `findings`.
---@param raw table
---@return ecr.Finding
function finding.from_basic(raw)
  local attributes <const> = attributes_of(raw)
  return setmetatable({
    id = raw.name or "unnamed",
    severity = (raw.severity or "UNDEFINED"):upper(),
    package = attributes.package_name,
    version = attributes.package_version,
    score = tonumber(attributes.CVSS3_SCORE or attributes.CVSS2_SCORE),
    vector = attributes.CVSS3_VECTOR or attributes.CVSS2_VECTOR,
    url = raw.uri,
    description = raw.description,
    status = "ACTIVE",
    raw = raw,
  }, finding_mt)
end

--- "NotAvailable" is how Inspector says that there is no fix.
local function fixed_version(package)
  local version <const> = package.fixed_in_version
  return version ~= "NotAvailable" and version or nil
end

local function vector_of(raw, details)
  local adjusted <const> = raw.score_details and raw.score_details.cvss
  if adjusted and adjusted.scoring_vector then return adjusted.scoring_vector end
  return details.cvss and details.cvss[1] and details.cvss[1].scoring_vector
end

local function enhanced_of_package(raw, details, package)
  return setmetatable({
    id = details.vulnerability_id or raw.title or raw.finding_arn or "unnamed",
    severity = (raw.severity or "UNTRIAGED"):upper(),
    package = package.name,
    version = package.version,
    fixed_version = fixed_version(package),
    fix_available = raw.fix_available,
    exploit_available = raw.exploit_available,
    score = raw.score,
    vector = vector_of(raw, details),
    layer = package.source_layer_hash,
    url = details.source_url,
    title = raw.title,
    description = raw.description,
    status = (raw.status or "ACTIVE"):upper(),
    raw = raw,
  }, finding_mt)
end

--- From an element of `enhanced_findings`. It may name several packages; the first one stands for
--- it, so that one finding of the service counts once.
---@param raw table
---@return ecr.Finding
function finding.from_enhanced(raw)
  local details <const> = raw.package_vulnerability_details or {}
  local packages <const> = details.vulnerable_packages or {}
  return enhanced_of_package(raw, details, packages[1] or {})
end

return finding
