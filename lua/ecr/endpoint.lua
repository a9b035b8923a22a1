-- SPDX-License-Identifier: MIT
--- Where things are: the hosts of the APIs that we call, and those of registries. The rules build a name
--- for any region, as AWS's own do, also where AWS has no such host: `listed` knows, and serves the
--- message when a name does not resolve.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

---@alias ecr.EndpointService "ecr"|"ecr-public"|"sts"|"sso"|"sso-oidc"|"signin"
---@alias ecr.EndpointVariant "plain"|"dualstack"|"fips"|"fips_dualstack"

---@class ecr.EndpointOptions
---@field fips? boolean
---@field dualstack? boolean
---@field endpoint? string an address instead of AWS's, which goes with neither
---@field origin? string where that was configured, for the message
---@field legacy? boolean STS only: its old regions share one host

---@class ecr.Endpoint
---@field url string
---@field region? string to sign with; nil when an address was configured and no region
---@field partition? string its id; nil likewise

local GLOBAL <const> = "aws-global" -- no region: STS's one host for all of them

--- Loaded with the first address that is asked for.
local function rules() return require "ecr.endpoint.rules" end

-- --- partitions and regions ----------------------------------------------------------------------

local endpoint <const> = {}

local function refuse(code, message, ...)
  return error_object.give{ kind = "config", code = code, message = message:format(...) }
end

--- The partition of a region; `aws` where no rule says otherwise, as the SDKs do.
---@param region string
---@return ecr.Partition
function endpoint.partition(region)
  for _, partition in ipairs(rules().partitions) do
    if region == partition.listed or region:find(partition.regions) then return partition end
  end
  return rules().aws
end

--- Whether text can be a region at all.
---@param text string
---@return boolean
function endpoint.is_region(text)
  return check.region(text) == true
end

local function check_region(region, service)
  if region == nil then return refuse("no_region", "no region for %s", service) end
  if endpoint.is_region(region) or service == "sts" and region == GLOBAL then return true end
  return refuse("region", "%q is no AWS region (such as us-east-1)", tostring(region))
end

---@return ecr.EndpointVariant
local function variant_of(options)
  if options.fips then return options.dualstack and "fips_dualstack" or "fips" end
  return options.dualstack and "dualstack" or "plain"
end

-- --- addresses of APIs ---------------------------------------------------------------------------

--- A refused address as a message may show it: what stands before an "@" may be a password, wherever it
--- is, and a query may hold anything.
local function shown(url)
  return (url:gsub("^(%w*:?/*).*@", "%1...@"):gsub("%?.*", "?..."))
end

--- Checks an endpoint that was configured: an http or https URL without user or fragment.
---@param url string
---@param origin string where it was configured, for the message
---@return string? url
---@return ecr.Error?
function endpoint.check(url, origin)
  local fine <const>, failure <const> = core.check_url(url)
  if fine then return url end
  return refuse("endpoint_url", "the endpoint %q (from %s) is no usable URL: %s", shown(url),
    origin, failure.message)
end

local function custom(region, options)
  local origin <const> = options.origin or "code"
  for _, variant in ipairs{ "fips", "dualstack" } do
    if options[variant] then
      return refuse("endpoint_url", "%s and a custom endpoint cannot be combined (the endpoint "
        .. "is from %s)", rules().words[variant], origin)
    end
  end
  local url <const>, err <const> = endpoint.check(options.endpoint, origin)
  if not url then return nil, err end
  return { url = url, region = region == GLOBAL and rules().global.signing or region,
    partition = region and endpoint.partition(region).id }
end

--- Whether the address is STS's one for all regions.
local function is_global(service, region, options)
  if service ~= "sts" or variant_of(options) ~= "plain" then return false end
  return region == GLOBAL or options.legacy and rules().legacy[region]
end

local function global()
  local known <const> = rules().global
  return { url = "https://" .. known.host .. "/", region = known.signing, partition = "aws" }
end

local function host_of(service, region, variant)
  local partition <const> = endpoint.partition(region)
  local overrides <const> = rules().overrides[service] or {}
  local of_region <const>, of_partition <const> = overrides[region], overrides[partition.id]
  local template <const> = of_region and of_region[variant]
    or of_partition and of_partition[variant] or rules().hosts[service][variant]
  return (template:gsub("{([%l_]+)}", function(name)
    return name == "region" and region or partition[name]
  end))
end

--- Where a service is called in a region, and what its requests are signed for.
---@param service ecr.EndpointService
---@param region? string may be missing where `endpoint` is given
---@param options? ecr.EndpointOptions
---@return ecr.Endpoint?
---@return ecr.Error? kind "config"
function endpoint.resolve(service, region, options)
  options = options or {}
  assert(rules().hosts[service], "no such service")
  if region ~= nil or not options.endpoint then
    local ok <const>, err <const> = check_region(region, service)
    if not ok then return nil, err end
  end
  if options.endpoint then return custom(region, options) end
  if is_global(service, region, options) then return global() end
  if region == GLOBAL then
    return refuse("region", "%q has neither FIPS nor dual-stack: name a region", region)
  end
  return { url = "https://" .. host_of(service, region, variant_of(options)) .. "/",
    region = region, partition = endpoint.partition(region).id }
end

-- --- hosts of registries -------------------------------------------------------------------------

local function no_such_registry(partition, variant)
  local has <const> = {}
  for _, other in ipairs(rules().variants) do
    if partition.registry[other] then has[#has + 1] = rules().words[other] end
  end
  return refuse("registry_host", "the partition %s has no %s registry hosts, only %s",
    partition.id, rules().words[variant], table.concat(has, " and "))
end

--- The host of a private registry, for docker and the like.
---@param account string twelve digits
---@param region string
---@param options? {fips?: boolean, dualstack?: boolean}
---@return string? host
---@return ecr.Error? kind "config", code "registry_host" for a form that the partition has not; "input"
function endpoint.registry_host(account, region, options)
  local variant <const> = variant_of(options or {})
  local ok, err = check.region(region)
  if not ok then return nil, err end
  ok, err = check.registry_id(account)
  if not ok then return nil, err end
  local partition <const> = endpoint.partition(region)
  local suffix <const> = partition.registry[variant]
  if not suffix then return no_such_registry(partition, variant) end
  return rules().registries[variant]:format(account, region, suffix)
end

--- The host of ECR Public's registry.
---@param options? {dualstack?: boolean}
---@return string
function endpoint.public_host(options)
  return options and options.dualstack and "ecr-public.aws.com" or "public.ecr.aws"
end

-- --- when a name does not resolve ----------------------------------------------------------------

--- Whether AWS lists such a host. The list ages: for messages only.
---@param service ecr.EndpointService
---@param region string
---@param variant ecr.EndpointVariant
---@return boolean? listed nil for services of which nothing is known
function endpoint.listed(service, region, variant)
  return require "ecr.endpoint.listed".has(service, region, variant)
end

--- A sentence about ECR's other FIPS host: the rule set and AWS's list do not name the same.
---@param region string
---@return string
function endpoint.fips_note(region)
  return require "ecr.endpoint.listed".fips_note(region, endpoint.partition(region).suffix)
end

--- What to say besides when the host of a rule set does not resolve; nil when nothing is known.
---@param service ecr.EndpointService
---@param region string
---@param options? ecr.EndpointOptions those it was resolved with
---@return string?
function endpoint.hint(service, region, options)
  local variant <const> = variant_of(options or {})
  if options and options.endpoint then return nil end
  if service == "ecr" and variant == "fips" then return endpoint.fips_note(region) end
  return require "ecr.endpoint.listed".missing(service, region, variant)
end

return endpoint
