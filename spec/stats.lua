-- SPDX-License-Identifier: MIT
-- `make stats`: how long functions and files are. A C function ends at a "}" in the first column; a Lua
-- function at the "end" that is indented like its beginning: both hold in this tree.

local function lines_of_command(command)
  local list <const> = {}
  local pipe <const> = assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local function lines_of(path)
  local list <const> = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

local function c_functions(path, lines, into)
  local start
  for i, line in ipairs(lines) do
    if line == "{" then
      start = i - 1
      while start > 1 and not lines[start]:find("^[%a_]") do start = start - 1 end
    elseif line == "}" and start then
      into[#into + 1] = { length = i - start + 1, where = path .. ":" .. start }
      start = nil
    end
  end
end

local function lua_functions(path, lines, into)
  local open <const> = {}
  for i, line in ipairs(lines) do
    local indent <const> = line:match("^(%s*)")
    if line:find("function[%s%w_.:]*%(") and not line:find("%f[%w]end%f[%W]") then
      open[indent] = i
    elseif open[indent] and line:find("^%s*end%f[%W]") then
      into[#into + 1] = { length = i - open[indent] + 1, where = path .. ":" .. open[indent] }
      open[indent] = nil
    end
  end
end

local function at(list, share)
  return list[math.max(1, math.ceil(#list * share))]
end

local function show(what, list)
  table.sort(list, function(a, b) return a.length < b.length end)
  if #list == 0 then return end
  local longest <const> = list[#list]
  print(("  %-10s %5d   median %3d   90th percentile %3d   maximum %3d  %s"):format(what, #list,
    at(list, 0.5).length, at(list, 0.9).length, longest.length, longest.where))
end

local function measure(name, command, functions_of)
  local files <const>, functions <const> = {}, {}
  local total = 0
  for _, path in ipairs(lines_of_command(command)) do
    local lines <const> = lines_of(path)
    total = total + #lines
    files[#files + 1] = { length = #lines, where = path }
    functions_of(path, lines, functions)
  end
  print(("%s: %d lines"):format(name, total))
  show("files", files)
  show("functions", functions)
end

measure("C (without the generated model)", "find core -name '*.c' ! -name model.c", c_functions)
measure("Lua", "find lua scripts core/model -name '*.lua'", lua_functions)
measure("specs", "find spec -name '*.lua' ! -path '*/fixtures/*'", lua_functions)
