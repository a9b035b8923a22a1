-- SPDX-License-Identifier: MIT
--- Where an image's replication to one destination stands. Source: ImageReplicationStatus in the
--- Amazon ECR API Reference.

---@class ecr.ReplicationStatus
---@field region string
---@field registry_id string
---@field status "IN_PROGRESS"|"COMPLETE"|"FAILED"|string
---@field failure_code? string
local status_methods <const> = {}
local status_mt <const> = { __name = "ecr.replication_status", __index = status_methods }

function status_mt.__tostring(self)
  return ("%s/%s: %s%s"):format(self.registry_id, self.region, self.status,
    self.failure_code and " (" .. self.failure_code .. ")" or "")
end

--- Whether it has come to its end, good or bad.
---@return boolean
function status_methods:is_final()
  return self.status == "COMPLETE" or self.status == "FAILED"
end

--- What tells one destination from another.
---@return string "<registry id>/<region>"
function status_methods:key()
  return self.registry_id .. "/" .. self.region
end

local replication <const> = {}

--- A status out of the service's answer, which it keeps.
---@param raw table
---@return ecr.ReplicationStatus
function replication.status(raw)
  return setmetatable(raw, status_mt)
end

return replication
