-- SPDX-License-Identifier: MIT
--- Lists that come in pages. `all` gives everything or an error, never a part; `each` gives one item
--- after the other while the next page is fetched already. A token that comes back twice is an error,
--- since the list would never end.

local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"

---@class ecr.PageOptions
---@field key string the output's member that holds the items
---@field convert? fun(raw: table): any what an item is made into
---@field keep? fun(item: any): boolean which items are wanted
---@field max_items? integer no more than so many
---@field call? table for `client:call`

---@class ecr.Pages
---@field client ecr.Client
---@field operation string
---@field input table the next request's
---@field options ecr.PageOptions
---@field seen table<string, boolean> tokens
---@field ended boolean
---@field left number items that are still wanted
local pages_methods <const> = {}
local pages_mt <const> = { __name = "ecr.pages", __index = pages_methods }

local pages <const> = {}

--- A list that is read from its beginning. Nothing is asked for yet.
---@param client ecr.Client
---@param operation string
---@param input table is not changed
---@param options ecr.PageOptions
---@return ecr.Pages
function pages.open(client, operation, input, options)
  local asked <const> = {}
  for key, value in pairs(input) do asked[key] = value end
  return setmetatable({ client = client, operation = operation, input = asked, options = options,
    seen = {}, ended = false, left = options.max_items or math.huge }, pages_mt)
end

local function repeated(operation)
  return error_object.give{ kind = "protocol", code = "repeated_token", operation = operation,
    message = "the service gave the same nextToken twice: the list would never end" }
end

--- Remembers where the next page begins.
local function advance(self, output)
  local token = output.next_token
  if token == "" then token = nil end
  if token and self.seen[token] then return repeated(self.operation) end
  if token then self.seen[token] = true end
  self.input.next_token = token
  self.ended = token == nil
  return true
end

--- The next page as the service gives it; nil without an error when there is none.
---@return table?
---@return ecr.Error?
function pages_methods:next_output()
  if self.ended then return nil end
  local output <const>, err <const> = self.client:call(self.operation, self.input,
    self.options.call)
  if not output then return nil, err end
  local ok <const>, problem <const> = advance(self, output)
  if not ok then return nil, problem end
  return output
end

--- The items of a page that are wanted.
local function items_of(self, output)
  local options <const>, items <const> = self.options, {}
  for _, raw in ipairs(output[options.key] or {}) do
    if self.left == 0 then break end
    local item <const> = options.convert and options.convert(raw) or raw
    if not options.keep or options.keep(item) then
      items[#items + 1] = item
      self.left = self.left - 1
    end
  end
  if self.left == 0 then self.ended = true end
  return items
end

--- The wanted items of the next page; nil without an error at the end.
local function next_items(self)
  local output <const>, err <const> = self:next_output()
  if not output then return nil, err end
  return items_of(self, output)
end

--- Everything.
---@return any[]?
---@return ecr.Error?
function pages_methods:all()
  local all <const> = {}
  while not self.ended and self.left > 0 do
    local items <const>, err <const> = next_items(self)
    if not items then return nil, err end
    table.move(items, 1, #items, #all + 1, all)
  end
  return all
end

---@class ecr.PageWalk where an `each` stands
---@field pages ecr.Pages
---@field items any[]
---@field at integer
---@field ahead? ecr.Task what fetches the next page
local walk_mt <const> = { __name = "ecr.page_walk" }

--- Nobody wants the rest: `for` closes the walk when its loop ends, however it ends.
function walk_mt.__close(self)
  if self.ahead then self.ahead:cancel() end
  self.ahead, self.pages.ended = nil, true
end

local function fetch_ahead(walk)
  if walk.pages.ended or walk.pages.left == 0 then return end
  walk.ahead = loop.start(next_items, walk.pages)
end

--- Takes the page that was fetched; false at the end of the list.
local function turn(walk)
  if not walk.ahead then return false end
  local task <const> = walk.ahead
  walk.ahead = nil
  local items <const>, err <const> = task:await()
  if err then error(err, 0) end
  if not items then return false end
  walk.items, walk.at = items, 0
  fetch_ahead(walk)
  return true
end

local function step(walk)
  while walk.at == #walk.items do
    if not turn(walk) then return nil end
  end
  walk.at = walk.at + 1
  return walk.items[walk.at]
end

--- One item after the other, for a `for` loop; raises the error object, since `for` would take nil
--- for the end.
---@return fun(walk: ecr.PageWalk): any step
---@return ecr.PageWalk walk
---@return nil
---@return ecr.PageWalk closed when the loop ends
function pages_methods:each()
  local walk <const> = setmetatable({ pages = self, items = {}, at = 0 }, walk_mt)
  fetch_ahead(walk)
  return step, walk, nil, walk
end

return pages
