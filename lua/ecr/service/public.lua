-- SPDX-License-Identifier: MIT
--- ECR Public: the caller's own public repositories. Its API is in us-east-1, whatever the client's
--- region; it has no scans, no manifests and no lists of other registries. Source of behaviour: the
--- Amazon ECR Public API Reference.

local check <const> = require "ecr.check"
local image_type <const> = require "ecr.types.image"
local order <const> = require "ecr.service.image_order"
local pages <const> = require "ecr.pages"
local repositories <const> = require "ecr.service.repositories"
local repository_type <const> = require "ecr.types.repository"

local PAGE_SIZE <const> = 1000
local FILTER <const> = { glob = "string", max_items = "integer", page_size = "integer" }

---@class ecr.PublicService
---@field client ecr.Client
local public_methods <const> = {}
local public_mt <const> = { __name = "ecr.service.public", __index = public_methods }

local function open(self, operation, input, filter, shape)
  input.max_results = filter.page_size or PAGE_SIZE
  return pages.open(self.client, "ecr-public:" .. operation, input, { key = shape.key,
    convert = shape.convert, max_items = filter.max_items, keep = shape.keep(filter) })
end

local REPOSITORIES <const> = { key = "repositories", convert = repository_type.of,
  keep = repositories.keep }
local IMAGES <const> = { key = "image_details", convert = image_type.detail, keep = order.keep }

--- All of the caller's public repositories.
---@param filter? {glob?: string, max_items?: integer, page_size?: integer}
---@return ecr.Repository[]?
---@return ecr.Error? code "UnsupportedCommandException" where there is no ECR Public
function public_methods:list_repos(filter)
  filter = filter or {}
  local ok <const>, err <const> = check.options(filter, FILTER)
  if not ok then return nil, err end
  return open(self, "DescribeRepositories", {}, filter, REPOSITORIES):all()
end

--- One public repository by name.
---@param name string
---@return ecr.Repository?
---@return ecr.Error? kind "not_found" when there is none
function public_methods:get_repo(name)
  local ok <const>, err <const> = check.repository_name(name, { public = true })
  if not ok then return nil, err end
  return repositories.describe_one(self.client, "ecr-public:DescribeRepositories", name)
end

--- The images of a public repository, one for each digest.
---@param name string
---@param filter? {glob?: string, max_items?: integer, page_size?: integer}
---@return ecr.ImageDetail[]?
---@return ecr.Error?
function public_methods:list_images(name, filter)
  filter = filter or {}
  local ok, err = check.options(filter, FILTER)
  if ok then ok, err = check.repository_name(name, { public = true }) end
  if not ok then return nil, err end
  return open(self, "DescribeImages", { repository_name = name }, filter, IMAGES):all()
end

--- A token for ECR Public's registry. Its identity needs `ecr-public:GetAuthorizationToken` and
--- `sts:GetServiceBearerToken`.
--- It is kept like the private one: see `auth:get_token`.
---@param options? {min_remaining?: number} seconds
---@return ecr.AuthorizationData?
---@return ecr.Error?
function public_methods:get_token(options)
  return self.client.auth.public:get(options and options.min_remaining or 0)
end

local public <const> = {}

--- The service of a client.
---@param client ecr.Client
---@return ecr.PublicService
function public.new(client)
  return setmetatable({ client = client }, public_mt)
end

return public
