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
---@field blobs? string[] digests of the configuration and the layers
---@field contents? string[] theirs
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
local function config_text(platform, seed, layers)
  local diff_ids <const> = {}
  for i in ipairs(layers) do
    diff_ids[i] = ('"%s"'):format(core.digest(("diff %d %s"):format(i, seed)))
  end
  return ('{%s, "config": {}, "rootfs": {"type": "layers", "diff_ids": [%s]}}'):format(
    platform_members(platform), table.concat(diff_ids, ", "))
end

local function blob_descriptor(media_type, content)
  return ('{"mediaType": "%s", "digest": "%s", "size": %d}'):format(media_type,
    core.digest(content), #content)
end

local function image_text(config, layers)
  local lines <const> = {}
  for i, layer in ipairs(layers) do
    lines[i] = "    " .. blob_descriptor(layer.media_type or LAYER, layer.content)
  end
  return ([[{
  "schemaVersion": 2,
  "mediaType": "%s",
  "config": %s,
  "layers": [
%s
  ]
}]]):format(IMAGE, blob_descriptor(CONFIG, config), table.concat(lines, ",\n"))
end

local function finished(text, media_type, size)
  return { text = text, digest = core.digest(text), media_type = media_type, size = size }
end

--- An image with the blobs that it is made of.
local function image_of(config, layers, size)
  local made <const> = finished(image_text(config, layers), IMAGE, size)
  made.artifact_media_type = CONFIG
  made.blobs, made.contents = { core.digest(config) }, { config }
  for i, layer in ipairs(layers) do
    made.blobs[i + 1], made.contents[i + 1] = core.digest(layer.content), layer.content
  end
  return made
end

--- A plain image, of one small layer unless it is given others.
---@param options {seed: string, platform: string, size: integer, layers?: {content: string, media_type?: string}[]}
---@return ecr.sim.Manifest
function manifest.image(options)
  local layers <const> = options.layers or { { content = "layer " .. options.seed } }
  local made <const> = image_of(config_text(options.platform, options.seed, layers), layers,
    options.size)
  made.layer = #layers > 0 and made.blobs[#made.blobs] or nil
  made.platform = options.platform
  return made
end

--- An attestation: a manifest whose only layer is an in-toto statement.
---@param seed string
---@return ecr.sim.Manifest
function manifest.attestation(seed)
  local statement <const> = ('{"_type": "https://in-toto.io/Statement/v0.1", "seed": "%s"}'):format(
    core.digest(seed))
  local layers <const> = { { content = statement, media_type = IN_TOTO } }
  local config <const> = config_text("unknown/unknown", seed, layers)
  return image_of(config, layers, #config + #statement)
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
