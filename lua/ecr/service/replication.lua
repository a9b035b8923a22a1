-- SPDX-License-Identifier: MIT
--- Replication: where a registry's images go, and whether they have come there. The rules are those of
--- the caller's own registry in a region. Waiting is `ecr.service.replication_wait`'s. Source of
--- behaviour: DescribeRegistry and DescribeImageReplicationStatus in the Amazon ECR API Reference;
--- "Private image replication in Amazon ECR" in the Amazon ECR User Guide.

local check <const> = require "ecr.check"
local name <const> = require "ecr.name"
local replication_type <const> = require "ecr.types.replication"
local wait <const> = require "ecr.service.replication_wait"

---@class ecr.ReplicationService
---@field client ecr.Client
local replication_methods <const> = {}
local replication_mt <const> = { __name = "ecr.service.replication",
  __index = replication_methods }

--- The rules by which the registry replicates.
---@param options? {deadline?: number}
---@return {registry_id: string, rules: ecr.ReplicationRule[]}?
---@return ecr.Error?
function replication_methods:get_config(options)
  local output <const>, err <const> = self.client:call("DescribeRegistry", {}, options)
  if not output then return nil, err end
  local configuration <const> = output.replication_configuration or {}
  return { registry_id = output.registry_id, rules = configuration.rules or {} }
end

--- Where images go: of all rules, or of those that are for a repository. Each destination comes once.
---@param repository? string
---@param options? {deadline?: number}
---@return ecr.ReplicationDestination[]? destinations empty when no rule is for the repository
---@return ecr.Error?
function replication_methods:list_destinations(repository, options)
  if repository ~= nil then
    local ok <const>, err <const> = check.repository_name(repository)
    if not ok then return nil, err end
  end
  local config <const>, err <const> = self:get_config(options)
  if not config then return nil, err end
  return replication_type.destinations(config.rules, repository)
end

--- Where an image's replication stands. The list has only the destinations where it was started:
--- none does not mean that it is done.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return ecr.ReplicationStatus[]?
---@return ecr.Error?
function replication_methods:get_status(image, id, options)
  local named <const>, err <const> = name.image(image, id)
  if not named then return nil, err end
  local client <const>, refusal <const> = self.client:in_region(named.region
    or self.client.config.region)
  if not client then return nil, refusal end
  local output <const>, problem <const> = client:call("DescribeImageReplicationStatus", {
    repository_name = named.repository, registry_id = named.registry_id,
    image_id = name.id(named) }, options)
  if not output then return nil, problem end
  local statuses <const> = {}
  for i, raw in ipairs(output.replication_statuses or {}) do
    statuses[i] = replication_type.status(raw)
  end
  return statuses
end

---@class ecr.ReplicationWaitOptions
---@field timeout_seconds? number until the image must be everywhere (300)
---@field poll_interval_seconds? number between two looks (5)
---@field grace_seconds? number until it must have been started everywhere (60)
---@field regions? string[] wait for the destinations in these regions only
---@field verify? boolean look at each destination whether the image and its children are there
---@field on_progress? fun(statuses: ecr.ReplicationStatus[], waited: number) after a look

---@class ecr.ReplicationResult
---@field statuses ecr.ReplicationStatus[] of the destinations that were waited for
---@field seconds table<string, number> by "<registry id>/<region>": when it was seen to be complete

--- Waits until an image has come to every destination that the rules name for its repository. A tag
--- is resolved once: should it move, the image that it named is still the one that is waited for.
---
--- Errors, besides those of the calls, by kind and code: "conflict", "no_rule": no rule is for the
--- repository; "input", "no_rule": none leads to a region that was named; "conflict",
--- "replication_failed"; "timeout", "not_started": after the grace, the image is older than the rule
--- perhaps; "timeout", "not_replicated": at the deadline; "integrity", "not_there": by `verify`.
--- Those that come of looking have the `statuses`.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? ecr.ReplicationWaitOptions
---@return ecr.ReplicationResult?
---@return ecr.Error?
function replication_methods:wait_for(image, id, options)
  if options == nil and type(id) == "table" and not (id.tag or id.digest or id.image_tag
    or id.image_digest) then
    id, options = nil, id
  end
  local named <const>, err <const> = name.image(image, id)
  if not named then return nil, err end
  return wait(self.client, named, options or {})
end

local replication <const> = {}

--- The service of a client.
---@param client ecr.Client
---@return ecr.ReplicationService
function replication.new(client)
  return setmetatable({ client = client }, replication_mt)
end

return replication
