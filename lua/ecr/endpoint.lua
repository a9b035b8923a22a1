-- SPDX-License-Identifier: MIT
--- Where AWS's services and its registries are, for every partition and region. Source: the services'
--- published endpoint rule sets; "Amazon ECR endpoints and quotas" in the AWS General Reference.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local masked_url <const> = require "ecr.masked_url"

---@class ecr.Partition
---@field id string as it stands in an ARN
---@field suffix string of its host names
---@field dual_stack string likewise, of hosts that IPv6 reaches too
---@field regions? string Lua pattern
---@field registry_dual_stack? string suffix of the dual-stack registries; nil = there are none
---@field registry_fips? boolean whether registries have FIPS hosts

local CN <const>, EUSC <const> = "amazonaws.com.cn", "amazonaws.eu"
local AWS <const> = { id = "aws", suffix = "amazonaws.com", dual_stack = "api.aws",
  registry_dual_stack = "on.aws", registry_fips = true }
local PARTITIONS <const> = {
  { id = "aws-cn", suffix = CN, dual_stack = "api.amazonwebservices.com.cn",
    regions = "^cn%-[%w_]+%-%d+$", registry_dual_stack = "on.amazonwebservices.com.cn" },
  { id = "aws-eusc", suffix = EUSC, dual_stack = "api.amazonwebservices.eu",
    regions = "^eusc%-de%-[%w_]+%-%d+$" },
  { id = "aws-iso", suffix = "c2s.ic.gov", dual_stack = "api.aws.ic.gov",
    regions = "^us%-iso%-[%w_]+%-%d+$" },
  { id = "aws-iso-b", suffix = "sc2s.sgov.gov", dual_stack = "api.aws.scloud",
    regions = "^us%-isob%-[%w_]+%-%d+$" },
  { id = "aws-iso-e", suffix = "cloud.adc-e.uk", dual_stack = "api.cloud-aws.adc-e.uk",
    regions = "^eu%-isoe%-[%w_]+%-%d+$" },
  { id = "aws-iso-f", suffix = "csp.hci.ic.gov", dual_stack = "api.aws.hci.ic.gov",
    regions = "^us%-isof%-[%w_]+%-%d+$" },
  { id = "aws-us-gov", suffix = "amazonaws.com", dual_stack = "api.aws",
    regions = "^us%-gov%-[%w_]+%-%d+$", registry_dual_stack = "on.aws", registry_fips = true },
}

--- Hosts by service and variant: {R} is the region, {D} the suffix, {DD} the dual-stack suffix.
local HOSTS <const> = {
  ecr = { plain = "api.ecr.{R}.{D}", dualstack = "ecr.{R}.{DD}", fips = "api.ecr-fips.{R}.{D}",
    both = "ecr-fips.{R}.{DD}" },
  ["ecr-public"] = { plain = "api.ecr-public.{R}.{D}", dualstack = "api.ecr-public.{R}.{DD}",
    fips = "api.ecr-public-fips.{R}.{D}", both = "api.ecr-public-fips.{R}.{DD}" },
  sts = { plain = "sts.{R}.{D}", dualstack = "sts.{R}.{DD}", fips = "sts-fips.{R}.{D}",
    both = "sts-fips.{R}.{DD}" },
  sso = { plain = "portal.sso.{R}.{D}", dualstack = "portal.sso.{R}.{DD}",
    fips = "portal.sso-fips.{R}.{D}", both = "portal.sso-fips.{R}.{DD}" },
  ["sso-oidc"] = { plain = "oidc.{R}.{D}", dualstack = "oidc.{R}.{DD}",
    fips = "oidc-fips.{R}.{D}", both = "oidc-fips.{R}.{DD}" },
  signin = { plain = "signin.{R}.{D}", dualstack = "signin.{R}.{DD}",
    fips = "signin-fips.{R}.{D}", both = "signin-fips.{R}.{DD}" },
}

--- What is otherwise, by "service variant partition" or "service variant region".
local EXCEPTIONS <const> = {
  ["ecr-public dualstack aws"] = "ecr-public.{R}.{DD}",
  ["sts fips aws-us-gov"] = "sts.{R}.{D}",
  ["sso fips aws-us-gov"] = "portal.sso.{R}.{D}",
  ["sso-oidc fips aws-us-gov"] = "oidc.{R}.{D}",
  ["signin plain aws"] = "{R}.signin.aws.amazon.com",
  ["signin plain aws-cn"] = "{R}.signin.amazonaws.cn",
  ["signin plain aws-us-gov"] = "{R}.signin.amazonaws-us-gov.com",
  ["signin fips aws-us-gov"] = "{R}.signin-fips.amazonaws-us-gov.com",
  ["signin plain aws-iso"] = "{R}.signin.c2shome.ic.gov",
  ["signin plain aws-iso-b"] = "{R}.signin.sc2shome.sgov.gov",
  ["signin fips us-gov-west-1"] = "signin-fips.amazonaws-us-gov.com",
}

