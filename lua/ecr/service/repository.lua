-- SPDX-License-Identifier: MIT
--- Repositories and what hangs on them: policies, tags. Source of behaviour: DescribeRepositories,
--- GetLifecyclePolicy, GetRepositoryPolicy, ListTagsForResource in the Amazon ECR API Reference.

local check <const> = require "ecr.check"
local endpoint <const> = require "ecr.endpoint"
local lifecycle <const> = require "ecr.types.lifecycle"
local pages <const> = require "ecr.pages"
local repositories <const> = require "ecr.service.repositories"
local repository_type <const> = require "ecr.types.repository"

local MOST_NAMES <const> = 100 -- of one call
local PAGE_SIZE <const> = 1000

---@class ecr.RepositoryFilter
---@field names? string[] these and no others; one that is not there fails the call
---@field glob? string "team/*": whose names match
---@field max_items? integer
---@field page_size? integer 1 to 1000
---@field no_cache? boolean `list` asks, whatever the metadata cache has

---@class ecr.RepositoryService
---@field client ecr.Client
local repository_methods <const> = {}
local repository_mt <const> = { __name = "ecr.service.repository", __index = repository_methods }

local function check_names(names)
  for i, name in ipairs(names) do
    local ok <const>, err <const> = check.repository_name(name)
    if not ok then
      err.message = ("names[%d]: %s"):format(i, err.message)
      return nil, err
    end
  end
  return true
end

--- Repositories by their names, a hundred a call.
local function describe_named(self, names, take)
  for first = 1, #names, MOST_NAMES do
    local some <const> = table.move(names, first, math.min(first + MOST_NAMES - 1, #names), 1, {})
    local output <const>, err <const> = self.client:call("DescribeRepositories",
      { repository_names = some })
    if not output then return nil, err end
    for _, raw in ipairs(output.repositories or {}) do take(raw) end
  end
  return true
end

local EACH <const> = { glob = "string", max_items = "integer", page_size = "integer" }
local FILTER <const> = { names = "table", glob = "string", max_items = "integer",
  page_size = "integer", no_cache = "boolean" }

--- The pages of a list of repositories.
local function paged(self, filter)
  return pages.open(self.client, "DescribeRepositories",
    { max_results = filter.page_size or PAGE_SIZE }, { key = "repositories",
      max_items = filter.max_items, convert = repository_type.of,
      keep = repositories.keep(filter) })
end

local function named(self, filter)
  local found <const>, keep <const> = {}, repositories.keep(filter)
  local ok <const>, err <const> = describe_named(self, filter.names, function(raw)
    if keep and not keep(raw) then return end
    if filter.max_items and #found == filter.max_items then return end
    found[#found + 1] = repository_type.of(raw)
  end)
  if not ok then return nil, err end
  return found
end

--- Where the metadata cache keeps a repository.
local function place_of(one)
  return { kind = "repository", repository = one.repository_name, id = "" }
end

--- Where it keeps a list; the repositories in it are kept besides.
local function place_of_list(filter)
  return { kind = "repositories", repository = "", each = place_of, id = ("%q %q %s"):format(
    filter.glob, filter.max_items, filter.names and table.concat(filter.names, ",")) }
end

--- All repositories of the registry, or those that a filter lets through, in the order the service
--- gives them.
---@param filter? ecr.RepositoryFilter
---@return ecr.Repository[]?
---@return ecr.Error?
function repository_methods:list(filter)
  filter = filter or {}
  local ok, err = check.options(filter, FILTER)
  if ok and filter.names then ok, err = check_names(filter.names) end
  if not ok then return nil, err end
  return self.client:kept(place_of_list(filter), filter, function()
    if filter.names then return named(self, filter) end
    return paged(self, filter):all()
  end)
end

--- The same one after the other, read page by page; raises the error object.
---@param filter? ecr.RepositoryFilter without `names`
---@return fun(): ecr.Repository?
function repository_methods:each(filter)
  filter = filter or {}
  local ok <const>, err <const> = check.options(filter, EACH)
  if not ok then error(err, 0) end
  return paged(self, filter):each()
end

--- One repository by name.
---@param name string
---@param options? {no_cache?: boolean} asks, whatever the metadata cache has
---@return ecr.Repository?
---@return ecr.Error? kind "not_found" when there is none
function repository_methods:get(name, options)
  local ok, err = check.repository_name(name)
  if ok then ok, err = check.options(options or {}, { no_cache = "boolean" }) end
  if not ok then return nil, err end
  return self.client:kept(place_of{ repository_name = name }, options, function()
    return repositories.describe_one(self.client, "DescribeRepositories", name)
  end)
end

--- Calls a getter of something that a repository may not have.
local function get_optional(self, operation, name, missing)
  local ok <const>, err <const> = check.repository_name(name)
  if not ok then return nil, err end
  local output <const>, problem <const> = self.client:call(operation, { repository_name = name })
  if output then return output end
  if problem.code == missing then return false end
  return nil, problem
end

--- The repository's lifecycle policy.
---@param name string
---@return ecr.LifecyclePolicy|nil policy nil without an error: the repository has none
---@return ecr.Error? kind "not_found" when there is no such repository
function repository_methods:get_lifecycle(name)
  local output <const>, err <const> = get_optional(self, "GetLifecyclePolicy", name,
    "LifecyclePolicyNotFoundException")
  if not output then return nil, err end
  return lifecycle.of(output)
end

--- The repository's access policy: an IAM document as text.
---@param name string
---@return string|nil policy nil without an error: the repository has none
---@return ecr.Error? kind "not_found" when there is no such repository
function repository_methods:get_policy(name)
  local output <const>, err <const> = get_optional(self, "GetRepositoryPolicy", name,
    "RepositoryPolicyNotFoundException")
  if not output then return nil, err end
  return output.policy_text
end

--- The ARN of a repository: given, made of what is known, or asked for.
local function arn_of(self, name)
  if type(name) == "string" and name:find("^arn:") then return name end
  local ok <const>, refusal <const> = check.repository_name(name)
  if not ok then return nil, refusal end
  local config <const> = self.client.config
  if config.registry_id and config.region then
    return ("arn:%s:ecr:%s:%s:repository/%s"):format(endpoint.partition(config.region).id,
      config.region, config.registry_id, name)
  end
  local found <const>, err <const> = self:get(name)
  if not found then return nil, err end
  return found.repository_arn
end

--- The resource tags of a repository.
---@param name string its name, or its ARN
---@return table<string, string>? tags value by key; empty when there is none
---@return ecr.Error?
function repository_methods:list_tags(name)
  local arn <const>, err <const> = arn_of(self, name)
  if not arn then return nil, err end
  local output <const>, problem <const> = self.client:call("ListTagsForResource",
    { resource_arn = arn })
  if not output then return nil, problem end
  local tags <const> = {}
  for _, tag in ipairs(output.tags or {}) do tags[tag.key] = tag.value or "" end
  return tags
end

local repository <const> = {}

--- The service of a client.
---@param client ecr.Client
---@return ecr.RepositoryService
function repository.new(client)
  return setmetatable({ client = client }, repository_mt)
end

return repository
