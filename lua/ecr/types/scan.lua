-- SPDX-License-Identifier: MIT
--- What the service knows of one image's scan, all pages together. Source: DescribeImageScanFindings
--- in the Amazon ECR API Reference.

local finding <const> = require "ecr.types.finding"
local severity <const> = require "ecr.types.severity"

---@class ecr.ScanFindings
---@field status string ScanStatus: PENDING, IN_PROGRESS, COMPLETE, ACTIVE, FAILED, ...; "" when missing
---@field description? string the service's words for the status
---@field kind "basic"|"enhanced"|nil which list the answer had; nil when it had none
---@field findings ecr.Finding[] in the service's order
---@field counts? table<string, integer> the service's own counts by severity
---@field completed_at? number seconds since the epoch
---@field source_updated_at? number
---@field mixed? boolean the pages are not all of one state of the scan
local scan_methods <const> = {}
local scan_mt <const> = { __name = "ecr.scan_findings", __index = scan_methods }

--- Counts as text: "2 high, 1 low"; severities that nobody knows come last.
---@param counts table<string, integer>
---@return string
local function counts_text(counts)
  local parts <const> = {}
  for i, word in ipairs(severity.sorted(counts)) do
    parts[i] = counts[word] .. " " .. word:lower()
  end
  return #parts > 0 and table.concat(parts, ", ") or "no findings"
end

function scan_mt.__tostring(self)
  local status <const> = self.status ~= "" and self.status or "(no status)"
  return ("%s: %s"):format(status, counts_text(self:count()))
end

--- How many findings count, by severity: what is listed and neither suppressed nor closed.
---@return table<string, integer>
function scan_methods:count()
  return finding.count(self.findings)
end

--- Whether there is a finding at least so bad that counts; those without a place in the order are
--- never.
---@param least ecr.Severity
---@return boolean
function scan_methods:has(least)
  for _, one in ipairs(self.findings) do
    if one:is_active() and severity.at_least(one.severity, least) then return true end
  end
  return false
end

local scan <const> = { counts_text = counts_text }

--- From the first page; further ones are added.
---@param output table of DescribeImageScanFindings
---@return ecr.ScanFindings
function scan.of(output)
  local status <const> = output.image_scan_status or {}
  local body <const> = output.image_scan_findings or {}
  return setmetatable({
    status = status.status or "",
    description = status.description,
    findings = {},
    counts = body.finding_severity_counts,
    completed_at = body.image_scan_completed_at,
    source_updated_at = body.vulnerability_source_updated_at,
  }, scan_mt)
end

--- Adds the findings of a page. Status, counts and times repeat on every page; the first page's were
--- taken, and a page that says otherwise is of another state of the scan.
---@param output table of DescribeImageScanFindings
function scan_methods:add_page(output)
  local page <const> = scan.of(output)
  local body <const> = output.image_scan_findings or {}
  if page.status ~= self.status or page.completed_at ~= self.completed_at then self.mixed = true end
  for _, raw in ipairs(body.findings or {}) do
    table.insert(self.findings, finding.from_basic(raw))
  end
  for _, raw in ipairs(body.enhanced_findings or {}) do
    table.insert(self.findings, finding.from_enhanced(raw))
  end
  if body.enhanced_findings then
    self.kind = "enhanced"
  elseif body.findings and not self.kind then
    self.kind = "basic"
  end
end

return scan
