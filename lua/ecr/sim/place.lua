-- SPDX-License-Identifier: MIT
--- Where registries are: their hosts, and the ARNs and URIs of what is in them.

local endpoint <const> = require "ecr.endpoint"

local PUBLIC_ALIAS <const> = "a1b2c3d4" -- of every account's public registry

local place <const> = {}

--- Stands for the region where an account's public repositories are kept: it is no region.
place.PUBLIC = "ECR Public"

place.partition = endpoint.partition

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
