-- SPDX-License-Identifier: MIT
--- A client past its metadata cache: the same client, whose services ask. Whatever is reached from it
--- is past the cache too, its services and its siblings in other regions, so that nothing below a gate
--- or a wait can come upon what was kept. What it writes is told to the cache like any other write.

local uncached_methods <const> = {}
local uncached_mt <const> = { __name = "ecr.client" }

--- Its own services; all else is the client's.
function uncached_mt.__index(self, key)
  if uncached_methods[key] then return uncached_methods[key] end
  local client <const> = rawget(self, "client")
  local construct <const> = client.services[key]
  if not construct then return client[key] end
  local service <const> = construct(self)
  rawset(self, key, service)
  return service
end

--- See `client:kept`.
function uncached_methods:kept(place, options, ask)
  return self.metadata_cache:pass(place, options, ask)
end

--- See `client:uncached`.
function uncached_methods:uncached()
  return self
end

--- See `client:in_region`.
function uncached_methods:in_region(...)
  local sibling <const>, err <const> = self.client:in_region(...)
  if not sibling then return nil, err end
  return sibling == self.client and self or sibling:uncached()
end

--- The client past its cache.
---@param client ecr.Client
---@return ecr.Client
return function(client)
  return setmetatable({ client = client }, uncached_mt)
end
