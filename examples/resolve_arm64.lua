-- SPDX-License-Identifier: MIT
-- The layers of a multi-architecture image for one platform.
local ecr <const> = require "ecr"

local client <const> = assert(ecr.client{})
local manifest <const>, err <const> = client.manifest:get_platform_manifest(arg[1] or "app:multi",
  arg[2] or "linux/arm64/v8")
if not manifest then return nil, err end
print(manifest.digest)
for _, layer in ipairs(manifest.layers) do print("", layer.digest, layer.size .. " bytes") end
