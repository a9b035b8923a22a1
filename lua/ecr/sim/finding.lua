-- SPDX-License-Identifier: MIT
--- A scenario's finding as the service writes it: in `findings` of a basic scan, in
--- `enhanced_findings` of one by Amazon Inspector. Source: DescribeImageScanFindings in the
--- Amazon ECR API Reference.

local core <const> = require "ecr.core"

---@class ecr.sim.Subject the image that was scanned
---@field account string
---@field region string
---@field repository ecr.sim.Repository
---@field image ecr.sim.Image
---@field observed number when the scanner last looked

local finding <const> = {}

local function add_attribute(attributes, key, value)
  if value then attributes[#attributes + 1] = { key = key, value = value } end
end

--- An element of `findings`.
---@param given table
---@return table
function finding.basic(given)
  local attributes <const> = {}
  add_attribute(attributes, "package_version", given.version)
  add_attribute(attributes, "package_name", given.package)
  add_attribute(attributes, "CVSS3_VECTOR", given.vector)
  add_attribute(attributes, "CVSS3_SCORE", given.score and ("%.1f"):format(given.score))
  return { name = given.id, description = given.description, uri = given.uri,
    severity = given.severity,
    attributes = attributes }
end

local function architecture_of(image)
  return image.platform and image.platform:match("^[^/]+/([^/]+)")
end

local function vulnerable_package(given, image)
  local architecture <const> = architecture_of(image)
  return {
    arch = architecture and architecture:upper(), epoch = 0, name = given.package,
      package_manager = "OS",
    release = "1", source_layer_hash = image.layer,
      version = given.version,
    fixed_in_version = given.fixed_version or "NotAvailable",
  }
end

local function cvss_of(given)
  if not given.score then return {} end
  return { { base_score = given.score, scoring_vector = given.vector, source = "NVD",
    version = "3.1" } }
end

local function score_details(given)
  if not given.score then return nil end
  return { cvss = { adjustments = {}, score = given.score, score_source = "NVD",
    scoring_vector = given.vector, version = "3.1" } }
end

local function vulnerability(given, subject)
  return {
    cvss = cvss_of(given), reference_urls = { given.uri }, related_vulnerabilities = {},
    source = "NVD", source_url = given.uri,
    vendor_created_at = subject.image.pushed_at, vendor_severity = given.severity,
    vendor_updated_at = subject.image.pushed_at, vulnerability_id = given.id,
    vulnerable_packages = { vulnerable_package(given, subject.image) },
  }
end

local function resource(subject)
  local image <const> = subject.image
  return {
    details = { aws_ecr_container_image = {
      architecture = architecture_of(image), image_hash = image.digest, image_tags = image.tags,
      platform = "DEBIAN_12", pushed_at = image.pushed_at, registry = subject.account,
      repository_name = subject.repository.name,
    } },
    id = subject.repository.arn .. "/" .. image.digest, tags = {}, type = "AWS_ECR_CONTAINER_IMAGE",
  }
end

--- Inspector's name of the finding: unique for image, vulnerability, package and version.
local function arn_of(given, subject)
  local what <const> = table.concat({ subject.image.digest, given.id, given.package or "",
    given.version or "" }, "\n")
  return ("arn:%s:inspector2:%s:%s:finding/%s"):format(subject.repository.arn:match("^arn:([^:]+)"),
    subject.region, subject.account, core.digest(what):match(":(%x+)"):sub(1, 32))
end

--- An element of `enhanced_findings`.
---@param given table
---@param subject ecr.sim.Subject
---@return table
function finding.enhanced(given, subject)
  return {
    aws_account_id = subject.account, description = given.description,
    finding_arn = arn_of(given, subject),
    first_observed_at = subject.observed, last_observed_at = subject.observed,
      updated_at = subject.observed,
    package_vulnerability_details = vulnerability(given, subject),
    remediation = { recommendation = { text = "None Provided" } },
    resources = { resource(subject) },
    score = given.score, score_details = score_details(given),
    severity = given.severity, status = given.status or "ACTIVE",
    title = given.package and given.id .. " - " .. given.package or given.id,
    type = "PACKAGE_VULNERABILITY",
    fix_available = given.fixed_version and "YES" or "NO", exploit_available = "NO",
  }
end

--- How many there are of each severity. The service leaves suppressed and closed ones out.
---@param list table[]
---@return table<string, integer>
function finding.count(list)
  local counts <const> = {}
  for _, given in ipairs(list) do
    if (given.status or "ACTIVE") == "ACTIVE" then
      counts[given.severity] = (counts[given.severity] or 0) + 1
    end
  end
  return counts
end

return finding
