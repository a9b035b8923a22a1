-- SPDX-License-Identifier: MIT
--- Repositories. Source of behaviour: DescribeRepositories in the Amazon ECR API Reference.

local error_object <const> = require "ecr.error"
local pages <const> = require "ecr.pages"

---@class ecr.RepositoryService
---@field client ecr.Client
local repository_methods <const> = {}
local repository_mt <const> = { __name = "ecr.service.repository", __index = repository_methods }

--- All repositories of the registry, in the order the service gives them.
---@return table[]? repositories `repository_name`, `repository_uri`, `repository_arn`, ...
---@return ecr.Error?
function repository_methods:list()
  return pages.collect(self.client, "DescribeRepositories", { max_results = 1000 }, "repositories")
end

--- One repository by name.
---@param name string
---@return table?
---@return ecr.Error? kind "not_found" when there is none
function repository_methods:get(name)
  local output <const>, err <const> = self.client:call("DescribeRepositories",
    { repository_names = { name } })
  if not output then return nil, err end
  local found <const> = output.repositories and output.repositories[1]
  if found then return found end
  return error_object.give{ kind = "protocol", operation = "DescribeRepositories",
    message = "the service answered without the repository that was asked for" }
end

local repository <const> = {}

--- The service of a client.
---@param client ecr.Client
---@return ecr.RepositoryService
function repository.new(client)
  return setmetatable({ client = client }, repository_mt)
end

return repository
