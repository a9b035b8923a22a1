-- SPDX-License-Identifier: MIT
--- Manifests: of one image (or an artifact), and of an index that stands for several. The bytes are
--- verified against the digest before anything is parsed; they are kept as they came. Source: the
--- OCI image specification; Docker's image manifest version 2, schema 2.

local core <const> = require "ecr.core"
local descriptor <const> = require "ecr.types.descriptor"
local error_object <const> = require "ecr.error"
local platform <const> = require "ecr.types.platform"

local INDEX <const> = "application/vnd.oci.image.index.v1+json"
local IMAGE <const> = "application/vnd.oci.image.manifest.v1+json"
local KINDS <const> = {
  [INDEX] = "index",
  ["application/vnd.docker.distribution.manifest.list.v2+json"] = "index",
  [IMAGE] = "image",
  ["application/vnd.docker.distribution.manifest.v2+json"] = "image",
  ["application/vnd.oci.artifact.manifest.v1+json"] = "image",
  ["application/vnd.docker.distribution.manifest.v1+json"] = "schema1",
  ["application/vnd.docker.distribution.manifest.v1+prettyjws"] = "schema1",
}
local IN_TOTO <const> = "application/vnd.in-toto+json"
local LARGEST <const> = 4 * 1024 * 1024 -- bytes; the registry takes no more

---@class ecr.ImageManifest
---@field kind "image"
---@field digest string
---@field media_type string
---@field text string the exact bytes
---@field document table decoded, with what has no field here
---@field config? ecr.Descriptor
---@field layers ecr.Descriptor[]
---@field annotations table<string, string>
---@field artifact_type? string
---@field subject? ecr.Descriptor what it refers to
local image_methods <const> = {}
local image_mt <const> = { __name = "ecr.image_manifest", __index = image_methods }

