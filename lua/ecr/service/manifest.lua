-- SPDX-License-Identifier: MIT
--- Manifests, configurations and layers of images. Bytes are verified against their digest before
--- anything is parsed. Source of behaviour: BatchGetImage, GetDownloadUrlForLayer, ListImageReferrers
--- in the Amazon ECR API Reference; the OCI image specification.

local blob <const> = require "ecr.service.blob"
local error_object <const> = require "ecr.error"
local manifest_type <const> = require "ecr.types.manifest"
local name <const> = require "ecr.name"
local pages <const> = require "ecr.pages"
local platform <const> = require "ecr.types.platform"
local reading <const> = require "ecr.service.manifest_reading"
local subject <const> = require "ecr.service.subject"

local MOST_DEPTH <const> = 4 -- of indexes in indexes
local REFERRERS <const> = 50 -- of one page; the service gives no more

---@class ecr.ManifestService
---@field client ecr.Client
local manifest_methods <const> = {}
local manifest_mt <const> = { __name = "ecr.service.manifest", __index = manifest_methods }

local function refuse(code, message)
  return error_object.give{ kind = "protocol", code = code, operation = "BatchGetImage",
    message = message }
end

--- The manifest of an image, whatever it is: of one image, or an index.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number, no_cache?: boolean}
---@return ecr.ImageManifest|ecr.ManifestList|nil
---@return ecr.Error? kind "integrity" when the bytes are not the digest's
function manifest_methods:read(image, id, options)
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  return reading.manifest(home, named, options)
end

--- The manifest of one image.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number, no_cache?: boolean}
---@return ecr.ImageManifest?
---@return ecr.Error? kind "protocol", code "is_an_index", for an index
function manifest_methods:get_manifest(image, id, options)
  local got <const>, err <const> = self:read(image, id, options)
  if not got then return nil, err end
  if got.kind == "image" then return got end
  return refuse("is_an_index", ("%s stands for several images (%s): use get_list or "
    .. "get_platform_manifest"):format(got.digest, got.media_type))
end

--- The index of a multi-architecture image.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number, no_cache?: boolean}
---@return ecr.ManifestList?
---@return ecr.Error? kind "protocol", code "not_an_index", for a plain image
function manifest_methods:get_list(image, id, options)
  local got <const>, err <const> = self:read(image, id, options)
  if not got then return nil, err end
  if got.kind == "index" then return got end
  return refuse("not_an_index", ("the image is no index but %s"):format(got.media_type))
end

-- --- platforms -----------------------------------------------------------------------------------

--- Several things may stand for an image: `(image, id?, rest...)` where `id` may be left out.
local function is_id(value)
  return type(value) == "table" and (value.tag or value.digest or value.image_tag
    or value.image_digest) ~= nil
end

