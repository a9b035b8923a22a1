-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about repositories as such: handlers as in
--- `ecr.sim.operations`. Source: the operation of the same name in the Amazon ECR API Reference.

local lookup <const> = require "ecr.sim.lookup"
local refusal <const> = require "ecr.sim.refusal"
local tag_set <const> = require "ecr.sim.tag_set"
local world <const> = require "ecr.sim.world"

local handlers <const> = {}

local function named_repositories(state, scope, input)
  local described <const> = {}
  for i, name in ipairs(input.repository_names) do
    local repository <const>, fault <const> = lookup.repository(state, scope, name)
    if not repository then return nil, fault end
    described[i] = lookup.describe_repository(scope, repository)
  end
  return { repositories = described }
end

function handlers.DescribeRepositories(state, scope, input)
  if input.repository_names then
    local fault <const> = lookup.refuse_paging(input, "repositoryNames")
    if fault then return nil, fault end
    return named_repositories(state, scope, input)
  end
  local registry <const> = state:registry(scope.account, scope.region)
  local got <const>, fault <const> = lookup.page("DescribeRepositories",
    world.repository_names(registry), input)
  if not got then return nil, fault end
  for i, name in ipairs(got.items) do
    got.items[i] = lookup.describe_repository(scope, registry.repositories[name])
  end
  return { repositories = got.items, next_token = got.token }
end

function handlers.CreateRepository(state, scope, input)
  local registry <const> = state:registry(scope.account, scope.region)
  if registry.repositories[input.repository_name] then
    return refusal.repository_exists(scope, input.repository_name)
  end
  local resource_tags <const>, fault <const> = tag_set.with({}, input.tags or {})
  if not resource_tags then return nil, fault end
  local on_push <const> = input.image_scanning_configuration or {}
  return { repository = lookup.describe_repository(scope, world.add_repository(registry,
    input.repository_name, {
    created_at = state.clock.wall, tag_mutability = input.image_tag_mutability,
    exclusion_filters = input.image_tag_mutability_exclusion_filters,
    scan_on_push = on_push.scan_on_push, encryption = input.encryption_configuration,
    resource_tags = resource_tags,
  })) }
end

function handlers.PutImageTagMutability(state, scope, input)
  local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  repository.tag_mutability = input.image_tag_mutability
  repository.exclusion_filters = input.image_tag_mutability_exclusion_filters
  return { registry_id = scope.account, repository_name = repository.name,
    image_tag_mutability = repository.tag_mutability,
    image_tag_mutability_exclusion_filters = repository.exclusion_filters }
end

return handlers
