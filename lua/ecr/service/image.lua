-- SPDX-License-Identifier: MIT
--- Images: what there is, what it is like, its bytes. Writes are `ecr.service.image_writes`'. Source
--- of behaviour: ListImages, DescribeImages and BatchGetImage in the Amazon ECR API Reference.

local batch <const> = require "ecr.service.batch"
local check <const> = require "ecr.check"
local error_object <const> = require "ecr.error"
local image_type <const> = require "ecr.types.image"
local name <const> = require "ecr.name"
local order <const> = require "ecr.service.image_order"
local pages <const> = require "ecr.pages"
local subject <const> = require "ecr.service.subject"
local writes <const> = require "ecr.service.image_writes"

local PAGE_SIZE <const> = 1000

---@class ecr.ImageFilter
---@field tag_status? "TAGGED"|"UNTAGGED"|"ANY"
---@field image_status? "ACTIVE"|"ARCHIVED"|"ACTIVATING"|"ANY" the service gives ACTIVE ones unless told otherwise
---@field glob? string "release-*": with a tag that matches
---@field order? "newest"|"semver" over the whole set; `list` knows only "semver"
---@field max_items? integer after ordering
---@field page_size? integer 1 to 1000

---@class ecr.ImageService
---@field client ecr.Client
---@field gate? fun(client: ecr.Client, image: any, options: table): table?, ecr.Error?
local image_methods <const> = {}
local image_mt <const> = { __name = "ecr.service.image", __index = image_methods }

local FILTER <const> = { tag_status = "string", image_status = "string", glob = "string",
  order = "string", max_items = "integer", page_size = "integer", deadline = "number" }

-- --- lists ---------------------------------------------------------------------------------------

--- A checked filter and the pages it asks for.
local function open(self, operation, repository, filter, paging)
  filter = filter or {}
  local ok, err = check.options(filter, FILTER)
  if ok then ok, err = check.repository_name(repository) end
  if ok then ok, err = order.check(filter, paging.orders) end
  if not ok then return nil, err end
  local wire <const> = { tag_status = filter.tag_status, image_status = filter.image_status }
  return pages.open(self.client, operation, { repository_name = repository,
    max_results = filter.page_size or PAGE_SIZE, filter = next(wire) and wire or nil }, {
    key = paging.key, convert = paging.convert, keep = order.keep(filter),
    max_items = not filter.order and filter.max_items or nil,
    call = { deadline = filter.deadline } }), filter
end

local function all_of(list, filter)
  local items <const>, err <const> = list:all()
  if not items then return nil, err end
  return order.sort(items, filter)
end

local IDS <const> = { key = "image_ids", convert = image_type.identifier,
  orders = { semver = true } }
local DETAILS <const> = { key = "image_details", convert = image_type.detail,
  orders = { semver = true, newest = true } }

--- Page by page, in the service's order.
local function each_of(self, operation, repository, filter, paging)
  local list <const>, err <const> = open(self, operation, repository, filter,
    { key = paging.key, convert = paging.convert, orders = {} })
  if not list then error(err, 0) end
  return list:each()
end

--- All image ids of a repository: one for each tag, one for each untagged image.
---@param repository string
---@param filter? ecr.ImageFilter
---@return ecr.ImageIdentifier[]?
---@return ecr.Error?
function image_methods:list(repository, filter)
  local list <const>, settled <const> = open(self, "ListImages", repository, filter, IDS)
  if not list then return nil, settled end
  return all_of(list, settled)
end

--- The same one after the other, read page by page, in the service's order; raises the error object.
---@param repository string
---@param filter? ecr.ImageFilter without `order`
---@return fun(): ecr.ImageIdentifier?
function image_methods:each(repository, filter)
  return each_of(self, "ListImages", repository, filter, IDS)
end

--- What the registry knows of the images of a repository, one after the other, in the service's
--- order; raises the error object.
---@param repository string
---@param filter? ecr.ImageFilter without `order`
---@return fun(): ecr.ImageDetail?
function image_methods:each_detail(repository, filter)
  return each_of(self, "DescribeImages", repository, filter, DETAILS)
end

-- --- describing ----------------------------------------------------------------------------------

local function ask_for_one(home, named, options)
  local output <const>, err <const> = home:call("DescribeImages", {
    repository_name = named.repository, registry_id = named.registry_id,
    image_ids = { name.id(named) } }, options)
  if not output then return nil, err end
  local detail <const> = output.image_details and output.image_details[1]
  if detail and detail.image_digest then return image_type.detail(detail) end
  return error_object.give{ kind = "protocol", operation = "DescribeImages",
    message = ("the service answered without the image %s"):format(named) }
end

local function describe_one(home, named, options)
  return home:kept({ kind = "detail", repository = named.repository, registry = named.registry_id,
    id = named.digest or named.tag }, options, function(calls)
    return ask_for_one(home, named, calls)
  end)
end