local function no_platform(index, wanted)
  local names <const> = index:platforms()
  return error_object.give{ kind = "not_found", code = "platform", operation = "BatchGetImage",
    message = ("%s has no image for %s; it has %s"):format(index.digest, tostring(wanted),
      #names > 0 and table.concat(names, ", ") or "none with a platform") }
end

--- The children that may hold the platform: one entry, and the indexes among the others.
local function follow(self, named, index, wanted, options, depth)
  local entry <const> = index:find(wanted, options.match)
  if entry then
    local got <const>, err <const> = self:read(name.with_digest(named, entry.digest), nil, options)
    if not got then return nil, err end
    if got.kind == "image" and not got:is_attestation() then return got end
  end
  for _, descriptor in ipairs(index.manifests) do
    if depth < MOST_DEPTH and manifest_type.is_index(descriptor.media_type) then
      local inner <const>, err <const> = self:get_list(name.with_digest(named, descriptor.digest),
        nil, options)
      if not inner then return nil, err end
      local found <const> = follow(self, named, inner, wanted, options, depth + 1)
      if found then return found end
    end
  end
  return no_platform(index, wanted)
end

--- Whether a plain image is for a platform, by its configuration.
local function check_plain(home, named, got, wanted, options)
  local config <const>, err <const> = reading.config(home, named, got, options)
  if not config then return nil, err end
  local own <const> = platform.of{ os = config.os, architecture = config.architecture,
    variant = config.variant, os_version = config["os.version"] }
  if own and platform.choose(wanted, { own }, options.match) then return got end
  return error_object.give{ kind = "not_found", code = "platform", operation = "BatchGetImage",
    message = ("%s is for %s, not for %s"):format(got.digest, own and tostring(own)
      or "no platform", tostring(wanted)) }
end

--- The manifest of the image for a platform: of an index the fitting entry's (attestations are never
--- chosen), of a plain image its own when its configuration says so. Names are normalised ("x86_64"
--- is "amd64"). An older variant of the same architecture stands in for the wanted one unless `match`
--- says otherwise.
---@param image string|ecr.ImageName
---@param id string|ecr.Platform|{tag?: string, digest?: string} the platform when `image` names the image
---@param wanted? string|ecr.Platform|{os: string, architecture: string, variant?: string, os_version?: string}
---@param options? {match?: ecr.PlatformMatch, deadline?: number, no_cache?: boolean}
---@return ecr.ImageManifest?
---@return ecr.Error? kind "not_found", code "platform": the message lists what there is
function manifest_methods:get_platform_manifest(image, id, wanted, options)
  if not is_id(id) then id, wanted, options = nil, id, wanted end
  options = options or {}
  local settled <const>, problem <const> = platform.read(wanted)
  if not settled then return nil, problem end
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local got <const>, failure <const> = self:read(named, nil, options)
  if not got then return nil, failure end
  if got.kind == "index" then return follow(self, named, got, settled, options, 1) end
  return check_plain(home, named, got, settled, options)
end

-- --- configuration and layers --------------------------------------------------------------------

--- The configuration of an image: the document as it is, with the specification's own names
--- (`architecture`, `os`, `config.Env`, `rootfs.diff_ids`, `history`).
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number, no_cache?: boolean}
---@return table?
---@return ecr.Error?
function manifest_methods:get_config(image, id, options)
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local got <const>, problem <const> = self:get_manifest(named, nil, options)
  if not got then return nil, problem end
  return reading.config(home, named, got, options)
end

--- The layers of an image, from the bottom up; each can be downloaded.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number, no_cache?: boolean}
---@return ecr.Layer[]?
---@return ecr.Error?
function manifest_methods:get_layers(image, id, options)
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local got <const>, problem <const> = self:get_manifest(named, nil, options)
  if not got then return nil, problem end
  local layers <const> = {}
  for i, descriptor in ipairs(got.layers) do
    layers[i] = blob.layer(home, named, descriptor)
  end
  return layers
end

-- --- referrers -----------------------------------------------------------------------------------

--- What refers to an image: signatures, attestations, reports that were pushed with it as `subject`.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {artifact_types?: string[], artifact_status?: string, max_items?: integer, deadline?: number}
---@return table[]? referrers `digest`, `media_type`, `size`, `artifact_type`, `annotations`
---@return ecr.Error?
function manifest_methods:referrers(image, id, options)
  options = options or {}
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local digest = named.digest
  if not digest then
    local detail <const>, problem <const> = home:uncached().image:describe(named, nil, options)
    if not detail then return nil, problem end
    digest = detail.image_digest
  end
  local filter <const> = { artifact_types = options.artifact_types,
    artifact_status = options.artifact_status }
  return pages.open(home, "ListImageReferrers", { repository_name = named.repository,
    registry_id = named.registry_id, subject_id = { image_digest = digest },
    filter = next(filter) and filter or nil, max_results = REFERRERS },
    { key = "referrers", max_items = options.max_items, call = options }):all()
end

local manifest <const> = {}

--- The service of a client.
---@param client ecr.Client
---@return ecr.ManifestService
function manifest.new(client)
  return setmetatable({ client = client }, manifest_mt)
end

return manifest
