-- SPDX-License-Identifier: MIT
--- What ECR Public answers: handlers as in `ecr.sim.operations`. Its repositories are the account's,
--- of no region, and apart from the private ones. Source: the operation of the same name in the
--- Amazon ECR Public API Reference.

local auth <const> = require "ecr.sim.auth"
local images <const> = require "ecr.sim.images"
local place <const> = require "ecr.sim.place"
local refusal <const> = require "ecr.sim.refusal"
local repositories <const> = require "ecr.sim.repositories"

--- Where its API is.
local REGIONS <const> = { ["us-east-1"] = true, ["us-west-2"] = true }

--- What it tells of a repository and of an image; the private registry tells more.
local REPOSITORY <const> = { "repository_arn", "registry_id", "repository_name", "repository_uri",
  "created_at" }
local IMAGE <const> = { "registry_id", "repository_name", "image_digest", "image_tags",
  "image_size_in_bytes", "image_pushed_at", "image_manifest_media_type", "artifact_media_type" }

local handlers <const> = {}

local function pick(items, members)
  local picked <const> = {}
  for i, item in ipairs(items) do
    picked[i] = {}
    for _, member in ipairs(members) do picked[i][member] = item[member] end
  end
  return picked
end

--- The private registry's handler over the public repositories, with the members that are known here.
local function narrowed(handler, key, members)
  return function(state, scope, input)
    local output <const>, fault <const> = handler(state,
      { account = scope.account, region = place.PUBLIC }, input)
    if not output then return nil, fault end
    return { [key] = pick(output[key], members), next_token = output.next_token }
  end
end

handlers.DescribeRepositories = narrowed(repositories.DescribeRepositories, "repositories",
  REPOSITORY)
handlers.DescribeImages = narrowed(images.DescribeImages, "image_details", IMAGE)
handlers.GetAuthorizationToken = auth.public.GetAuthorizationToken

--- No operation is answered in a region that has no ECR Public.
for name, handler in pairs(handlers) do
  handlers[name] = function(state, scope, input)
    if not REGIONS[scope.region] then return refusal.unsupported_command(scope.region) end
    return handler(state, scope, input)
  end
end

return handlers
