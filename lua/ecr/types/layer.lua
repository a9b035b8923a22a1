-- SPDX-License-Identifier: MIT
--- A layer of an image: what its manifest says of it, and a way to its bytes. Source: the OCI image
--- specification's content descriptors.

---@class ecr.DownloadOptions
---@field on_progress? fun(bytes: integer, size: integer) told a few times a second, and at the end
---@field deadline? number on the loop's monotonic clock, over all attempts
---@field resume? boolean go on where an earlier download broke off, and leave a part file when this one does (true)

---@class ecr.Download
---@field path string
---@field digest string verified
---@field size integer
---@field resumed_from integer bytes that were there before

---@class ecr.Layer
---@field digest string
---@field size integer bytes, compressed
---@field media_type string
---@field urls? string[] where else it is; the registry does not hold it
---@field annotations? table<string, string>
---@field fetch fun(layer: ecr.Layer, path: string, options?: ecr.DownloadOptions): ecr.Download?, ecr.Error?
local layer_methods <const> = {}
local layer_mt <const> = { __name = "ecr.layer", __index = layer_methods }

function layer_mt.__tostring(self)
  return ("%s (%s, %d bytes)"):format(self.digest, self.media_type, self.size)
end

--- Writes the layer's bytes, as the registry has them (compressed), to a file. The file gets its
--- name when it is whole and its digest is right: until then the bytes are in a part file beside it.
--- A transfer that breaks off is gone on with by the next call. Two downloads to one path at a time are
--- refused (kind "config", code "busy").
---@param path string
---@param options? ecr.DownloadOptions
---@return ecr.Download?
---@return ecr.Error? "integrity", "config" ("write": the path), "input" ("external": not in the registry)
function layer_methods:download(path, options)
  if type(path) ~= "string" then error("layer:download: the path must be a string", 2) end
  return self:fetch(path, options)
end

local layer <const> = {}

--- A layer of a descriptor.
---@param descriptor ecr.Descriptor
---@param fetch fun(layer: ecr.Layer, path: string, options?: ecr.DownloadOptions): ecr.Download?, ecr.Error?
---@return ecr.Layer
function layer.new(descriptor, fetch)
  return setmetatable({ digest = descriptor.digest, size = descriptor.size,
    media_type = descriptor.media_type, urls = descriptor.urls,
    annotations = descriptor.annotations, fetch = fetch }, layer_mt)
end

return layer
