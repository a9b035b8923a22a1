-- SPDX-License-Identifier: MIT
-- Downloads the layers of an image into a folder, all at once. A file is there only when its bytes
-- are right; a download that broke off is gone on with.
local ecr <const> = require "ecr"

local client <const> = assert(ecr.client{})
local layers <const> = assert(client.manifest:get_layers(arg[1] or "app:v1"))
local downloads <const> = {}
for i, layer in ipairs(layers) do
  local path <const> = ("%s/%s"):format(arg[2] or ".", layer.digest:gsub("^sha256:", ""))
  downloads[i] = function() return layer:download(path) end
end
local _, errors <const> = ecr.all(downloads)
for i, layer in ipairs(layers) do print(layer.digest, errors and errors[i] or "verified") end
return errors and 1 or 0
