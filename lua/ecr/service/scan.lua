-- SPDX-License-Identifier: MIT
--- Vulnerability scans. Source of behaviour: StartImageScan and DescribeImageScanFindings in the
--- Amazon ECR API Reference; "Scan images for software vulnerabilities" in the Amazon ECR User
--- Guide.

local error_object <const> = require "ecr.error"
local finding <const> = require "ecr.types.finding"
local name <const> = require "ecr.name"
local pages <const> = require "ecr.pages"

---@class ecr.ScanFindings what the service knows of one image, all pages read
---@field status string ScanStatus: PENDING, IN_PROGRESS, COMPLETE, ACTIVE, FAILED, ...; "" when missing
---@field description? string the service's words for the status
---@field kind "basic"|"enhanced"|nil which list the answer had; nil when it had none
---@field findings ecr.Finding[] in the service's order
---@field counts? table<string, integer> the service's own counts by severity
---@field completed_at? number seconds since the epoch
---@field source_updated_at? number
---@field mixed? boolean the pages are not all of one state of the scan

---@class ecr.ScanService
---@field client ecr.Client
local scan_methods <const> = {}
local scan_mt <const> = { __name = "ecr.service.scan", __index = scan_methods }

local function request_for(named)
  return { repository_name = named.repository, registry_id = named.registry_id,
    image_id = name.id(named) }
end

--- Starts a basic scan.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return {status: string, description?: string}?
---@return ecr.Error? kind "limit" when the image was scanned within 24 hours; "input" when scanning is enhanced
function scan_methods:start(image, id, options)
  local named <const>, err = name.image(image, id)
  if not named then return nil, err end
  local output
  output, err = self.client:call("StartImageScan", request_for(named), options)
  if not output then return nil, err end
  return output.image_scan_status or { status = "" }
end

local function add_page(result, output)
  local body <const> = output.image_scan_findings or {}
  for _, raw in ipairs(body.findings or {}) do
    table.insert(result.findings, finding.from_basic(raw))
  end
  for _, raw in ipairs(body.enhanced_findings or {}) do
    table.insert(result.findings, finding.from_enhanced(raw))
  end
  if body.enhanced_findings then
    result.kind = "enhanced"
  elseif body.findings and not result.kind then
    result.kind = "basic"
  end
end

--- Status, counts and times repeat on every page; the first page's are taken.
local function first_page(output)
  local status <const> = output.image_scan_status or {}
  local body <const> = output.image_scan_findings or {}
  return {
    status = status.status or "",
    description = status.description,
    findings = {},
    counts = body.finding_severity_counts,
    completed_at = body.image_scan_completed_at,
    source_updated_at = body.vulnerability_source_updated_at,
  }
end

--- Whether a page belongs to the same state of the scan as the first one.
local function is_of(result, output)
  local page <const> = first_page(output)
  return page.status == result.status and page.completed_at == result.completed_at
end

--- Who answers for another image has not answered.
local function check_subject(output, named)
  local digest <const> = output.image_id and output.image_id.image_digest
  if not digest or not named.digest or digest == named.digest then return true end
  return error_object.give{ kind = "integrity", code = "digest",
    operation = "DescribeImageScanFindings",
    message = ("the service answered for %s, asked was %s"):format(digest, named.digest) }
end

--- The scan result of an image, all pages, basic and enhanced alike.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return ecr.ScanFindings?
---@return ecr.Error? code "ScanNotFoundException" when there is no scan (yet)
function scan_methods:get_findings(image, id, options)
  local named <const>, err = name.image(image, id)
  if not named then return nil, err end
  local input <const> = request_for(named)
  input.max_results = 1000
  local result, ok, refusal
  ok, err = pages.each(self.client, "DescribeImageScanFindings", input, function(output, first)
    if first then
      result = first_page(output)
      refusal = select(2, check_subject(output, named))
    elseif not is_of(result, output) then
      result.mixed = true
    end
    add_page(result, output)
  end, options)
  if not ok then return nil, err end
  if refusal then return nil, refusal end
  return result
end

--- The status of an image's scan, from one small page.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return {status: string, description?: string}?
---@return ecr.Error?
function scan_methods:get_status(image, id, options)
  local named <const>, err = name.image(image, id)
  if not named then return nil, err end
  local input <const> = request_for(named)
  input.max_results = 1
  local output
  output, err = self.client:call("DescribeImageScanFindings", input, options)
  if not output then return nil, err end
  return output.image_scan_status or { status = "" }
end

local scan <const> = {}

--- The service of a client.
---@param client ecr.Client
---@return ecr.ScanService
function scan.new(client)
  return setmetatable({ client = client }, scan_mt)
end

return scan
