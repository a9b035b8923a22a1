-- SPDX-License-Identifier: MIT
--- Reading a list to its end. All of it or an error, never a part; a token that comes back twice is
--- an error, since it would never end.

local error_object <const> = require "ecr.error"

local pages <const> = {}

local function repeated(operation)
  return error_object.give{ kind = "protocol", code = "repeated_token", operation = operation,
    message = "the service gave the same nextToken twice: the list would never end" }
end

--- Calls an operation page after page and hands each output to `take`.
---@param client ecr.Client
---@param operation string
---@param input table is not changed
---@param take fun(output: table, first: boolean)
---@param options? table for `client:call`
---@return true?
---@return ecr.Error?
function pages.each(client, operation, input, take, options)
  local asked <const> = {}
  for key, value in pairs(input) do asked[key] = value end
  local seen <const> = {}
  repeat
    local output <const>, err <const> = client:call(operation, asked, options)
    if not output then return nil, err end
    take(output, asked.next_token == nil)
    local token <const> = output.next_token
    if token and token ~= "" then
      if seen[token] then return repeated(operation) end
      seen[token] = true
    end
    asked.next_token = token
  until not asked.next_token or asked.next_token == ""
  return true
end

--- All items of a list.
---@param client ecr.Client
---@param operation string
---@param input table
---@param key string the output's member that holds them
---@param options? table for `client:call`
---@return table[]?
---@return ecr.Error?
function pages.collect(client, operation, input, key, options)
  local items <const> = {}
  local ok <const>, err <const> = pages.each(client, operation, input, function(output)
    for _, item in ipairs(output[key] or {}) do items[#items + 1] = item end
  end, options)
  if not ok then return nil, err end
  return items
end

return pages
