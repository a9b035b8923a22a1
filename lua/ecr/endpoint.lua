-- SPDX-License-Identifier: MIT
--- Where the API of a region is. Source: the services' published endpoint rule sets.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

---@class ecr.Partition
---@field id string as it stands in an ARN
---@field suffix string of its host names
---@field regions string Lua pattern
local PARTITIONS <const> = {
  { id = "aws-cn", suffix = "amazonaws.com.cn", regions = "^cn%-%w+%-%d+$" },
  { id = "aws-eusc", suffix = "amazonaws.eu", regions = "^eusc%-de%-%w+%-%d+$" },
  { id = "aws-iso", suffix = "c2s.ic.gov", regions = "^us%-iso%-%w+%-%d+$" },
  { id = "aws-iso-b", suffix = "sc2s.sgov.gov", regions = "^us%-isob%-%w+%-%d+$" },
  { id = "aws-iso-e", suffix = "cloud.adc-e.uk", regions = "^eu%-isoe%-%w+%-%d+$" },
  { id = "aws-iso-f", suffix = "csp.hci.ic.gov", regions = "^us%-isof%-%w+%-%d+$" },
  { id = "aws-us-gov", suffix = "amazonaws.com", regions = "^us%-gov%-%w+%-%d+$" },
}
local AWS <const> = { id = "aws", suffix = "amazonaws.com" }

local PREFIX <const> = { ecr = "api.ecr", ["ecr-public"] = "api.ecr-public" }

local endpoint <const> = {}

--- The partition of a region; `aws` where no rule says otherwise, as the SDKs do.
---@param region string
---@return ecr.Partition
function endpoint.partition(region)
  for _, partition in ipairs(PARTITIONS) do
    if region:find(partition.regions) then return partition end
  end
  return AWS
end

--- Whether text can be a region at all.
---@param text string
---@return boolean
function endpoint.is_region(text)
  return check.region(text) == true
end

--- The URL of a service's API in a region.
---@param service "ecr"|"ecr-public"
---@param region string
---@return string? url
---@return ecr.Error?
function endpoint.url(service, region)
  if not endpoint.is_region(region) then
    return error_object.give{ kind = "config", code = "region",
      message = ("%q is no AWS region (such as us-east-1)"):format(region) }
  end
  return ("https://%s.%s.%s/"):format(PREFIX[service], region, endpoint.partition(region).suffix)
end

--- Checks an endpoint that was configured: an http or https URL without user, query or fragment.
---@param url string
---@param origin string where it was configured, for the message
---@return string? url
---@return ecr.Error?
function endpoint.check(url, origin)
  local fine <const>, failure <const> = core.check_url(url)
  if fine then return url end
  return error_object.give{ kind = "config", code = "endpoint_url",
    message = ("the endpoint %q (from %s) is no usable URL: %s"):format(url, origin,
      failure.message) }
end

return endpoint
