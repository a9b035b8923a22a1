-- SPDX-License-Identifier: MIT
--- Images. Source of behaviour: ListImages, DescribeImages and BatchGetImage in the Amazon ECR API
--- Reference.

local error_object <const> = require "ecr.error"
local name <const> = require "ecr.name"
local pages <const> = require "ecr.pages"

--- Every manifest type: with fewer the service may translate a manifest asked for by tag.
local MEDIA_TYPES <const> = {
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.v1+json",
}
local MOST_IDS <const> = 100 -- of one call

---@class ecr.ImageService
---@field client ecr.Client
local image_methods <const> = {}
local image_mt <const> = { __name = "ecr.service.image", __index = image_methods }

--- All image ids of a repository: one for each tag, one for each untagged image.
---@param repository string
---@return {image_tag?: string, image_digest: string}[]?
---@return ecr.Error?
function image_methods:list(repository)
  return pages.collect(self.client, "ListImages",
    { repository_name = repository, max_results = 1000 }, "image_ids")
end

--- What the registry knows of one image, without reading its manifest (reading it renews its pull
--- time).
---@param image string|ecr.ImageName|any a reference, or a repository followed by `id`
---@param id? {tag?: string, digest?: string}
---@param options? table for `client:call`
---@return table? detail `image_digest`, `image_tags`, `image_manifest_media_type`, `image_pushed_at`, ...
---@return ecr.Error? kind "not_found" when there is none
function image_methods:describe(image, id, options)
  local named <const>, err = name.image(image, id)
  if not named then return nil, err end
  local output
  output, err = self.client:call("DescribeImages", { repository_name = named.repository,
    registry_id = named.registry_id, image_ids = { name.id(named) } }, options)
  if not output then return nil, err end
  local detail <const> = output.image_details and output.image_details[1]
  if detail and detail.image_digest then return detail end
  return error_object.give{ kind = "protocol", operation = "DescribeImages",
    message = ("the service answered without the image %s"):format(named) }
end

local function chunk(list, first)
  return table.move(list, first, math.min(first + MOST_IDS - 1, #list), 1, {})
end

--- Images with their manifests, as many as asked for. What is not there comes in `failures`, an
--- error of its own for each id.
---@param repository string
---@param ids {tag?: string, digest?: string}[]
---@param options? {registry_id?: string, deadline?: number}
---@return {images: table[], failures: table[]}?
---@return ecr.Error?
function image_methods:batch_get(repository, ids, options)
  local wanted <const> = {}
  for i, id in ipairs(ids) do
    local named <const>, err <const> = name.image(repository, id)
    if not named then return nil, err end
    wanted[i] = name.id(named)
  end
  local images <const>, failures <const> = {}, {}
  for first = 1, #wanted, MOST_IDS do
    local output <const>, err <const> = self.client:call("BatchGetImage", {
      repository_name = repository, registry_id = options and options.registry_id,
      image_ids = chunk(wanted, first), accepted_media_types = MEDIA_TYPES }, options)
    if not output then return nil, err end
    table.move(output.images or {}, 1, #(output.images or {}), #images + 1, images)
    table.move(output.failures or {}, 1, #(output.failures or {}), #failures + 1, failures)
  end
  return { images = images, failures = failures }
end

--- What a failure code of a batch means.
local FAILURE_KINDS <const> = {
  ImageNotFound = "not_found", InvalidImageDigest = "input", InvalidImageTag = "input",
  MissingDigestAndTag = "input", ImageTagDoesNotMatchDigest = "conflict",
  ImageReferencedByManifestList = "conflict", KmsError = "denied", UpstreamAccessDenied = "denied",
  UpstreamTooManyRequests = "throttled", UpstreamUnavailable = "server",
    ImageInaccessible = "conflict",
}

--- The failure of one id as an error object.
---@param failure {image_id: table, failure_code: string, failure_reason: string}
---@param operation string
---@return ecr.Error
local function failure_error(failure, operation)
  return error_object.new{ kind = FAILURE_KINDS[failure.failure_code] or "protocol",
    code = failure.failure_code, operation = operation,
    message = failure.failure_reason or "the service gave no reason" }
end

--- One image with its manifest.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return table? image `image_manifest` (the exact text), `image_manifest_media_type`, `image_id`
---@return ecr.Error?
function image_methods:get(image, id, options)
  local named <const>, err = name.image(image, id)
  if not named then return nil, err end
  local got
  got, err = self:batch_get(named.repository, { named },
    { registry_id = named.registry_id, deadline = options and options.deadline })
  if not got then return nil, err end
  if got.failures[1] then return nil, failure_error(got.failures[1], "BatchGetImage") end
  if got.images[1] then return got.images[1] end
  return error_object.give{ kind = "protocol", operation = "BatchGetImage",
    message = ("the service answered without the image %s"):format(named) }
end

local image <const> = { failure_error = failure_error }

--- The service of a client.
---@param client ecr.Client
---@return ecr.ImageService
function image.new(client)
  return setmetatable({ client = client }, image_mt)
end

return image
