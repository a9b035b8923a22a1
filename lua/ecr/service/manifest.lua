-- SPDX-License-Identifier: MIT
--- Manifests: verified against their digest before anything is parsed, parsed in C from the exact
--- bytes. Source: the OCI image specification; BatchGetImage in the Amazon ECR API Reference.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local name <const> = require "ecr.name"

local KINDS <const> = {
  ["application/vnd.oci.image.index.v1+json"] = "index",
  ["application/vnd.docker.distribution.manifest.list.v2+json"] = "index",
  ["application/vnd.oci.image.manifest.v1+json"] = "image",
  ["application/vnd.docker.distribution.manifest.v2+json"] = "image",
}

---@class ecr.Manifest
---@field kind "index"|"image"|"other"
---@field digest string
---@field media_type string
---@field text string the exact bytes
---@field document table decoded: `manifests`, `layers`, `config`, `annotations`, `artifact_type`, ...

---@class ecr.ManifestService
---@field client ecr.Client
local manifest_methods <const> = {}
local manifest_mt <const> = { __name = "ecr.service.manifest", __index = manifest_methods }

local function refuse(kind, code, message)
  return error_object.give{ kind = kind, code = code, operation = "BatchGetImage",
    message = message }
end

--- The kind by media type, or by what the document has where no type is given (OCI leaves it
--- optional).
local function kind_of(media_type, document)
  if media_type then return KINDS[media_type] or "other" end
  if document.manifests then return "index" end
  return document.config and document.layers and "image" or "other"
end

--- Checks and parses an image as BatchGetImage gives it.
---@param image table
---@param digest? string what was asked for, when it was asked for by digest
---@return ecr.Manifest?
---@return ecr.Error? "integrity" when the bytes are not the digest's, "protocol" when they are no manifest
local function parse(image, digest)
  local text <const> = image.image_manifest
  local stated <const> = digest or image.image_id and image.image_id.image_digest
  if not text or not stated then
    return refuse("protocol", "manifest", "the image came without a manifest")
  end
  local ok, failure = core.verify(stated, text)
  if not ok then return refuse(failure.kind, failure.code, failure.message) end
  local document
  document, failure = core.decode("manifest", text)
  if not document then
    return refuse("protocol", "manifest", "the manifest cannot be read: " .. failure.message)
  end
  if document.manifests and (document.layers or document.config) then
    return refuse("protocol", "manifest", "the manifest claims to be an index and an image at once")
  end
  local media_type <const> = document.media_type or image.image_manifest_media_type
  return { kind = kind_of(media_type, document), digest = stated, media_type = media_type,
    text = text,
    document = document }
end

--- The manifest of an image; of an index the index itself.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return ecr.Manifest?
---@return ecr.Error?
function manifest_methods:get_manifest(image, id, options)
  local named <const>, err = name.image(image, id)
  if not named then return nil, err end
  local got
  got, err = self.client.image:get(named, nil, options)
  if not got then return nil, err end
  return parse(got, named.digest)
end

--- The index of a multi-architecture image.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return ecr.Manifest?
---@return ecr.Error? kind "protocol", code "not_an_index", for a plain image
function manifest_methods:get_list(image, id, options)
  local got <const>, err <const> = self:get_manifest(image, id, options)
  if not got then return nil, err end
  if got.kind == "index" then return got end
  return refuse("protocol", "not_an_index", ("the image is no index but %s"):format(got.media_type))
end

local manifest <const> = { parse = parse }

--- Whether a media type is an index's.
---@param media_type? string
---@return boolean
function manifest.is_index(media_type)
  return KINDS[media_type] == "index"
end

--- The service of a client.
---@param client ecr.Client
---@return ecr.ManifestService
function manifest.new(client)
  return setmetatable({ client = client }, manifest_mt)
end

return manifest
