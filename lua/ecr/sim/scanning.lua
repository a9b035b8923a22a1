-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about scans: handlers as in `ecr.sim.operations`.

local lookup <const> = require "ecr.sim.lookup"
local manifest <const> = require "ecr.sim.manifest"
local page <const> = require "ecr.sim.page"
local refusal <const> = require "ecr.sim.refusal"
local scan <const> = require "ecr.sim.scan"

local handlers <const> = {}

local EVERYTHING <const> = { scan_frequency = "CONTINUOUS_SCAN",
  repository_filters = { { filter = "*", filter_type = "WILDCARD" } } }

function handlers.GetRegistryScanningConfiguration(state, scope)
  local scan_type <const> = state:registry(scope.account, scope.region).scan_type
  return { registry_id = scope.account, scanning_configuration = { scan_type = scan_type:upper(),
    rules = scan_type == "enhanced" and { EVERYTHING } or {} } }
end

local function scan_answer(scope, repository, image, input, status)
  return { registry_id = scope.account, repository_name = repository.name,
    image_id = lookup.id(image, input.image_id.image_tag), image_scan_status = status }
end

local function start_refusal(state, scope, image)
  if state:registry(scope.account, scope.region).scan_type == "enhanced" then
    return refusal.scanning_disabled()
  end
  if manifest.is_index(image.media_type) then return refusal.cannot_scan(image.media_type) end
  if image.scan and scan.is_too_soon(image.scan, state.clock) then return refusal.scan_quota() end
end

function handlers.StartImageScan(state, scope, input)
  local repository <const>, image <const> = lookup.image(state, scope, input)
  if not repository then return nil, image end
  local _, fault <const> = start_refusal(state, scope, image)
  if fault then return nil, fault end
  local plan <const> = image.on_start or image.scan and image.scan.plan or { type = "basic" }
  image.scan = scan.start(plan, state.clock)
  return scan_answer(scope, repository, image, input, scan.ACCEPTED)
end

--- The scan's state and findings for this page: a token keeps to the state it was given in.
local function read_scan(state, run, label, token)
  local offset <const>, index <const> = page.open(label, token)
  if not offset then return nil end
  return offset, index or scan.read(run, state.clock)
end

--- Cuts a page out of the findings. The service decides itself how many enhanced findings it
--- gives.
local function cut_findings(body, label, offset, index, input)
  local key <const> = body.enhanced_findings and "enhanced_findings" or "findings"
  local limit <const> = body.enhanced_findings and page.DEFAULT or input.max_results or page.DEFAULT
  local token
  body[key], token = page.cut(label, body[key], offset, limit, index)
  return token
end

function handlers.DescribeImageScanFindings(state, scope, input)
  local repository <const>, image <const> = lookup.image(state, scope, input)
  if not repository then return nil, image end
  local run <const> = image.scan
  if not run then
    return refusal.scan_not_found(scope, repository.name, image.digest, input.image_id.image_tag)
  end
  local label <const> = "DescribeImageScanFindings " .. image.digest .. " " .. run.started
  local offset <const>, index <const> = read_scan(state, run, label, input.next_token)
  if not offset then return refusal.bad_token() end
  local output <const> = scan_answer(scope, repository, image, input, scan.status(run, index))
  output.image_scan_findings = scan.findings(run, index, { account = scope.account,
    region = scope.region,
    repository = repository, image = image })
  if output.image_scan_findings then
    output.next_token = cut_findings(output.image_scan_findings, label, offset, index, input)
  end
  return output
end

return handlers
