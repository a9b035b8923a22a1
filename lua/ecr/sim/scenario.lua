-- SPDX-License-Identifier: MIT
--- Scenarios: a registry written down. A file is a Lua table (`return {...}`, without any function
--- to
--- call) or JSON. Format, version 1:
---
---     { version = 1,
---       account = "123456789012", region = "us-east-1",
---       now = 1767225600,                    -- wall time at the start, seconds since the epoch
---       scanning = {type = "basic"},         -- or "enhanced": the registry's scanning
--- configuration
---       repositories = {
---         { name = "app", tag_mutability = "MUTABLE", images = {
---           { tags = {"v1"}, platform = "linux/amd64", pushed_at = ..., size = ...,
---             scan = {
---               type = "basic",              -- or "enhanced"
---               manual = false,              -- true: only StartImageScan begins it
---               states = { "PENDING", {state = "IN_PROGRESS", seconds = 20}, "COMPLETE" },
---               findings = { {id = "CVE-...", severity = "HIGH", package = "...", version = "...",
---                             fixed_version = "...", score = 7.5, description = "...", uri =
--- "...",
---                             status = "ACTIVE"} },
---               counts = {HIGH = 1},         -- instead of what the findings count
---               completed_at = ..., description = "..." } },
---           { tags = {"multi"}, index = { {platform = "linux/arm64", scan = {...}},
---                                         {attestation = true},
---                                         {label_as_attestation = true, scan = {...}} } } } } },
---       faults = { {operation = "DescribeImages", code = "ThrottlingException", status = 400,
--- times = 2,
---                   after = 0, message = "...", failure = {kind = "network", code = "reset"}} },
---       latency = { {seconds = 0.05}, {operation = "BatchGetImage", seconds = 1} } }
---
--- A state that is a plain string holds for one reading of the scan, with `reads = N` for N, with
--- `seconds = S` for that long; the last one stays. It may have its own `findings` and `counts`, or
--- `empty = true` for a scan that is called complete before anything was delivered. An image
--- without
--- `scan` has none.

local check <const> = require "ecr.check"
local cjson <const> = require "cjson"
local world <const> = require "ecr.sim.world"

local scenario <const> = {}

--- What each kind of table may hold: a type, or the kind of a table (`list of` in brackets).
local KINDS <const> = {
  scenario = { version = "number", account = "string", region = "string", now = "number",
    scanning = "scanning",
    repositories = "[repository]", faults = "[fault]", latency = "[latency]" },
  scanning = { type = "string" },
  repository = { name = "string", tag_mutability = "string", images = "[image]" },
  image = { tags = "[string]", platform = "string", pushed_at = "number", size = "number",
    scan = "scan",
    index = "[image]", attestation = "boolean", label_as_attestation = "boolean" },
  scan = { type = "string", manual = "boolean", states = "[state]", findings = "[finding]",
    counts = "table",
    completed_at = "number", description = "string" },
  state = { state = "string", seconds = "number", reads = "number", findings = "[finding]",
    counts = "table",
    empty = "boolean" },
  finding = { id = "string", severity = "string", package = "string", version = "string",
    score = "number",
    fixed_version = "string", description = "string", uri = "string", status = "string",
      vector = "string",
    exploit_available = "string" },
  fault = { operation = "string", code = "string", status = "number", message = "string",
    times = "number",
    after = "number", failure = "table" },
  latency = { operation = "string", seconds = "number" },
}

local REQUIRED <const> = { repository = "name", finding = "id", state = "state",
  latency = "seconds" }

local check_kind

local function check_list(value, kind, where)
  if type(value) ~= "table" then return where .. " must be a list" end
  for i, item in ipairs(value) do
    local problem <const> = check_kind(item, kind, ("%s[%d]"):format(where, i))
    if problem then return problem end
  end
end

local function check_table(value, kind, where)
  if type(value) ~= "table" then return where .. " must be a table" end
  for key, item in pairs(value) do
    local expected <const> = KINDS[kind][key]
    if not expected then return where .. ": " .. check.unknown("key", key, KINDS[kind]) end
    local problem <const> = check_kind(item, expected, where .. "." .. key)
    if problem then return problem end
  end
  local required <const> = REQUIRED[kind]
  if required and value[required] == nil then return ("%s: %s is missing"):format(where,
    required) end
end

--- What is wrong with a value, or nil.
function check_kind(value, kind, where)
  local element <const> = kind:match("^%[(.*)%]$")
  if element then return check_list(value, element, where) end
  if kind == "state" and type(value) == "string" then return nil end
  if KINDS[kind] then return check_table(value, kind, where) end
  if type(value) ~= kind then return ("%s must be a %s, not a %s"):format(where, kind,
    type(value)) end
end

local function deep_copy(value)
  if type(value) ~= "table" then return value end
  local copy <const> = {}
  for key, item in pairs(value) do copy[key] = deep_copy(item) end
  return copy
end

--- The number of an integer field that JSON may have given as a float.
local function integral(value)
  return value and math.tointeger(value) or value
end

--- A world of a scenario.
---@param given table
---@return ecr.SimWorld?
---@return string? problem
function scenario.from_table(given)
  if type(given) ~= "table" then return nil, "a scenario is a table" end
  if given.version == nil then return nil, "version is missing: this is version 1 of the format" end
  if given.version ~= 1 then
    return nil, ("version %s of the scenario format is not known; known is 1"):format(
      tostring(given.version))
  end
  local problem <const> = check_kind(given, "scenario", "scenario")
  if problem then return nil, problem end
  local copy <const> = deep_copy(given)
  for _, repository in ipairs(copy.repositories or {}) do
    for _, image in ipairs(repository.images or {}) do image.size = integral(image.size) end
  end
  for _, fault in ipairs(copy.faults or {}) do fault.status = integral(fault.status) end
  return world.new(copy)
end

--- A Lua file is data: it is run with nothing to call.
local function evaluate(text, path)
  local chunk <const>, problem <const> = load(text, "@" .. path, "t", {})
  if not chunk then return nil, problem end
  local ok <const>, value <const> = pcall(chunk)
  if not ok then return nil, tostring(value) end
  return value
end

local function parse(text, path)
  if path:find("%.json$") then
    local ok <const>, value <const> = pcall(cjson.decode, text)
    if not ok then return nil, path .. ": " .. tostring(value) end
    return value
  end
  return evaluate(text, path)
end

--- A world of a scenario file.
---@param path string ".json", anything else is Lua
---@return ecr.SimWorld?
---@return string? problem names the file
function scenario.load(path)
  local file <const>, problem = io.open(path, "r")
  if not file then return nil, problem end
  local text <const> = file:read("a")
  file:close()
  if not text then return nil, path .. ": cannot be read" end
  local value, made
  value, problem = parse(text, path)
  if value == nil then return nil, problem or path .. ": gives no scenario" end
  made, problem = scenario.from_table(value)
  if not made then return nil, path .. ": " .. problem end
  return made
end

return scenario
