-- SPDX-License-Identifier: MIT
-- Every image of every repository, with the state of its scan.
local ecr <const> = require "ecr"

local client = assert(ecr.client{})
for _, repository in ipairs(assert(client.repository:list())) do
  local name = repository.repository_name
  for _, id in ipairs(assert(client.image:list(name))) do
    local scan, err = client.scan:get_status(name, { digest = id.image_digest })
    print(name .. ":" .. (id.image_tag or "(untagged)"), scan and scan.status or err.code)
  end
end
