-- SPDX-License-Identifier: MIT
--- Vulnerability scans. Source of behaviour: StartImageScan and DescribeImageScanFindings in the
--- Amazon ECR API Reference; "Scan images for software vulnerabilities" in the Amazon ECR User
--- Guide.

local error_object <const> = require "ecr.error"
local name <const> = require "ecr.name"
local pages <const> = require "ecr.pages"
local scan_type <const> = require "ecr.types.scan"
local subject <const> = require "ecr.service.subject"

local PAGE_SIZE <const> = 1000

---@class ecr.ScanService
---@field client ecr.Client
---@field watch? fun(client: ecr.Client, image: ecr.ImageName, options: ecr.WaitOptions): ecr.ScanFindings?, ecr.Error?
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
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local output <const>, err <const> = home:call("StartImageScan", request_for(named), options)
  if not output then return nil, err end
  return output.image_scan_status or { status = "" }
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
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local input <const> = request_for(named)
  input.max_results = PAGE_SIZE
  local list <const> = pages.open(home, "DescribeImageScanFindings", input,
    { key = "image_scan_findings", call = options })
  local output, err = list:next_output()
  if not output then return nil, err end
  local ok <const>, refusal <const> = check_subject(output, named)
  if not ok then return nil, refusal end
  local result <const> = scan_type.of(output)
  repeat
    result:add_page(output)
    output, err = list:next_output()
  until not output
  if err then return nil, err end
  return result
end

--- The status of an image's scan, from one small page.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return {status: string, description?: string}?
---@return ecr.Error?
function scan_methods:get_status(image, id, options)
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local input <const> = request_for(named)
  input.max_results = 1
  local output <const>, err <const> = home:call("DescribeImageScanFindings", input, options)
  if not output then return nil, err end
  return output.image_scan_status or { status = "" }
end

---@class ecr.WaitOptions
---@field timeout_seconds? number until the result must be there (300)
---@field poll_interval_seconds? number between two readings (5)
---@field settle_seconds? number an enhanced result must stay the same (30)
---@field grace_seconds? number during which "no scan" may still become one (120)
---@field on_progress? fun(status: string, waited: number)

--- Waits for the result of a scan that somebody has started (`start`, scan on push, enhanced
--- scanning), by the same rules as the gate: a result that is called complete before it was delivered
--- is none. Nothing is started.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? ecr.WaitOptions
---@return ecr.ScanFindings?
---@return ecr.Error? kind "timeout", code "no_result": not in time; "conflict", code the state: there will be none
function scan_methods:wait_for(image, id, options)
  if options == nil and type(id) == "table" and not (id.tag or id.digest or id.image_tag
    or id.image_digest) then
    id, options = nil, id
  end
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  return self.watch(home, named, options or {})
end

local scan <const> = {}

--- The service of a client.
---@param client ecr.Client
---@param watch fun(client: ecr.Client, image: ecr.ImageName, options: table): ecr.ScanFindings?, ecr.Error?
---@return ecr.ScanService
function scan.new(client, watch)
  return setmetatable({ client = client, watch = watch }, scan_mt)
end

return scan
