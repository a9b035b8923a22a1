-- SPDX-License-Identifier: MIT
-- Waits until an image is at every destination of the registry's replication rules, whole.
local ecr <const> = require "ecr"

local client <const> = assert(ecr.client{})
local result <const>, err <const> = client.replication:wait_for(arg[1] or "app:v1",
  { timeout_seconds = 600, verify = true })
if not result then return nil, err end
for _, status in ipairs(result.statuses) do
  print(tostring(status), ("%.0f s"):format(result.seconds[status:key()]))
end
