-- SPDX-License-Identifier: MIT
--- JSON with secrets in it, sealed as a whole: for requests, and for the caches that AWS's tools
--- share. The members of an object stand in the order of their names.

local core <const> = require "ecr.core"

local append

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
  if type(value) == "userdata" then
    parts[#parts + 1] = value:json()
  elseif type(value) == "string" then
    parts[#parts + 1] = core.secret(value):json()
  elseif type(value) ~= "table" then
    parts[#parts + 1] = tostring(value)
  elseif value[1] ~= nil then
    append_list(parts, value)
  else
    append_object(parts, value)
  end
end

--- The JSON text of a value: strings, numbers, booleans, secrets, and tables of these.
---@param value any
---@return userdata text sealed
return function(value)
  local parts <const> = {}
  append(parts, value)
  return core.join(parts)
end
