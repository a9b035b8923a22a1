-- SPDX-License-Identifier: MIT
--- Manifests for simulated images: real text whose SHA-256 is the image's digest. The same seed
--- gives the same bytes. Only checked words (platforms, digests, numbers) get into the text, so
--- nothing in it needs quoting. Source: the OCI image specification; BuildKit's "image
--- attestation storage".

local core <const> = require "ecr.core"

local INDEX <const> = "application/vnd.oci.image.index.v1+json"
local IMAGE <const> = "application/vnd.oci.image.manifest.v1+json"
local CONFIG <const> = "application/vnd.oci.image.config.v1+json"
local LAYER <const> = "application/vnd.oci.image.layer.v1.tar+gzip"
local IN_TOTO <const> = "application/vnd.in-toto+json"

---@class ecr.sim.Manifest
---@field text string
---@field digest string
---@field media_type string
---@field artifact_media_type? string
---@field size integer what the registry states as the image's size
---@field platform? string
---@field layer? string digest of the last layer, of an image
---@field children? string[] of an index

---@class ecr.sim.Child an entry of an index
---@field image ecr.sim.Manifest
---@field attests? string digest; the entry is labelled as the attestation of that image

local manifest <const> = {}

--- "linux/arm64/v8" in its parts.
local function parts_of(platform)
  local os <const>, architecture <const>,
    variant <const> = platform:match("^([^/]+)/([^/]+)/?(.*)$")
  return os, architecture, variant ~= "" and variant or nil
end

local function platform_members(platform)
  local os <const>, architecture <const>, variant <const> = parts_of(platform)
  local members <const> = ('"architecture": "%s", "os": "%s"'):format(architecture, os)
  return variant and members .. (', "variant": "%s"'):format(variant) or members
end

--- The configuration's text; what it says of layers makes it a different one for each seed.
local function config_text(platform, seed)
  return ('{%s, "config": {}, "rootfs": {"type": "layers", "diff_ids": ["%s"]}}'):format(
    platform_members(platform), core.digest("diff " .. seed))
end

local function image_text(config, layer_type, layer_digest, layer_size)
  return ([[{
  "schemaVersion": 2,
  "mediaType": "%s",
  "config": {"mediaType": "%s", "digest": "%s", "size": %d},
  "layers": [
    {"mediaType": "%s", "digest": "%s", "size": %d}
  ]
}]]):format(IMAGE, CONFIG, core.digest(config), #config, layer_type, layer_digest, layer_size)
end

local function finished(text, media_type, size)
  return { text = text, digest = core.digest(text), media_type = media_type, size = size }
end

--- A plain image of one layer.
---@param options {seed: string, platform: string, size: integer}
---@return ecr.sim.Manifest
function manifest.image(options)
  local config <const> = config_text(options.platform, options.seed)
  local layer <const> = core.digest("layer " .. options.seed)
  local text <const> = image_text(config, LAYER, layer, math.max(0, options.size - #config))
  local made <const> = finished(text, IMAGE, options.size)
  made.artifact_media_type = CONFIG
  made.layer = layer
  made.platform = options.platform
  return made
end

--- An attestation: a manifest whose only layer is an in-toto statement.
---@param seed string
---@return ecr.sim.Manifest
function manifest.attestation(seed)
  local config <const> = config_text("unknown/unknown", seed)
  local statement <const> = ('{"_type": "https://in-toto.io/Statement/v0.1", "seed": "%s"}'):format(
    core.digest(seed))
  local made <const> = finished(image_text(config, IN_TOTO, core.digest(statement), #statement),
    IMAGE,
    #config + #statement)
  made.artifact_media_type = CONFIG
  return made
end

local function annotations_of(child)
  return (', "annotations": {"vnd.docker.reference.digest": "%s", '
    .. '"vnd.docker.reference.type": "attestation-manifest"}'):format(child.attests)
end

local function descriptor(child)
  local image <const> = child.image
  local platform <const> = child.attests and "unknown/unknown" or image.platform
  return ('    {"mediaType": "%s", "digest": "%s", "size": %d%s%s}'):format(image.media_type,
    image.digest,
    #image.text, platform and (', "platform": {%s}'):format(platform_members(platform)) or "",
    child.attests and annotations_of(child) or "")
end

--- An index. The registry states the size of its largest child as its own.
---@param children ecr.sim.Child[]
---@return ecr.sim.Manifest
function manifest.index(children)
  local lines <const>, digests <const> = {}, {}
  local size = 0
  for i, child in ipairs(children) do
    lines[i] = descriptor(child)
    digests[i] = child.image.digest
    size = math.max(size, child.image.size)
  end
  local made <const> = finished(([[{
  "schemaVersion": 2,
  "mediaType": "%s",
  "manifests": [
%s
  ]
}]]):format(INDEX, table.concat(lines, ",\n")), INDEX, size)
  made.children = digests
  return made
end

--- Whether a media type is an index's.
---@param media_type string
---@return boolean
function manifest.is_index(media_type)
  return media_type == INDEX
    or media_type == "application/vnd.docker.distribution.manifest.list.v2+json"
end

return manifest
