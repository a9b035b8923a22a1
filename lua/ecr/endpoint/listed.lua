-- SPDX-License-Identifier: MIT
--- The hosts that AWS lists, by service, region and variant, and what to say when one does not resolve. It
--- serves messages alone, since regions come faster than releases of ours, and is loaded when there is
--- one. Source: AWS's endpoint metadata.

local rules <const> = require "ecr.endpoint.rules"

local PLAIN <const> = { plain = true }
local DUAL_STACK <const> = { plain = true, dualstack = true }
local ALL <const> = { plain = true, dualstack = true, fips = true, fips_dualstack = true }

local function add(to, variants, names)
  for region in names:gmatch("%S+") do to[region] = variants end
end

local ECR <const> = {}
add(ECR, ALL, [[us-east-1 us-east-2 us-west-1 us-west-2 us-gov-east-1 us-gov-west-1]])
add(ECR, DUAL_STACK, [[
  af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
  ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-7
  ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1
  eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 cn-north-1
  cn-northwest-1]])
add(ECR, PLAIN, [[
  ap-east-2 ap-southeast-6 us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1
  eu-isoe-west-1 us-isof-east-1 us-isof-south-1 eusc-de-east-1]])

local REGIONS <const> = { ecr = ECR,
  ["ecr-public"] = { ["us-east-1"] = DUAL_STACK, ["us-west-2"] = PLAIN } }

local listed <const> = {}

--- Whether AWS lists a host; nil for a service of which nothing is known.
---@param service ecr.EndpointService
---@param region string
---@param variant ecr.EndpointVariant
---@return boolean?
function listed.has(service, region, variant)
  local regions <const> = REGIONS[service]
  if not regions then return nil end
  return regions[region] ~= nil and regions[region][variant] == true
end

--- A sentence where AWS lists no such host.
---@param service ecr.EndpointService
---@param region string
---@param variant ecr.EndpointVariant
---@return string?
function listed.missing(service, region, variant)
  if listed.has(service, region, variant) ~= false then return nil end
  return ("AWS lists no %s endpoint of %s in %s"):format(rules.words[variant], service, region)
end

--- See `endpoint.fips_note`.
---@param region string
---@param suffix string
---@return string
function listed.fips_note(region, suffix)
  return listed.missing("ecr", region, "fips")
    or ("AWS's list has another FIPS host, ecr-fips.%s.%s: to use it, set it as the endpoint and "
      .. "leave FIPS out"):format(region, suffix)
end

return listed
