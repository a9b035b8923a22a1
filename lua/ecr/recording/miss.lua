-- SPDX-License-Identifier: MIT
--- A call that a recording has no answer for: what was asked, and what in the recording is nearest.

local check <const> = require "ecr.check"
local shapes <const> = require "ecr.recording.shapes"
local value <const> = require "ecr.recording.value"

local MOST_SHOWN <const> = 200 -- bytes of an input

local function shown(item, shape)
  if item == nil then return "nothing" end
  local text <const> = value.text(item, shape or shapes.ANY, true)
  if #text <= MOST_SHOWN then return text end
  return text:sub(1, MOST_SHOWN) .. "..."
end

local function call_text(call)
  local shape <const> = shapes.of(call.service, call.operation)
  return ("%s:%s in %s %s"):format(call.service, call.operation, call.region or "no region",
    shown(call.input, shape.input))
end

--- The members of two inputs that are not the same, with the region, sorted.
local function differences(asked, recorded)
  local shape <const> = shapes.of(asked.service, asked.operation).input
  local names <const>, seen <const> = {}, {}
  for _, input in ipairs{ asked.input, recorded.input } do
    for name in pairs(input) do
      local part <const> = shapes.part(shape, name)
      if not seen[name] and shown(asked.input[name], part) ~= shown(recorded.input[name], part) then
        names[#names + 1] = ("%s is %s, recorded %s"):format(name,
          shown(asked.input[name], part), shown(recorded.input[name], part))
      end
      seen[name] = true
    end
  end
  if asked.region ~= recorded.region then
    names[#names + 1] = ("region is %s, recorded %s"):format(asked.region, recorded.region)
  end
  table.sort(names)
  return names
end

--- The recorded call of the same operation that differs least.
local function nearest_call(asked, calls)
  local best, best_names
  for _, call in ipairs(calls) do
    if call.service == asked.service and call.operation == asked.operation then
      local names <const> = differences(asked, call)
      if not best or #names < #best_names then best, best_names = call, names end
    end
  end
  return best, best_names
end

local function nearest_operation(asked, calls)
  local operations <const> = {}
  for _, call in ipairs(calls) do operations[call.operation] = true end
  if next(operations) == nil then return "it holds no call" end
  local nearest <const> = check.nearest(asked.operation, operations)
  local names <const> = {}
  for name in pairs(operations) do names[#names + 1] = name end
  table.sort(names)
  return ("no %s was recorded; %s"):format(asked.operation,
    nearest and "the nearest is " .. nearest or "what was: " .. table.concat(names, ", "))
end

local function why(asked, times, recording)
  if times > 0 then
    return ("it was made %s and has no answer number %d"):format(
      times == 1 and "once" or times .. " times", asked.occurrence)
  end
  local call <const>, names <const> = nearest_call(asked, recording.calls)
  if not call then return nearest_operation(asked, recording.calls) end
  return ("nearest is line %d: %s"):format(call.number, table.concat(names, "; "))
end

--- The failure for a call that was not recorded.
---@param asked {service: string, operation: string, region?: string, input: table, occurrence: integer}
---@param times integer how often a call like it is in the recording
---@param recording ecr.Recording
---@return table failure
return function(asked, times, recording)
  return { kind = "protocol", code = "not_recorded",
    message = ("%s has no answer to %s; %s"):format(recording.path, call_text(asked),
      why(asked, times, recording)) }
end
