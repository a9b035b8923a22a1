-- SPDX-License-Identifier: MIT
--- The prompt: reads Lua, runs it, prints what it gives. A line that is not complete is continued.
--- `ecr` is there already.

local ecr <const> = require "ecr"

--- Expressions print their value; statements are run.
local function compile(text)
  local chunk <const> = load("return " .. text, "=prompt", "t")
  if chunk then return chunk end
  return load(text, "=prompt", "t")
end

local function is_unfinished(problem)
  return problem:sub(-5) == "<eof>"
end

local function read()
  local text
  repeat
    io.write(text and ">> " or "> ")
    io.flush()
    local line <const> = io.read()
    if not line then return nil end
    text = text and text .. "\n" .. line or line
    local chunk <const>, problem <const> = compile(text)
    if chunk or not is_unfinished(problem) then return chunk, problem end
  until false
end

local function show(...)
  local parts <const> = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]) end
  if parts.n > 0 then print(table.concat(parts, "  ")) end
end

local function run(chunk)
  local results <const> = table.pack(xpcall(chunk, debug.traceback))
  if results[1] then return show(table.unpack(results, 2, results.n)) end
  io.stderr:write(tostring(results[2]), "\n")
end

return function()
  _G.ecr = ecr
  print("ecrlua " .. ecr.version .. " - " .. _VERSION .. "; end with Ctrl-D")
  while true do
    local chunk <const>, problem <const> = read()
    if chunk then
      run(chunk)
    elseif problem then
      io.stderr:write(problem, "\n")
    else
      print()
      return 0
    end
  end
end
