-- SPDX-License-Identifier: MIT
--- What the simulated registry answers about the tags of repositories as resources; tags of images
--- are not meant. Handlers as in `ecr.sim.operations`. Source: the operation of the same name in the
--- Amazon ECR API Reference.

local lookup <const> = require "ecr.sim.lookup"
local tag_set <const> = require "ecr.sim.tag_set"

local handlers <const> = {}

function handlers.ListTagsForResource(state, scope, input)
  local repository <const>, fault <const> = lookup.resource(state, scope, input.resource_arn)
  if not repository then return nil, fault end
  return { tags = tag_set.list(repository.resource_tags) }
end

function handlers.TagResource(state, scope, input)
  local repository <const>, fault <const> = lookup.resource(state, scope, input.resource_arn)
  if not repository then return nil, fault end
  local merged <const>, problem <const> = tag_set.with(repository.resource_tags, input.tags)
  if not merged then return nil, problem end
  repository.resource_tags = merged
  return {}
end

function handlers.UntagResource(state, scope, input)
  local repository <const>, fault <const> = lookup.resource(state, scope, input.resource_arn)
  if not repository then return nil, fault end
  for _, key in ipairs(input.tag_keys) do repository.resource_tags[key] = nil end
  return {}
end

return handlers
