-- SPDX-License-Identifier: MIT
--- Which images of a list are wanted, and in what order. The service knows neither globs nor orders,
--- so both are over the whole set. Pure.

local check <const> = require "ecr.check"
local error_object <const> = require "ecr.error"
local glob <const> = require "ecr.glob"
local semver <const> = require "ecr.semver"

local order <const> = {}

--- The tags of an identifier or a detail.
local function tags_of(item)
  return item.image_tags or { item.image_tag }
end

--- Whether the order is one that there is.
---@param filter ecr.ImageFilter
---@param orders table<string, boolean>
---@return true?
---@return ecr.Error?
function order.check(filter, orders)
  if not filter.order or orders[filter.order] then return true end
  local message <const> = next(orders) and check.unknown("order", filter.order, orders)
    or "order: what is read page by page comes in the service's order"
  return error_object.give{ kind = "input", code = "option", message = message }
end

--- What an item must be to be kept; nil when all are.
---@param filter ecr.ImageFilter
---@return (fun(item: table): boolean)?
function order.keep(filter)
  if not filter.glob then return nil end
  return function(item)
    for _, tag in ipairs(tags_of(item)) do
      if glob.matches(filter.glob, tag) then return true end
    end
    return false
  end
end

--- The highest version among an item's tags; nil when none is a version.
local function version_of(item)
  local best
  for _, tag in ipairs(tags_of(item)) do
    local version <const> = semver.read(tag)
    if version and (not best or semver.compare(version, best) > 0) then best = version end
  end
  return best
end

local function text_of(item)
  return table.concat(tags_of(item), "\0") .. "\0" .. (item.image_digest or "")
end

--- The highest version first; what is no version comes last, by name.
local function by_version(items)
  local versions <const> = {}
  for _, item in ipairs(items) do versions[item] = version_of(item) end
  return function(a, b)
    local of_a <const>, of_b <const> = versions[a], versions[b]
    if of_a and of_b then
      local compared <const> = semver.compare(of_a, of_b)
      if compared ~= 0 then return compared > 0 end
    elseif of_a or of_b then
      return of_a ~= nil
    end
    return text_of(a) < text_of(b)
  end
end

local function by_time(a, b)
  local of_a <const>, of_b <const> = a.image_pushed_at or 0, b.image_pushed_at or 0
  if of_a ~= of_b then return of_a > of_b end
  return text_of(a) < text_of(b)
end

--- The items in their order, no more than wanted.
---@param items table[] is sorted in place
---@param filter ecr.ImageFilter
---@return table[]
function order.sort(items, filter)
  if not filter.order then return items end
  table.sort(items, filter.order == "semver" and by_version(items) or by_time)
  for i = #items, (filter.max_items or math.huge) + 1, -1 do items[i] = nil end
  return items
end

return order
