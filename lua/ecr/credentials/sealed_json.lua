-- SPDX-License-Identifier: MIT
--- JSON with secrets in it, sealed as a whole: for requests, and for the caches that AWS's tools
--- share. The members of an object stand in the order of their names.

local core <const> = require "ecr.core"
local json <const> = require "ecr.json"

local append

--- What no double holds stays what it was.
local function number(value)
  if value == math.huge then return "1e999" end
  if value == -math.huge then return "-1e999" end
  return json.number(value)
end

local function append_list(parts, list)
  parts[#parts + 1] = "["
  for i, item in ipairs(list) do
    if i > 1 then parts[#parts + 1] = ", " end
    append(parts, item)
  end
  parts[#parts + 1] = "]"
end

local function append_object(parts, object)
  local names <const> = {}
  for name in pairs(object) do names[#names + 1] = name end
  table.sort(names)
  parts[#parts + 1] = "{"
  for i, name in ipairs(names) do
    if i > 1 then parts[#parts + 1] = ", " end
    parts[#parts + 1] = core.secret(name):json()
    parts[#parts + 1] = ": "
    append(parts, object[name])
  end
  parts[#parts + 1] = "}"
end

function append(parts, value)
  local kind <const> = type(value)
  if value == json.null then
    parts[#parts + 1] = "null"
  elseif kind == "userdata" then
    parts[#parts + 1] = value:json()
  elseif kind == "string" then
    parts[#parts + 1] = core.secret(value):json()
  elseif kind == "number" then
    parts[#parts + 1] = number(value)
  elseif kind == "boolean" then
    parts[#parts + 1] = tostring(value)
  elseif json.is_list(value) then
    append_list(parts, value)
  else
    append_object(parts, value)
  end
end

--- The JSON text of a value: strings, numbers, booleans, null, secrets, and tables of these.
---@param value any
---@return userdata text sealed
return function(value)
  local parts <const> = {}
  append(parts, value)
  return core.join(parts)
end
