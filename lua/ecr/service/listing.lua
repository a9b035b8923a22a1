-- SPDX-License-Identifier: MIT
--- Any operation that gives a list in pages, by its name: what the services do for theirs. Which
--- member holds the items the model says.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local pages <const> = require "ecr.pages"

local OPTIONS <const> = { max_items = "integer", deadline = "number" }

local listing <const> = {}

local function refuse(operation, message)
  return error_object.give{ kind = "input", code = "not_a_list", operation = operation,
    message = message }
end

--- The member of an operation's output that holds the items; nil when there is not just one list.
local function key_of(model)
  local results <const> = model and model.pages and model.pages.results
  if not results or #results ~= 1 then return nil end
  for _, member in ipairs(model.output.members) do
    if member.wire == results[1] then return member.name end
  end
end

--- Opens the list of an operation; nothing is asked for yet.
---@param client ecr.Client
---@param name string "DescribePullThroughCacheRules", "ecr-public:DescribeImages"
---@param input? table
---@param options? {max_items?: integer, deadline?: number}
---@return ecr.Pages?
---@return ecr.Error? kind "input" when the operation gives no list
function listing.open(client, name, input, options)
  options = options or {}
  local ok <const>, err <const> = check.options(options, OPTIONS)
  if not ok then return nil, err end
  local service, operation <const> = name:match("^([%l-]+):(.*)$")
  if client.config.public_registry then service = service or "ecr-public" end
  local key <const> = key_of(core.model(service or "ecr", operation or name)
    or not service and core.model("ecr-public", name))
  if not key then return refuse(name, ("%s gives no plain list in pages"):format(name)) end
  return pages.open(client, name, input or {}, { key = key,
    max_items = options.max_items, call = { deadline = options.deadline } })
end

return listing
