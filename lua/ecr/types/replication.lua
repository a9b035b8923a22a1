-- SPDX-License-Identifier: MIT
--- Replication: the rules, where they lead, and where an image's way to one destination stands.
--- Source: ReplicationRule and ImageReplicationStatus in the Amazon ECR API Reference.

---@class ecr.ReplicationDestination
---@field region string
---@field registry_id string

---@class ecr.ReplicationRule
---@field destinations ecr.ReplicationDestination[]
---@field repository_filters? {filter: string, filter_type: "PREFIX_MATCH"|string}[] all repositories when absent

---@class ecr.ReplicationStatus
---@field region string
---@field registry_id string
---@field status "IN_PROGRESS"|"COMPLETE"|"FAILED"|string
---@field failure_code? string
local status_methods <const> = {}
local status_mt <const> = { __name = "ecr.replication_status", __index = status_methods }

function status_mt.__tostring(self)
  return ("%s: %s%s"):format(self:key(), self.status,
    self.failure_code and " (" .. self.failure_code .. ")" or "")
end

--- Whether it has come to its end, good or bad.
---@return boolean
function status_methods:is_final()
  return self.status == "COMPLETE" or self.status == "FAILED"
end

local replication <const> = {}

--- What tells one destination from another.
---@param destination {region: string, registry_id: string}
---@return string "<registry id>/<region>"
function replication.key(destination)
  return ("%s/%s"):format(destination.registry_id, destination.region)
end

--- What tells its destination from another.
---@return string "<registry id>/<region>"
function status_methods:key()
  return replication.key(self)
end

--- Whether a rule is for a repository. A filter of a kind that is not known here matches: waiting for
--- a copy too many is found out, waiting for one too few is not.
local function is_for(rule, repository)
  local filters <const> = rule.repository_filters or {}
  for _, each in ipairs(filters) do
    local prefix <const> = each.filter or ""
    local by_prefix <const> = each.filter_type == nil or each.filter_type == "PREFIX_MATCH"
    if not by_prefix or repository:sub(1, #prefix) == prefix then return true end
  end
  return #filters == 0
end

--- Where rules lead: all, or those that are for a repository. Each destination comes once.
---@param rules ecr.ReplicationRule[]
---@param repository? string
---@return ecr.ReplicationDestination[]
function replication.destinations(rules, repository)
  local list <const>, seen <const> = {}, {}
  for _, rule in ipairs(rules) do
    local applies <const> = repository == nil or is_for(rule, repository)
    for _, destination in ipairs(applies and rule.destinations or {}) do
      local key <const> = replication.key(destination)
      if not seen[key] then
        list[#list + 1] = { region = destination.region, registry_id = destination.registry_id }
      end
      seen[key] = true
    end
  end
  return list
end

--- A status out of the service's answer, which it keeps.
---@param raw table
---@return ecr.ReplicationStatus
function replication.status(raw)
  return setmetatable(raw, status_mt)
end

return replication
