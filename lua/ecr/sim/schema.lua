-- SPDX-License-Identifier: MIT
--- Checks of plain data. A check is a function of a value and its place; it gives a copy of the
--- value, or nil and a sentence that begins with the place. Copies share nothing with what was
--- checked.

local check <const> = require "ecr.check"

---@alias ecr.sim.Check fun(value: any, place: string): any, string?

local schema <const> = {}

local function fail(place, problem, ...)
  return nil, (place == "" and "" or place .. ": ") .. problem:format(...)
end

local function join(place, key)
  return place == "" and key or place .. "." .. key
end

--- A text; `pattern` is what all of it must match, `what` its name in the message.
---@param what? string
---@param pattern? string
---@return ecr.sim.Check
function schema.text(what, pattern)
  return function(value, place)
    if type(value) ~= "string" then
      return fail(place, "must be a string, not a %s", type(value))
    end
    if pattern and not value:find("^" .. pattern .. "$") then
      return fail(place, "%q is no %s", value, what)
    end
    return value
  end
end

--- A finite number, at least `least`.
---@param least number
---@return ecr.sim.Check
function schema.number(least)
  return function(value, place)
    if type(value) ~= "number" then
      return fail(place, "must be a number, not a %s", type(value))
    end
    if value ~= value or value == math.huge or value < least then
      return fail(place, "must be a number from %s on", least)
    end
    return value
  end
end

--- A whole number, at least `least`. JSON may give it as a float.
---@param least integer
---@return ecr.sim.Check
function schema.integer(least)
  return function(value, place)
    local whole <const> = type(value) == "number" and math.tointeger(value)
    if not whole or whole < least then
      return fail(place, "must be a whole number from %d on", least)
    end
    return whole
  end
end

---@type ecr.sim.Check
function schema.flag(value, place)
  if type(value) ~= "boolean" then return fail(place, "must be true or false") end
  return value
end

--- One of some words.
---@param what string
---@param known table<string, any> keys are the words
---@return ecr.sim.Check
function schema.choice(what, known)
  return function(value, place)
    if type(value) ~= "string" or known[value] == nil then
      return fail(place, "%s", check.unknown(what, value, known))
    end
    return value
  end
end

--- A word of the service's, which may get new ones at any time: any is taken but one that is nearly
--- a known word, for that is a mistake.
---@param what string
---@param known table<string, any>
---@return ecr.sim.Check
function schema.word(what, known)
  return function(value, place)
    local text <const> = type(value) == "string" and value ~= ""
    if not text or not known[value] and check.nearest(value, known) then
      return fail(place, "%s", check.unknown(what, value, known))
    end
    return value
  end
end

local function is_list(value)
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

---@param item ecr.sim.Check
---@return ecr.sim.Check
function schema.list(item)
  return function(value, place)
    if type(value) ~= "table" or not is_list(value) then return fail(place, "must be a list") end
    local copy <const> = {}
    for i, given in ipairs(value) do
      local problem
      copy[i], problem = item(given, ("%s[%d]"):format(place, i))
      if problem then return nil, problem end
    end
    return copy
  end
end

--- A table whose keys and values are each of one kind.
---@param key ecr.sim.Check
---@param item ecr.sim.Check
---@return ecr.sim.Check
function schema.map(key, item)
  return function(value, place)
    if type(value) ~= "table" then return fail(place, "must be a table") end
    local copy <const> = {}
    for name, given in pairs(value) do
      local checked <const>, bad_key <const> = key(name, place)
      if bad_key then return nil, bad_key end
      local problem
      copy[checked], problem = item(given, join(place, name))
      if problem then return nil, problem end
    end
    return copy
  end
end

local function sorted_keys(value)
  local keys <const> = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

--- A table with known keys, of which some must be there.
---@param fields table<string, ecr.sim.Check>
---@param required? string[]
---@return ecr.sim.Check
function schema.record(fields, required)
  return function(value, place)
    if type(value) ~= "table" then return fail(place, "must be a table, not a %s", type(value)) end
    local copy <const> = {}
    for _, key in ipairs(sorted_keys(value)) do
      if not fields[key] then return fail(place, "%s", check.unknown("key", key, fields)) end
      local problem
      copy[key], problem = fields[key](value[key], join(place, key))
      if problem then return nil, problem end
    end
    for _, key in ipairs(required or {}) do
      if copy[key] == nil then return fail(place, "%s is missing", key) end
    end
    return copy
  end
end

return schema