function image_mt.__tostring(self)
  return ("%s (%d layers, %d bytes)"):format(self.digest, #self.layers, self:size())
end

--- The bytes that a pull of it moves: configuration and layers.
---@return integer
function image_methods:size()
  local sum = self.config and self.config.size or 0
  for _, layer in ipairs(self.layers) do sum = sum + (layer.size or 0) end
  return sum
end

--- Whether a layer's type is one that a container runtime unpacks.
local function is_file_system(media_type)
  return media_type == nil or media_type:find("rootfs", 1, true) ~= nil
    or media_type:find("image.layer", 1, true) ~= nil
end

--- Whether it shows that it is an attestation: its layers are in-toto statements, or its artifact type
--- says so. A single layer that could be unpacked makes it an image, whatever else it calls itself:
--- anybody can write an artifact type beside a file system.
---@return boolean
function image_methods:is_attestation()
  local says_so <const> = self.artifact_type == IN_TOTO
  for _, layer in ipairs(self.layers) do
    local statement <const> = layer.media_type == IN_TOTO
    if not statement and (not says_so or is_file_system(layer.media_type)) then return false end
  end
  return says_so or #self.layers > 0
end

---@class ecr.ManifestList
---@field kind "index"
---@field digest string
---@field media_type string
---@field text string the exact bytes
---@field document table decoded
---@field manifests ecr.Descriptor[]
---@field annotations table<string, string>
---@field artifact_type? string
---@field subject? ecr.Descriptor
local index_methods <const> = {}
local index_mt <const> = { __name = "ecr.manifest_list", __index = index_methods }

function index_mt.__tostring(self)
  return ("%s (index of %d: %s)"):format(self.digest, #self.manifests,
    table.concat(self:platforms(), ", "))
end

--- The platforms that it names, as text, in its order; what runs nowhere is left out.
---@return string[]
function index_methods:platforms()
  local names <const> = {}
  for _, entry in ipairs(self.manifests) do
    local named <const> = platform.of(entry.platform)
    if named and not named:is_unknown() then names[#names + 1] = tostring(named) end
  end
  return names
end

--- The entry for a platform.
---@param wanted ecr.Platform
---@param match? ecr.PlatformMatch
---@return ecr.Descriptor?
function index_methods:find(wanted, match)
  local available <const> = {}
  for i, entry in ipairs(self.manifests) do
    available[i] = platform.of(entry.platform) or false
  end
  return self.manifests[platform.choose(wanted, available, match)]
end

-- --- parsing -------------------------------------------------------------------------------------

local manifest <const> = {}

local function refuse(code, message)
  return error_object.give{ kind = "protocol", code = code, message = message }
end

--- The kind by what the document has, where no type is given (OCI leaves it optional).
local function kind_of_content(document)
  if document.manifests then return "index" end
  if document.fs_layers then return "schema1" end
  return document.config and document.layers and "image" or nil
end

--- Signed manifests of schema 1 are not the bytes of their digest, so nothing can be verified.
local function refuse_schema1()
  return refuse("schema1", "a manifest of schema 1: it is obsolete, and its bytes cannot be "
    .. "verified against its digest; push the image anew with a current tool")
end

local function decode(text)
  if #text > LARGEST then
    return refuse("too_large", ("a manifest of %d bytes; the registry takes at most %d"):format(
      #text, LARGEST))
  end
  local document <const>, failure <const> = core.decode("manifest", text)
  if not document then
    return refuse("manifest", "the manifest cannot be read: " .. failure.message)
  end
  if document.manifests and (document.layers or document.config) then
    return refuse("manifest", "the manifest claims to be an index and an image at once")
  end
  return document
end

--- The kind, by the media type where one is known and by content elsewhere; both must agree.
local function kind_of(document, stated)
  local media_type <const> = document.media_type or stated
  local by_type <const>, by_content <const> = KINDS[media_type], kind_of_content(document)
  local kind <const> = by_type or media_type == nil and by_content or nil
  if kind == "schema1" or KINDS[stated] == "schema1" or document.schema_version == 1 then
    return refuse_schema1()
  end
  if not kind then
    return refuse("media_type", ("a manifest of the type %s, which is no image's and no index's")
      :format(media_type or "(none)"))
  end
  if by_content and by_content ~= kind or stated and (KINDS[stated] or kind) ~= kind then
    return refuse("manifest", ("the manifest is called %s, which its content is not"):format(
      stated or media_type))
  end
  if document.schema_version ~= 2 then
    return refuse("manifest", "the manifest's schemaVersion is not 2")
  end
  return kind, media_type or (kind == "index" and INDEX or IMAGE)
end

local function build(kind, fields, document)
  fields.kind, fields.document = kind, document
  fields.annotations, fields.subject = document.annotations or {}, document.subject
  fields.artifact_type = document.artifact_type
  if kind == "index" then
    fields.manifests = document.manifests or {}
    return setmetatable(fields, index_mt)
  end
  fields.config, fields.layers = document.config, document.layers or document.blobs or {}
  return setmetatable(fields, image_mt)
end

--- Checks and parses an image as BatchGetImage gives it.
---@param image ecr.Image|table
---@param digest? string what was asked for, when it was asked for by digest
---@return ecr.ImageManifest|ecr.ManifestList|nil
---@return ecr.Error? "integrity": the bytes are not the digest's; "protocol", code "schema1", "media_type", ...
function manifest.parse(image, digest)
  local text <const> = image.image_manifest
  local stated <const> = digest or image.image_id and image.image_id.image_digest
  if not text or not stated then
    return refuse("manifest", "the image came without a manifest")
  end
  if KINDS[image.image_manifest_media_type] == "schema1" then return refuse_schema1() end
  local ok <const>, failure <const> = core.verify(stated, text)
  if not ok then return error_object.of_failure(failure) end
  return manifest.read(text, stated, image.image_manifest_media_type)
end

--- Parses bytes that are known to be the digest's.
---@param text string
---@param digest string
---@param media_type? string what the registry calls them
---@return ecr.ImageManifest|ecr.ManifestList|nil
---@return ecr.Error? kind "protocol"
function manifest.read(text, digest, media_type)
  local document <const>, err = decode(text)
  if not document then return nil, err end
  local kind <const>, settled <const> = kind_of(document, media_type)
  if not kind then return nil, settled end
  local ok
  ok, err = descriptor.check_all(document)
  if not ok then return nil, err end
  return build(kind, { digest = digest, media_type = settled, text = text }, document)
end

--- Whether a media type is an index's.
---@param media_type? string
---@return boolean
function manifest.is_index(media_type)
  return KINDS[media_type] == "index"
end

return manifest
