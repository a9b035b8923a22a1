-- SPDX-License-Identifier: MIT
--- The image that a call is about, and the client to ask: a full registry reference names its region,
--- which need not be the client's.

local name <const> = require "ecr.name"

--- Reads what a caller gives.
---@param client ecr.Client
---@param image string|ecr.ImageName a reference, or a repository followed by `id`
---@param id? {tag?: string, digest?: string}
---@return ecr.ImageName? named
---@return ecr.Client|ecr.Error home the client of the image's region
return function(client, image, id)
  local named <const>, err <const> = name.image(image, id)
  if not named then return nil, err end
  if not named.region then return named, client end
  local home <const>, problem <const> = client:in_region(named.region)
  if not home then return nil, problem end
  return named, home
end
