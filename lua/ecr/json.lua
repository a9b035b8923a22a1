-- SPDX-License-Identifier: MIT
--- Writing JSON documents for people and programs: keys in a fixed order, empty lists that stay
--- lists, integers that stay integers. (lua-cjson, which reads documents for scripts, can do none
--- of the three.)

local core <const> = require "ecr.core"

local json <const> = {}

local list_mt <const> = core.list -- empty lists of documents have it

--- Marks a table as a list, which an empty table needs to become `[]`.
---@param items? table
---@return table
function json.list(items)
  return setmetatable(items or {}, list_mt)
end

--- JSON's null, the same value as lua-cjson's.
json.null = core.null

--- Whether a table is a list.
---@param value table
---@return boolean
function json.is_list(value)
  return getmetatable(value) == list_mt or value[1] ~= nil
end

local function quote(text)
  local quoted <const> = core.quote(text)
  if quoted then return quoted end
  return assert(core.quote((text:gsub("[\x80-\xff]", "?")))) -- not UTF-8: what can be shown of it
end

--- A number as text: the fewest digits that are this number.
---@param value number
---@return string
function json.number(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if value ~= value or value == math.huge or value == -math.huge then
    error("JSON has no number " .. tostring(value))
  end
  if value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    return ("%d"):format(value // 1 | 0)
  end
  for precision = 15, 16 do
    local text <const> = ("%%.%dg"):format(precision):format(value)
    if tonumber(text) == value then return text end
  end
  return ("%.17g"):format(value)
end

local write

local function write_items(out, open, close, count, indent, each)
  if count == 0 then
    out[#out + 1] = open .. close
    return
  end
  out[#out + 1] = open
  for i = 1, count do
    out[#out + 1] = (i > 1 and "," or "") .. "\n" .. indent .. "  "
    each(i, indent .. "  ")
  end
  out[#out + 1] = "\n" .. indent .. close
end

local function write_list(out, value, indent)
  write_items(out, "[", "]", #value, indent, function(i, deeper) write(out, value[i], deeper) end)
end

local function write_object(out, value, indent)
  local keys <const> = {}
  for key in pairs(value) do
    assert(type(key) == "string", "a JSON object's keys are strings")
    keys[#keys + 1] = key
  end
  table.sort(keys)
  write_items(out, "{", "}", #keys, indent, function(i, deeper)
    out[#out + 1] = quote(keys[i]) .. ": "
    write(out, value[keys[i]], deeper)
  end)
end

function write(out, value, indent)
  local kind <const> = type(value)
  if value == json.null then
    out[#out + 1] = "null"
  elseif kind == "table" then
    local writer <const> = json.is_list(value) and write_list or write_object
    writer(out, value, indent)
  elseif kind == "string" then
    out[#out + 1] = quote(value)
  elseif kind == "number" then
    out[#out + 1] = json.number(value)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  else
    error("JSON has no " .. kind) -- a secret among them: it is never written by accident
  end
end

--- A value as indented JSON text, with a final newline.
---@param value any
---@return string
function json.encode(value)
  local out <const> = {}
  write(out, value, "")
  out[#out + 1] = "\n"
  return table.concat(out)
end

return json
