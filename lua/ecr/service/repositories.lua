-- SPDX-License-Identifier: MIT
--- What private and public repositories share: which of a list are wanted, and one by its name.

local error_object <const> = require "ecr.error"
local glob <const> = require "ecr.glob"
local repository_type <const> = require "ecr.types.repository"

local repositories <const> = {}

--- What a repository must be to be kept; nil when all are.
---@param filter {glob?: string}
---@return (fun(one: table): boolean)?
function repositories.keep(filter)
  return filter.glob and function(one) return glob.matches(filter.glob, one.repository_name) end
end

--- One repository by its name, which has been checked.
---@param client ecr.Client
---@param operation string that of the private or of the public API
---@param name string
---@return ecr.Repository?
---@return ecr.Error?
function repositories.describe_one(client, operation, name)
  local output <const>, err <const> = client:call(operation, { repository_names = { name } })
  if not output then return nil, err end
  local found <const> = output.repositories and output.repositories[1]
  if found then return repository_type.of(found) end
  return error_object.give{ kind = "protocol", operation = "DescribeRepositories",
    message = "the service answered without the repository that was asked for" }
end

return repositories
