-- SPDX-License-Identifier: MIT
--- What the simulated registry answers. One handler for each operation, in the file of its noun: it
--- gets the world, the scope (account and region) and the input, and gives the output, or `nil` and
--- a fault. Names are the model's, in snake_case.

local auth <const> = require "ecr.sim.auth"
local deletion <const> = require "ecr.sim.deletion"
local download <const> = require "ecr.sim.download"
local images <const> = require "ecr.sim.images"
local policies <const> = require "ecr.sim.policies"
local public <const> = require "ecr.sim.public"
local referrers <const> = require "ecr.sim.referrers"
local refusal <const> = require "ecr.sim.refusal"
local replica <const> = require "ecr.sim.replica"
local replication <const> = require "ecr.sim.replication"
local repositories <const> = require "ecr.sim.repositories"
local scanning <const> = require "ecr.sim.scanning"
local tags <const> = require "ecr.sim.tags"

local NOUNS <const> = { auth.private, deletion, { GetDownloadUrlForLayer = download.address },
  images, policies, referrers, replication, repositories, scanning, tags }

local operations <const> = {}

--- The operations that are simulated, by service and name.
operations.handlers = { ecr = {}, ["ecr-public"] = public }

for _, noun in ipairs(NOUNS) do
  for name, handler in pairs(noun) do operations.handlers.ecr[name] = handler end
end

--- Answers one request at the world's present time.
---@param state ecr.sim.World
---@param request {service: string, operation: string, region?: string, input: table}
---@return table? output shares tables with the world: copy it before it leaves
---@return ecr.sim.Fault?
function operations.answer(state, request)
  local handler <const> = (operations.handlers[request.service] or {})[request.operation]
  if not handler then return refusal.not_simulated(request.operation) end
  local scope <const> = { account = request.input.registry_id or state.account,
    region = request.region or state.region }
  replica.settle(state)
  return handler(state, scope, request.input)
end

return operations
