-- SPDX-License-Identifier: MIT
-- What is public says what it does, what it takes and what it gives: LuaLS annotations, read from the source.
local files = require "spec.support.files"

--- Functions that are reached from outside their file: `function name.x(`, `function name:x(` and a module
--- that is one function. Metamethods explain themselves.
local function public_functions(lines)
  local found = {}
  for i, line in ipairs(lines) do
    local name, parameters = line:match("^function ([%w_]+[.:][%w_]+)%((.*)%)")
    if not name then
      parameters = line:match("^return function%((.*)%)$")
      name = parameters and "(the module)"
    end
    if name and not name:find("[.:]__") and not name:find("_mt[.:]") then
      found[#found + 1] = { name = name, parameters = parameters, line = i }
    end
  end
  return found
end

--- The comment right above a line.
local function comment_above(lines, at)
  local comment = {}
  at = at - 1
  while lines[at] and lines[at]:find("^%-%-%-") do
    table.insert(comment, 1, lines[at])
    at = at - 1
  end
  return comment
end

--- Whether the function gives something: a return with a value, at its own depth or deeper.
local function gives_something(lines, at)
  for i = at + 1, #lines do
    if lines[i] == "end" then return false end
    if lines[i]:find("%f[%w]return%f[%W]%s*[^%s]") and not lines[i]:find("return end") then return true end
  end
  return false
end

local function has(comment, pattern)
  for _, line in ipairs(comment) do
    if line:find(pattern) then return true end
  end
  return false
end

local function problems_of(lines, fn)
  local problems, comment = {}, comment_above(lines, fn.line)
  if not has(comment, "^%-%-%- ?[^@%s]") then problems[#problems + 1] = "no description" end
  for parameter in fn.parameters:gmatch("[%w_.]+") do
    local spelled = parameter == "..." and "%.%.%." or parameter
    local is_named = has(comment, "^%-%-%-@param " .. spelled .. "%??%s")
    if parameter ~= "self" and parameter ~= "_" and not is_named then
      problems[#problems + 1] = "parameter " .. parameter .. " is not described"
    end
  end
  if gives_something(lines, fn.line) and not has(comment, "^%-%-%-@return ") then
    problems[#problems + 1] = "what it gives is not described"
  end
  return problems
end

local function lines_of(path)
  local lines = {}
  for line in (files.read(path) .. "\n"):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  return lines
end

--- What scripts and hosts call; the simulator's inside and the queues are not theirs.
local PUBLIC = { "lua/ecr.lua", "lua/ecr/client.lua", "lua/ecr/check.lua", "lua/ecr/error.lua", "lua/ecr/mock.lua",
  "lua/ecr/gate.lua", "lua/ecr/interrupt.lua", "lua/ecr/pull_secret.lua", "lua/ecr/loop.lua", "lua/ecr/pages.lua",
  "lua/ecr/gate/", "lua/ecr/service/", "lua/ecr/types/" }

describe("public functions", function()
  local count = 0
  for _, place in ipairs(PUBLIC) do
    for _, path in ipairs(files.find(place .. " -name '*.lua'")) do
      local lines = lines_of(path)
      local functions = public_functions(lines)
      count = count + #functions
      it("say what they do, take and give: " .. path, function()
        for _, fn in ipairs(functions) do
          assert.same({}, problems_of(lines, fn), ("%s:%d: %s"):format(path, fn.line, fn.name))
        end
      end)
    end
  end

  it("are many, so that the reading of the source works", function() assert.is_true(count > 100, tostring(count)) end)
end)
