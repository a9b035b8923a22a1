-- SPDX-License-Identifier: MIT
--- Where registries are: their hosts, and the ARNs and URIs of what is in them.

--- The partitions that have ARNs and hosts of their own form here; every other region is in AWS.
---@type {regions: string, id: string, suffix: string}[]
local PARTITIONS <const> = {
  { regions = "^cn%-", id = "aws-cn", suffix = "amazonaws.com.cn" },
  { regions = "^us%-gov%-", id = "aws-us-gov", suffix = "amazonaws.com" },
  { regions = "", id = "aws", suffix = "amazonaws.com" },
}

local PUBLIC_ALIAS <const> = "a1b2c3d4" -- of every account's public registry

local place <const> = {}

--- Stands for the region where an account's public repositories are kept: it is no region.
place.PUBLIC = "ECR Public"

--- The partition of a region.
---@param region string
---@return {id: string, suffix: string}
function place.partition(region)
  for _, partition in ipairs(PARTITIONS) do
    if region:find(partition.regions) then return partition end
  end
end

--- The host of a private registry.
---@param account string
---@param region string
---@return string
function place.host(account, region)
  return ("%s.dkr.ecr.%s.%s"):format(account, region, place.partition(region).suffix)
end

--- The ARN and the URI of a repository.
---@param registry ecr.sim.Registry
---@param name string
---@return string arn
---@return string uri
function place.addresses(registry, name)
  if registry.region == place.PUBLIC then
    return ("arn:aws:ecr-public::%s:repository/%s"):format(registry.account, name),
      ("public.ecr.aws/%s/%s"):format(PUBLIC_ALIAS, name)
  end
  return ("arn:%s:ecr:%s:%s:repository/%s"):format(place.partition(registry.region).id,
    registry.region, registry.account, name), place.host(registry.account, registry.region) .. "/"
    .. name
end

return place
