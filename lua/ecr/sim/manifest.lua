-- SPDX-License-Identifier: MIT
--- Manifests of simulated images: real text whose SHA-256 is the digest. The same image described
--- twice gives the same bytes.

local core <const> = require "ecr.core"

local OCI_MANIFEST <const> = "application/vnd.oci.image.manifest.v1+json"
local OCI_INDEX <const> = "application/vnd.oci.image.index.v1+json"
local OCI_CONFIG <const> = "application/vnd.oci.image.config.v1+json"
local OCI_LAYER <const> = "application/vnd.oci.image.layer.v1.tar+gzip"
local IN_TOTO <const> = "application/vnd.in-toto+json"

local manifest <const> = {}

manifest.MANIFEST, manifest.INDEX, manifest.CONFIG = OCI_MANIFEST, OCI_INDEX, OCI_CONFIG

local function descriptor(media_type, seed, size, extra)
  return ('{"mediaType":"%s","digest":"%s","size":%d%s}'):format(media_type, core.digest(seed),
    size, extra or "")
end

local function made(text, media_type, artifact_type)
  return { text = text, digest = core.digest(text), media_type = media_type,
    artifact_media_type = artifact_type }
end

local function of_layers(seed, layer_type, size)
  local config <const> = descriptor(OCI_CONFIG, "config " .. seed, 1024)
  local first <const> = descriptor(layer_type, "layer 1 " .. seed, size // 2)
  local second <const> = descriptor(layer_type, "layer 2 " .. seed, size - size // 2)
  return made(('{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s,%s]}'):format(
    OCI_MANIFEST, config, first, second), OCI_MANIFEST, OCI_CONFIG)
end

--- The manifest of an image. `seed` keeps images apart that are otherwise alike.
---@param seed string
---@param size integer bytes of its layers
---@return {text: string, digest: string, media_type: string, artifact_media_type: string}
function manifest.of_image(seed, size)
  return of_layers(seed, OCI_LAYER, size)
end

--- The manifest of a build attestation.
---@param seed string
---@return table as `of_image`
function manifest.of_attestation(seed)
  return of_layers(seed, IN_TOTO, 2048)
end

local function platform_json(platform)
  local os <const>, architecture <const>,
    variant <const> = platform:match("^([^/]+)/([^/]+)/?(.*)$")
  local extra <const> = variant ~= "" and (',"variant":"%s"'):format(variant) or ""
  return (',"platform":{"architecture":"%s","os":"%s"%s}'):format(architecture, os, extra)
end

local function annotations_json(child, first_digest)
  if not child.labelled then return "" end
  return (',"annotations":{"vnd.docker.reference.digest":"%s",'
    .. '"vnd.docker.reference.type":"attestation-manifest"}'):format(first_digest)
end

--- The manifest of an index.
---@param children {digest: string, media_type: string, size: integer, platform?: string, labelled?: boolean}[]
---@return table as `of_image`
function manifest.of_index(children)
  local parts <const> = {}
  for i, child in ipairs(children) do
    parts[i] = ('{"mediaType":"%s","digest":"%s","size":%d%s%s}'):format(child.media_type,
      child.digest, child.size,
      child.platform and platform_json(child.platform) or "", annotations_json(child,
        children[1].digest))
  end
  return made(('{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}'):format(OCI_INDEX,
    table.concat(parts, ",")),
    OCI_INDEX, nil)
end

return manifest
