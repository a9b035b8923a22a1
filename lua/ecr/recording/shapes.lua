-- SPDX-License-Identifier: MIT
--- The model's shapes of an operation, made once: with the members of a structure by their name.

local core <const> = require "ecr.core"

local shapes <const> = {}

--- The shape of what no model describes.
shapes.ANY = { type = "any" }

local known <const> = {} -- "service:operation" -> view

local function index(shape)
  if shape.members then
    shape.by_name = {}
    for _, member in ipairs(shape.members) do shape.by_name[member.name] = index(member) end
  end
  if shape.element then index(shape.element) end
  return shape
end

--- What goes in and what comes out; nil for an operation that is none.
---@param service string
---@param operation string
---@return {input: table, output: table}?
function shapes.of(service, operation)
  local name <const> = service .. ":" .. operation
  if known[name] == nil then
    local view <const> = core.model(service, operation)
    known[name] = view and { input = index(view.input), output = index(view.output) } or false
  end
  return known[name] or nil
end

--- The shape of a part: a member of a structure, an item of a list, a value of a map.
---@param shape table
---@param key any
---@return table
function shapes.part(shape, key)
  if shape.by_name then return shape.by_name[key] or shapes.ANY end
  return shape.element or shapes.ANY
end

return shapes
