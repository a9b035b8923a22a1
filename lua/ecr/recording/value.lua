-- SPDX-License-Identifier: MIT
--- Values as a recording holds them: JSON on one line, keys sorted, so that a value has one text. What
--- JSON cannot hold is an object with a marker: {"$bytes": base64} for a string that is no UTF-8,
--- {"$sealed": member, "bytes": n} in a secret's place, whose text is never written. A key of the
--- value's own that begins with "$" gets another one in front.
---
--- What is easy to get wrong: Lua does not tell an empty list from an empty object, the model does;
--- and a caller's table may have metamethods, which must not run here.

local core <const> = require "ecr.core"
local shapes <const> = require "ecr.recording.shapes"

local value <const> = {}

local problem_mt <const> = { __name = "ecr.recording.problem" }

local function refuse(message, ...)
  error(setmetatable({ message = message:format(...) }, problem_mt), 0)
end

--- Runs a function that may refuse what it is given.
---@param fn function
---@param ... any
---@return any? result
---@return string? problem
function value.try(fn, ...)
  local results <const> = table.pack(pcall(fn, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  if getmetatable(results[2]) == problem_mt then return nil, results[2].message end
  error(results[2], 0)
end

-- --- writing -------------------------------------------------------------------------------------

local function text_of_string(text)
  return core.quote(text) or ('{"$bytes":"' .. core.base64(text) .. '"}')
end

--- The fewest digits that are this number, and never those of an integer.
local function text_of_float(number)
  if number ~= number then refuse("JSON has no number %s", number) end
  if number == math.huge then return "1e999" end
  if number == -math.huge then return "-1e999" end
  local text
  for precision = 15, 17 do
    text = ("%%.%dg"):format(precision):format(number)
    if tonumber(text) == number then break end
  end
  return text:find("[.e]") and text or text .. ".0"
end

local function text_of_number(number, whole)
  local integer <const> = whole and math.tointeger(number) or number
  if math.type(integer) == "integer" then return ("%d"):format(integer) end
  return text_of_float(number)
end

local function sealed(secret, shape)
  return ('{"$sealed":%s,"bytes":%d}'):format(core.quote(shape.wire), #secret)
end

local function is_list(table_, shape)
  if next(table_) == nil then return shape.type == "list" end
  return rawget(table_, 1) ~= nil
end

local write

local function write_list(out, list, shape, whole)
  out[#out + 1] = "["
  for i = 1, rawlen(list) do
    if i > 1 then out[#out + 1] = "," end
    write(out, rawget(list, i), shapes.part(shape, i), whole)
  end
  out[#out + 1] = "]"
end

local function sorted_keys(object)
  local keys <const> = {}
  for key in next, object do
    if type(key) ~= "string" then refuse("a key is no string but a %s", type(key)) end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function text_of_key(key)
  local text <const> = core.quote(key:sub(1, 1) == "$" and "$" .. key or key)
  return text or refuse("a key is not UTF-8")
end

local function write_object(out, object, shape, whole)
  out[#out + 1] = "{"
  for i, key in ipairs(sorted_keys(object)) do
    if i > 1 then out[#out + 1] = "," end
    out[#out + 1] = text_of_key(key) .. ":"
    write(out, rawget(object, key), shapes.part(shape, key), whole)
  end
  out[#out + 1] = "}"
end

local SCALARS <const> = {
  string = text_of_string,
  number = text_of_number,
  boolean = tostring,
}

function write(out, item, shape, whole)
  local kind <const> = type(item)
  if item == core.null then
    out[#out + 1] = "null"
  elseif shape.sealed then
    out[#out + 1] = sealed(item, shape)
  elseif SCALARS[kind] then
    out[#out + 1] = SCALARS[kind](item, whole)
  elseif kind == "table" then
    local writer <const> = is_list(item, shape) and write_list or write_object
    writer(out, item, shape, whole)
  else
    refuse("a %s cannot be recorded", kind)
  end
end

--- The text of a value. Refuses what no answer holds: see `try`.
---@param item any
---@param shape table of the model
---@param whole? boolean 5.0 is written as 5, for comparing
---@return string
function value.text(item, shape, whole)
  local out <const> = {}
  write(out, item, shape, whole)
  return table.concat(out)
end

-- --- reading -------------------------------------------------------------------------------------

local LONGEST_SECRET <const> = 1024 * 1024 -- bytes

--- What consumers of the member expect to find in it, and nothing that opens any door.
local MADE <const> = {
  authorizationToken = function(bytes)
    local length <const> = math.max(6, bytes // 4 * 3)
    return core.base64(("AWS:" .. ("replayed"):rep(length // 8 + 1)):sub(1, length))
  end,
  downloadUrl = function() return "https://replayed.invalid/" end,
}

local function read_sealed(item, where)
  local name <const>, bytes <const> = item["$sealed"], item.bytes
  if type(name) ~= "string" or math.type(bytes) ~= "integer" or bytes < 0
    or bytes > LONGEST_SECRET then
    refuse("%s: no placeholder of a secret", where)
  end
  local make <const> = MADE[name]
  return core.secret(make and make(bytes) or "replayed")
end

local function read_bytes(item, where)
  local text <const> = item["$bytes"]
  return type(text) == "string" and core.unbase64(text) or refuse("%s: no base64", where)
end

local function is_number(item)
  return type(item) == "number" and item - item == 0
end

local function of_type(name)
  return function(item) return type(item) == name end
end

--- Whether a value with its markers undone may stand where the model has this type.
local FITS <const> = {
  string = of_type "string", blob = of_type "string", boolean = of_type "boolean",
  integer = function(item) return math.type(item) == "integer" end,
  double = is_number, timestamp = is_number,
  list = function(item) return type(item) == "table" and (item[1] ~= nil or next(item) == nil) end,
  structure = function(item) return type(item) == "table" and item[1] == nil end,
  map = function(item) return type(item) == "table" and item[1] == nil end,
  any = function() return true end,
}

local function plain_key(key, where)
  if type(key) ~= "string" or key:sub(1, 1) ~= "$" then return key end
  if key:sub(1, 2) ~= "$$" then refuse("%s: unknown marker %s", where, key) end
  return key:sub(2)
end

local read

local function read_table(item, shape, where)
  if item["$bytes"] ~= nil then return read_bytes(item, where) end
  local made <const> = {}
  for key, part in pairs(item) do
    local name <const> = plain_key(key, where)
    local deeper <const> = math.type(name) and ("%s[%d]"):format(where, name)
      or where .. "." .. name
    made[name] = read(part, shapes.part(shape, name), deeper)
  end
  return made
end

function read(item, shape, where)
  if shape.sealed then
    if type(item) ~= "table" then refuse("%s: no placeholder of a secret", where) end
    return read_sealed(item, where)
  end
  local made <const> = type(item) == "table" and read_table(item, shape, where) or item
  if not FITS[shape.type](made) then refuse("%s: no %s", where, shape.type) end
  return made
end

--- The value that was written. Refuses one that the model does not let stand there: see `try`.
---@param item any JSON as `core.decode` gives it
---@param shape table of the model
---@param where string what it is, for the refusal
---@return any
function value.read(item, shape, where)
  return read(item, shape, where)
end

return value
