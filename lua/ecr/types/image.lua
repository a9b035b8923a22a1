-- SPDX-License-Identifier: MIT
--- Images as the registry names them (an identifier), describes them (a detail) and gives them (with
--- the manifest). Source: ImageIdentifier, ImageDetail and Image in the Amazon ECR API Reference.

local manifest <const> = require "ecr.types.manifest"

---@class ecr.ImageIdentifier
---@field image_digest? string
---@field image_tag? string
local identifier_methods <const> = {}
local identifier_mt <const> = { __name = "ecr.image_identifier", __index = identifier_methods }

function identifier_mt.__tostring(self)
  local tag <const>, digest <const> = self.image_tag, self.image_digest
  if tag and digest then return tag .. "@" .. digest end
  return tag or digest or "(no image)"
end

--- Whether it names an image that has no tag.
---@return boolean
function identifier_methods:is_untagged()
  return self.image_tag == nil
end

---@class ecr.ImageDetail
---@field image_digest string
---@field image_tags? string[] absent when it has none
---@field repository_name string
---@field registry_id string
---@field image_size_in_bytes integer as stored, compressed; of an index its largest image's
---@field image_pushed_at number seconds since the epoch
---@field image_manifest_media_type? string
---@field artifact_media_type? string
---@field last_recorded_pull_time? number renewed at most once a day
---@field image_status? string
---@field subject_manifest_digest? string
local detail_methods <const> = {}
local detail_mt <const> = { __name = "ecr.image_detail", __index = detail_methods }

function detail_mt.__tostring(self)
  local tags <const> = self.image_tags or {}
  return ("%s@%s%s"):format(self.repository_name or "", self.image_digest,
    #tags > 0 and " (" .. table.concat(tags, ", ") .. ")" or "")
end

--- Whether the image has a tag.
---@param tag string
---@return boolean
function detail_methods:has_tag(tag)
  for _, each in ipairs(self.image_tags or {}) do
    if each == tag then return true end
  end
  return false
end

--- Whether it stands for several images (an index, a manifest list).
---@return boolean
function detail_methods:is_index()
  return manifest.is_index(self.image_manifest_media_type)
end

---@class ecr.Image
---@field image_id ecr.ImageIdentifier
---@field image_manifest string the exact bytes
---@field image_manifest_media_type? string
---@field repository_name string
---@field registry_id string
local image_methods <const> = {}
local image_mt <const> = { __name = "ecr.image", __index = image_methods }

function image_mt.__tostring(self)
  local separator <const> = self.image_id.image_tag and ":" or "@"
  return (self.repository_name or "") .. separator .. tostring(self.image_id)
end

--- The manifest, its bytes verified against the digest.
---@return ecr.ImageManifest|ecr.ManifestList|nil
---@return ecr.Error? kind "integrity" or "protocol"
function image_methods:manifest()
  return manifest.parse(self)
end

local image <const> = {}

--- An identifier out of the service's answer, which it keeps.
---@param raw table
---@return ecr.ImageIdentifier
function image.identifier(raw)
  return setmetatable(raw, identifier_mt)
end

--- A description out of the service's answer, which it keeps.
---@param raw table
---@return ecr.ImageDetail
function image.detail(raw)
  return setmetatable(raw, detail_mt)
end

--- An image out of the service's answer, which it keeps.
---@param raw table
---@return ecr.Image
function image.of(raw)
  raw.image_id = image.identifier(raw.image_id or {})
  return setmetatable(raw, image_mt)
end

return image
