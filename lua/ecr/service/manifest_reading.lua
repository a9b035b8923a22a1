-- SPDX-License-Identifier: MIT
--- Manifests and configurations, as they come: verified against their digest, and out of the metadata
--- cache where that has them. Source of behaviour: BatchGetImage and GetDownloadUrlForLayer in the Amazon
--- ECR API Reference.

local blob <const> = require "ecr.service.blob"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local manifest_type <const> = require "ecr.types.manifest"

local LARGEST_CONFIG <const> = 4 * 1024 * 1024 -- bytes

local reading <const> = {}

--- Asks for a manifest and verifies it.
local function ask(home, named, options)
  local got <const>, err <const> = home.image:get(named, nil, options)
  if not got then return nil, err end
  local parsed <const>, problem <const> = manifest_type.parse(got, named.digest)
  if parsed then return parsed end
  problem.operation, problem.region = "BatchGetImage", home.config.region
  return nil, problem
end

--- What has this digest, which does not change: from the metadata cache, or asked for.
local function lasting(home, kind, named, digest, options, ask_for)
  return home:kept({ kind = kind, repository = named.repository, registry = named.registry_id,
    id = digest, lasting = true }, options, ask_for)
end

--- The bytes are kept, not what is made of them: that takes three times the memory, and as long to copy.
local function read_kept(home, named, options)
  local kept <const>, err <const> = lasting(home, "manifest", named, named.digest, options,
    function(calls)
      local got <const>, problem <const> = ask(home, named, calls)
      return got and { text = got.text, media_type = got.media_type }, problem
    end)
  if not kept then return nil, err end
  return manifest_type.read(kept.text, named.digest, kept.media_type)
end

--- The manifest of an image, whatever it is: of one image, or an index.
---@param home ecr.Client
---@param named ecr.ImageName
---@param options? {deadline?: number, no_cache?: boolean}
---@return ecr.ImageManifest|ecr.ManifestList|nil
---@return ecr.Error? kind "integrity" when the bytes are not the digest's
function reading.manifest(home, named, options)
  if named.digest and home.metadata_cache then return read_kept(home, named, options) end
  return ask(home, named, options)
end

--- The configuration that a manifest names.
---@param home ecr.Client
---@param named ecr.ImageName
---@param got ecr.ImageManifest
---@param options? {deadline?: number, no_cache?: boolean}
---@return table?
---@return ecr.Error?
function reading.config(home, named, got, options)
  if not got.config then
    return error_object.give{ kind = "protocol", code = "no_config", operation = "BatchGetImage",
      message = got.digest .. " has no configuration" }
  end
  local text <const>, err <const> = lasting(home, "config", named, got.config.digest, options,
    function(calls) return blob.read(home, named, got.config, LARGEST_CONFIG, calls) end)
  if not text then return nil, err end
  local document <const>, failure <const> = core.decode("any", text)
  if document and type(document) == "table" then return document end
  return error_object.give{ kind = "protocol", code = "config",
    operation = "GetDownloadUrlForLayer", message = ("the configuration %s cannot be read: %s")
      :format(got.config.digest, failure and failure.message or "it is no object") }
end

return reading
