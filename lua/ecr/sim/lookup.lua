-- SPDX-License-Identifier: MIT
--- What a request is about: the repository, the image and the page it asks for. Each gives `nil`
--- and the fault that the service would answer when there is no such thing. And how answers name what
--- was found.

local page <const> = require "ecr.sim.page"
local refusal <const> = require "ecr.sim.refusal"
local world <const> = require "ecr.sim.world"

---@class ecr.sim.Scope
---@field account string
---@field region string

local lookup <const> = {}

--- The repository of a name.
---@param state ecr.sim.World
---@param scope ecr.sim.Scope
---@param name string
---@return ecr.sim.Repository?
---@return ecr.sim.Fault?
function lookup.repository(state, scope, name)
  local repository <const> = state:registry(scope.account, scope.region).repositories[name]
  if repository then return repository end
  return refusal.repository_not_found(scope, name)
end

--- The repository of an ARN in the region that is asked; the ARN says whose it is.
---@param state ecr.sim.World
---@param scope ecr.sim.Scope
---@param arn string
---@return ecr.sim.Repository?
---@return ecr.sim.Fault?
function lookup.resource(state, scope, arn)
  local region <const>, account <const>,
    name <const> = arn:match("^arn:[^:]+:ecr:([^:]*):(%d+):repository/(.+)$")
  if region ~= scope.region then return refusal.bad_arn() end
  return lookup.repository(state, { account = account, region = region }, name)
end

--- The repository and the image that an input with `repository_name` and `image_id` names.
---@return ecr.sim.Repository?
---@return ecr.sim.Image|ecr.sim.Fault
function lookup.image(state, scope, input)
  local repository <const>, fault <const> = lookup.repository(state, scope, input.repository_name)
  if not repository then return nil, fault end
  local image <const> = world.find_image(repository, input.image_id)
  if image then return repository, image end
  return refusal.image_not_found(scope, repository.name, input.image_id)
end

local REASONS <const> = {
  MissingDigestAndTag = "Invalid request parameters: both tag and digest cannot be null",
  InvalidImageDigest = "Invalid request parameters: image digest should satisfy the regex "
    .. "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  InvalidImageTag = "Invalid request parameters: image tag should satisfy the regex "
    .. "'[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
  ImageTagDoesNotMatchDigest = "Requested image tag does not belong to the requested image digest",
  ImageNotFound = "Requested image not found",
}

--- What is wrong with an id as it stands; nil when nothing is.
local function malformed(id)
  local digest <const>, tag <const> = id.image_digest, id.image_tag
  if not digest and not tag then return "MissingDigestAndTag" end
  if digest and not digest:find("^[%w%-_+.]+:%x+$") then return "InvalidImageDigest" end
  if tag and not (#tag <= 128 and tag:find("^[%w_][%w._%-]*$")) then return "InvalidImageTag" end
end

--- The image of an id that is one of many: what is wrong with it is no fault of the call, but an
--- element of `failures`.
---@param repository ecr.sim.Repository
---@param id {image_tag?: string, image_digest?: string}
---@return ecr.sim.Image?
---@return {image_id: table, failure_code: string, failure_reason: string}?
function lookup.in_batch(repository, id)
  local image, code = nil, malformed(id)
  if not code then image, code = world.find_image(repository, id) end
  if image then return image end
  return nil, { image_id = id, failure_code = code, failure_reason = REASONS[code] }
end

--- One page of a list, as the input asks for it.
---@param label string which list it is
---@param items table[]
---@param input {next_token?: string, max_results?: integer}
---@return {items: table[], token?: string}?
---@return ecr.sim.Fault?
function lookup.page(label, items, input)
  local offset <const> = page.open(label, input.next_token)
  if not offset then return refusal.bad_token() end
  local cut <const>, token <const> = page.cut(label, items, offset, input.max_results
    or page.DEFAULT)
  return { items = cut, token = token }
end

--- The fault of asking for pages of things that are named one by one; nil when nobody does.
---@param input table
---@param names string the member that names them
---@return ecr.sim.Fault?
function lookup.refuse_paging(input, names)
  if not input.max_results and not input.next_token then return nil end
  return select(2, refusal.invalid_parameter("'maxResults' and 'nextToken' cannot go with '%s'",
    names))
end

--- A repository as answers carry it.
---@param scope ecr.sim.Scope
---@param repository ecr.sim.Repository
---@return table
function lookup.describe_repository(scope, repository)
  return {
    repository_arn = repository.arn, registry_id = scope.account, repository_name = repository.name,
    repository_uri = repository.uri, created_at = repository.created_at,
    image_tag_mutability = repository.tag_mutability,
    image_tag_mutability_exclusion_filters = repository.exclusion_filters,
    image_scanning_configuration = { scan_on_push = repository.scan_on_push },
    encryption_configuration = repository.encryption or { encryption_type = "AES256" },
  }
end

--- An image's id as answers carry it.
---@param image ecr.sim.Image
---@param tag? string
---@return {image_digest: string, image_tag?: string}
function lookup.id(image, tag)
  return { image_digest = image.digest, image_tag = tag }
end

return lookup