local function describe_ids(self, repository, ids, options)
  local details <const> = {}
  local function take(output)
    for _, raw in ipairs(output.image_details or {}) do
      details[#details + 1] = image_type.detail(raw)
    end
  end
  local ok <const>, err <const> = batch.each(self.client, "DescribeImages", repository, ids,
    options, take)
  if not ok then return nil, err end
  return details
end

local function is_list(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
    and getmetatable(value) == nil
end

local function is_filter(value)
  return type(value) == "table" and not (value.tag or value.digest or value.image_tag
    or value.image_digest)
end

--- What the registry knows of images, without reading their manifests (reading those renews their
--- pull time). One image (a reference, or a repository and one id) gives its detail; a repository and
--- a list of ids, any number, gives a list of details, one for each digest; a repository alone, or
--- with a filter, all of its images. Only one image's detail can come from the metadata cache.
---@param image string|ecr.ImageName a reference, or a repository
---@param ids? table one id `{tag=}` or `{digest=}`, a list of ids, or an `ecr.ImageFilter`
---@param options? {deadline?: number, registry_id?: string, no_cache?: boolean} for calls by id
---@return ecr.ImageDetail|ecr.ImageDetail[]|nil
---@return ecr.Error? kind "not_found" when one of the ids is not there
function image_methods:describe(image, ids, options)
  if ids ~= nil and is_list(ids) and type(image) == "string" and #ids > 0 then
    return describe_ids(self, image, ids, options)
  end
  local of_repository <const> = type(image) == "string" and not image:find("[:@]")
  if of_repository and (ids == nil or is_filter(ids)) then
    local list <const>, settled <const> = open(self, "DescribeImages", image, ids, DETAILS)
    if not list then return nil, settled end
    return all_of(list, settled)
  end
  local named <const>, home <const> = subject(self.client, image, ids)
  if not named then return nil, home end
  return describe_one(home, named, options)
end

-- --- manifests -----------------------------------------------------------------------------------

--- Images with their manifests, as many as asked for. What is not there comes in `failures`, one for
--- each id.
---@param repository string
---@param ids {tag?: string, digest?: string}[]
---@param options? {registry_id?: string, deadline?: number}
---@return {images: ecr.Image[], failures: ecr.ImageFailure[]}?
---@return ecr.Error?
function image_methods:batch_get(repository, ids, options)
  local images <const>, failures <const> = {}, {}
  local ok <const>, err <const> = batch.each(self.client, "BatchGetImage", repository, ids, options,
    function(output)
      for _, raw in ipairs(output.images or {}) do images[#images + 1] = image_type.of(raw) end
      batch.add_failures(failures, output.failures, "BatchGetImage")
    end)
  if not ok then return nil, err end
  return { images = images, failures = failures }
end

--- One image with its manifest.
---@param image string|ecr.ImageName
---@param id? {tag?: string, digest?: string}
---@param options? {deadline?: number}
---@return ecr.Image?
---@return ecr.Error?
function image_methods:get(image, id, options)
  local named <const>, home <const> = subject(self.client, image, id)
  if not named then return nil, home end
  local got <const>, err <const> = home.image:batch_get(named.repository, { named },
    { registry_id = named.registry_id, deadline = options and options.deadline })
  if not got then return nil, err end
  if got.failures[1] then return nil, got.failures[1].error end
  if got.images[1] then return got.images[1] end
  return error_object.give{ kind = "protocol", operation = "BatchGetImage",
    message = ("the service answered without the image %s"):format(named) }
end

-- --- deployment ----------------------------------------------------------------------------------

---@class ecr.DeployableImage
---@field image ecr.ImageDetail
---@field verdict ecr.GateVerdict
---@field passed boolean
---@field registry_uri string host of the registry
---@field reference string pinned by digest, for whoever deploys

--- An image for deployment: gated, and named by its digest so that what was gated is what runs.
---@param repository string
---@param tag string
---@param policy? ecr.GateOptions
---@return ecr.DeployableImage?
---@return ecr.Error?
function image_methods:get_for_deployment(repository, tag, policy)
  local client <const> = self.client:uncached()
  local detail <const>, err <const> = client.image:describe(repository, { tag = tag })
  if not detail then return nil, err end
  local found <const>, problem <const> = client.repository:get(repository)
  if not found then return nil, problem end
  local verdict <const>, refusal <const> = self.gate(client,
    repository .. "@" .. detail.image_digest, policy)
  if not verdict then return nil, refusal end
  return { image = detail, verdict = verdict, passed = verdict.verdict == "pass",
    registry_uri = found.repository_uri:match("^[^/]+"),
    reference = found:reference{ digest = detail.image_digest } }
end

image_methods.put_tag = writes.put_tag
image_methods.batch_delete = writes.batch_delete

local image <const> = {}

--- The service of a client.
---@param client ecr.Client
---@param gate fun(client: ecr.Client, image: any, options: table): table?, ecr.Error? for `get_for_deployment`
---@return ecr.ImageService
function image.new(client, gate)
  return setmetatable({ client = client, gate = gate }, image_mt)
end

return image
