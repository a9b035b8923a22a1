-- SPDX-License-Identifier: MIT
--- The lines of a recording: a header, then one call each, in the order in which they ended.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local shapes <const> = require "ecr.recording.shapes"
local value <const> = require "ecr.recording.value"

local VERSION <const> = 1
local LATEST <const> = 1e11  -- seconds: the year 5138
local LONGEST <const> = 1e8  -- seconds of one answer: three years

local line <const> = {}

--- Bytes that a line may have, and that a recording may have.
line.MAX, line.MAX_FILE = 64 * 1024 * 1024, 256 * 1024 * 1024

---@class ecr.RecordedCall
---@field number? integer of its line
---@field key string the call without its occurrence
---@field service string
---@field operation string
---@field region? string
---@field input table
---@field occurrence integer which of the calls that are equal, as they were made
---@field seconds number from the call to its end
---@field status? integer
---@field headers? table<string, string>
---@field value? table one of these four says how it ended
---@field fault? {code?: string, message: string, members: table}
---@field failure? {kind: string, code?: string, message: string}
---@field cancelled? true

-- --- writing -------------------------------------------------------------------------------------

--- The first line.
---@param clock number seconds since the epoch
---@return string
function line.header(clock)
  return ('{"ecrlua_recording":%d,"tool":"ecrlua %s","clock":%s}'):format(VERSION, core.version,
    value.text(clock, shapes.ANY))
end

local function input_text(call)
  local shape <const> = shapes.of(call.service, call.operation)
  return value.text(call.input, shape.input, true)
end

--- What two calls have in common when the service cannot tell them apart.
---@param call {service: string, operation: string, region?: string, input: table}
---@return string key
---@return string input its text
function line.key(call)
  local input <const> = input_text(call)
  return core.digest(table.concat({ call.service, call.operation, call.region or "", input },
    "\n")), input
end

local function add(out, name, item, shape)
  if item == nil then return end
  out[#out + 1] = ('"%s":'):format(name) .. value.text(item, shape or shapes.ANY)
end

local function add_fault(out, fault, shape)
  if not fault then return end
  local head <const> = value.text({ code = fault.code, message = fault.message }, shapes.ANY)
  out[#out + 1] = '"fault":' .. head:sub(1, -2) .. ',"members":'
    .. value.text(fault.members or {}, shape) .. "}"
end

local function add_failure(out, failure)
  if not failure then return end
  add(out, "failure", { kind = failure.kind, code = failure.code, message = failure.message })
end

--- A call's line, without its end.
---@param call ecr.RecordedCall
---@param input string the text of its input, which may have changed since
---@return string
function line.text(call, input)
  local shape <const> = shapes.of(call.service, call.operation)
  local out <const> = {}
  add(out, "service", call.service)
  add(out, "operation", call.operation)
  add(out, "region", call.region)
  out[#out + 1] = '"input":' .. input
  add(out, "occurrence", call.occurrence)
  add(out, "seconds", call.seconds)
  add(out, "status", call.status)
  add(out, "headers", call.headers)
  add(out, "value", call.value, shape.output)
  add_fault(out, call.fault, shape.output)
  add_failure(out, call.failure)
  add(out, "cancelled", call.cancelled)
  return "{" .. table.concat(out, ",") .. "}"
end

-- --- reading -------------------------------------------------------------------------------------

local function is_text(item) return type(item) == "string" end

local function is_within(least, most)
  return function(item) return type(item) == "number" and item >= least and item <= most end
end

local function is_count(item) return math.type(item) == "integer" and item > 0 end
local function is_status(item) return is_count(item) and item >= 100 and item < 600 end
local function is_table(item) return type(item) == "table" end

local function is_headers(item)
  if not is_table(item) then return false end
  for name, text in pairs(item) do
    if not is_text(name) or not is_text(text) then return false end
  end
  return true
end

--- Lack of memory was this machine's then, not the answer's: it is never in a recording.
local function is_kind(item) return is_text(item) and error_object.is_kind(item) end

--- Fields and what they hold; "?" at the end: may be missing.
local HEADER <const> = { ecrlua_recording = is_count, tool = is_text, clock = is_within(0, LATEST) }
local CALL <const> = {
  service = is_text, operation = is_text, ["region?"] = is_text, input = is_table,
  occurrence = is_count, seconds = is_within(0, LONGEST), ["status?"] = is_status,
  ["headers?"] = is_headers, ["value?"] = is_table, ["fault?"] = is_table, ["failure?"] = is_table,
  ["cancelled?"] = function(item) return item == true end,
}
local FAULT <const> = { ["code?"] = is_text, message = is_text, members = is_table }
local FAILURE <const> = { kind = is_kind, ["code?"] = is_text, message = is_text }

--- What is wrong with an object, or nil.
local function misfit(object, fields, what)
  for name, fits in pairs(fields) do
    local plain <const> = name:gsub("%?$", "")
    local item <const> = object[plain]
    if item == nil and plain == name then return ("%s without %q"):format(what, name) end
    if item ~= nil and not fits(item) then
      return ("%s: %q is not what it may be"):format(what, plain)
    end
  end
  for name in pairs(object) do
    if fields[name] == nil and fields[tostring(name) .. "?"] == nil then
      return ("%s: %q is not known"):format(what, tostring(name))
    end
  end
end

local function object_of(text)
  local object <const>, failure <const> = core.decode("any", text)
  if failure then return nil, "no JSON: " .. failure.message end
  if type(object) ~= "table" then return nil, "no JSON object" end
  return object
end

--- Reads the first line.
---@param text string
---@return {clock: number, tool: string}?
---@return string? problem
function line.read_header(text)
  local header <const>, problem = object_of(text)
  if not header then return nil, problem end
  local version <const> = header.ecrlua_recording
  if version == nil then return nil, 'no recording: "ecrlua_recording" is not in the first line' end
  if version ~= VERSION then
    return nil, ("a recording of version %s; this ecrlua reads version %d"):format(version, VERSION)
  end
  problem = misfit(header, HEADER, "a header")
  if problem then return nil, problem end
  return header
end

local ENDS <const> = { "value", "fault", "failure", "cancelled" }

local function check_end(call)
  local found = 0
  for _, name in ipairs(ENDS) do
    if call[name] ~= nil then found = found + 1 end
  end
  if found ~= 1 then return "a call must have one of value, fault, failure and cancelled" end
  if (call.value or call.fault) and not call.status then return "an answer without \"status\"" end
  if call.fault then return misfit(call.fault, FAULT, "a fault") end
  if call.failure then return misfit(call.failure, FAILURE, "a failure") end
end

local function restore(call, shape)
  call.input = value.read(call.input, shape.input, "input")
  if call.value then call.value = value.read(call.value, shape.output, "value") end
  if call.fault then
    call.fault.members = value.read(call.fault.members, shape.output, "members")
  end
  call.key = line.key(call) -- and not its text
  return call
end

--- Reads a call's line.
---@param text string
---@return ecr.RecordedCall?
---@return string? problem
function line.read(text)
  local call <const>, problem = object_of(text)
  if not call then return nil, problem end
  problem = misfit(call, CALL, "a call") or check_end(call)
  if problem then return nil, problem end
  local shape <const> = shapes.of(call.service, call.operation)
  if not shape then
    return nil, ("%s has no operation %s"):format(call.service, call.operation)
  end
  return value.try(restore, call, shape)
end

return line