local STS_GLOBAL <const>, STS_GLOBAL_REGION <const> = "https://sts.amazonaws.com/", "us-east-1"
--- Regions that STS's legacy mode sends to its global endpoint.
local STS_LEGACY <const> = { ["ap-northeast-1"] = true, ["ap-south-1"] = true,
  ["ap-southeast-1"] = true, ["ap-southeast-2"] = true, ["aws-global"] = true,
  ["ca-central-1"] = true, ["eu-central-1"] = true, ["eu-north-1"] = true, ["eu-west-1"] = true,
  ["eu-west-2"] = true, ["eu-west-3"] = true, ["sa-east-1"] = true, ["us-east-1"] = true,
  ["us-east-2"] = true, ["us-west-1"] = true, ["us-west-2"] = true }

local endpoint <const> = {}

local function refuse(code, message, ...)
  return error_object.give{ kind = "config", code = code, message = message:format(...) }
end

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

-- --- APIs ----------------------------------------------------------------------------------------

--- An endpoint that was configured is the only one there is: nothing can be said of its variants.
local function custom(region, options)
  local variant <const> = options.fips and "FIPS" or options.dualstack and "dual-stack"
  if not variant then return { url = options.endpoint, region = region } end
  return refuse("endpoint_url", "%s and a custom endpoint cannot be combined: %s (from %s)",
    variant, options.endpoint, options.origin or "code")
end

local function is_global_sts(service, region, options)
  if service ~= "sts" or options.fips or options.dualstack then return false end
  return region == "aws-global" or options.legacy and STS_LEGACY[region] or false
end

local function variant_of(options)
  if options.fips then return options.dualstack and "both" or "fips" end
  return options.dualstack and "dualstack" or "plain"
end

local function host_of(service, region, variant)
  local partition <const> = endpoint.partition(region)
  local rule <const> = service .. " " .. variant .. " "
  local template <const> = EXCEPTIONS[rule .. region] or EXCEPTIONS[rule .. partition.id]
    or HOSTS[service][variant]
  return (template:gsub("{(%u+)}", { R = region, D = partition.suffix,
    DD = partition.dual_stack }))
end

---@class ecr.EndpointOptions
---@field fips? boolean
---@field dualstack? boolean
---@field endpoint? string one that was configured instead
---@field origin? string where, for a message
---@field legacy? boolean STS: the older regions' calls go to the global endpoint

--- Where a service's API is, and the region to sign for.
---@param service "ecr"|"ecr-public"|"sts"|"sso"|"sso-oidc"|"signin"
---@param region string for STS also "aws-global"
---@param options ecr.EndpointOptions
---@return {url: string, region: string}?
---@return ecr.Error? kind "config"
function endpoint.resolve(service, region, options)
  if options.endpoint then return custom(region, options) end
  if is_global_sts(service, region, options) then
    return { url = STS_GLOBAL, region = STS_GLOBAL_REGION }
  end
  if service == "sts" and region == "aws-global" then region = STS_GLOBAL_REGION end
  if not endpoint.is_region(region) then
    return refuse("region", "%q is no AWS region (such as us-east-1)", region)
  end
  return { url = ("https://%s/"):format(host_of(service, region, variant_of(options))),
    region = region }
end

--- Checks an endpoint that was configured: an http or https URL without user, query or fragment.
---@param url string
---@param origin string where it was configured, for the message
---@return string? url
---@return ecr.Error?
function endpoint.check(url, origin)
  local fine <const>, failure <const> = core.check_url(url)
  if fine then return url end
  return refuse("endpoint_url", "the endpoint %q (from %s) is no usable URL: %s", masked_url(url),
    origin, failure.message)
end

--- Where ECR has FIPS endpoints, by AWS's list; the rule sets have names for more.
local FIPS_REGIONS <const> = { "us-east-1", "us-east-2", "us-west-1", "us-west-2",
  "us-gov-east-1", "us-gov-west-1" }

--- What may help when a FIPS host has no address: AWS's lists disagree about its name.
---@param region string
---@return string
function endpoint.fips_note(region)
  return ("AWS lists FIPS endpoints of ECR in %s, and also names their hosts ecr-fips.%s.%s, which "
    .. "endpoint_url without use_fips reaches"):format(table.concat(FIPS_REGIONS, ", "), region,
    endpoint.partition(region).suffix)
end

-- --- registries ----------------------------------------------------------------------------------

--- The host of an account's registry in a region.
---@param account string twelve digits
---@param region string
---@param options? {fips?: boolean, dualstack?: boolean}
---@return string?
---@return ecr.Error? kind "config", code "registry_host": the partition has no such host; "input"
function endpoint.registry_host(account, region, options)
  options = options or {}
  for _, fine in ipairs{ { check.registry_id(account) }, { check.region(region) } } do
    if not fine[1] then return nil, fine[2] end
  end
  local partition <const> = endpoint.partition(region)
  if options.fips and not partition.registry_fips then
    return refuse("registry_host", "registries in %s have no FIPS hosts", partition.id)
  elseif options.dualstack and not partition.registry_dual_stack then
    return refuse("registry_host", "registries in %s have no dual-stack hosts", partition.id)
  end
  return ("%s.dkr%secr%s.%s.%s"):format(account, options.dualstack and "-" or ".",
    options.fips and "-fips" or "", region,
    options.dualstack and partition.registry_dual_stack or partition.suffix)
end

--- The host of ECR Public's registry.
---@param options? {dualstack?: boolean}
---@return string
function endpoint.public_host(options)
  return options and options.dualstack and "ecr-public.aws.com" or "public.ecr.aws"
end

return endpoint
