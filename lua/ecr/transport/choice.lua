-- SPDX-License-Identifier: MIT
--- Who answers a client: what its settings name, else the network; and whether that is recorded.

local http <const> = require "ecr.transport.http"

--- The simulator is half of all our Lua: loaded only where it is used.
local function carrier_of(settings)
  if settings.transport then return settings.transport end
  if settings.replay then return require "ecr.transport.replay".of_file(settings.replay) end
  if settings.sim then return require "ecr.transport.sim".of_file(settings.sim) end
  return http.new(settings)
end

--- The transport that a client's settings ask for.
---@param settings ecr.Config
---@return table? transport
---@return ecr.Error? kind "config"
return function(settings)
  local carrier <const>, err <const> = carrier_of(settings)
  if not carrier or not settings.record then return carrier, err end
  return require "ecr.transport.record".to_file(carrier, settings.record)
end
