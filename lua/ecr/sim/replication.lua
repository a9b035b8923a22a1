-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about replication: handlers as in `ecr.sim.operations`. How it
--- goes on is `ecr.sim.replica`'s. Source: the operation of the same name in the Amazon ECR API
--- Reference.

local lookup <const> = require "ecr.sim.lookup"
local refusal <const> = require "ecr.sim.refusal"
local replica <const> = require "ecr.sim.replica"

local handlers <const> = {}

function handlers.DescribeRegistry(state, scope)
  local registry <const> = state:registry(scope.account, scope.region)
  return { registry_id = scope.account,
    replication_configuration = { rules = registry.replication.rules } }
end

function handlers.PutReplicationConfiguration(state, scope, input)
  local registry <const> = state:registry(scope.account, scope.region)
  local rules <const> = input.replication_configuration.rules
  local ok <const>, problem <const> = replica.check(registry, rules)
  if not ok then return refusal.replication_invalid(problem) end
  registry.replication.rules = rules
  return { replication_configuration = { rules = rules } }
end

function handlers.DescribeImageReplicationStatus(state, scope, input)
  local repository <const>, image <const> = lookup.image(state, scope, input)
  if not repository then return nil, image end
  return { repository_name = repository.name,
    image_id = lookup.id(image, input.image_id.image_tag),
    replication_statuses = replica.statuses(state, repository, image.digest) }
end

return handlers
