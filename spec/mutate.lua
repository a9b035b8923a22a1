-- SPDX-License-Identifier: MIT
-- Mutation check: turns each comparison of the given Lua files around, one at a time, and runs specs with
-- it; a change that no spec notices is printed. `lua5.4 spec/mutate.lua FILE... -- SPEC...`. Ends with one
-- line of counts: a mutant that is noticed, or stands below as equal in effect, is passed.
--
-- Each comparison gives "turned" (the opposite: == ~=, < >=, > <=) and, where there is an order, "edge" (the
-- same with or without the equal case).

local files <const> = require "spec.support.files"
local process <const> = require "spec.support.process"

local TURNED <const> = { ["=="] = "~=", ["~="] = "==", ["<"] = ">=", [">="] = "<", [">"] = "<=", ["<="] = ">" }
local EDGE <const> = { ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">" }
local SECONDS <const> = 20 -- a mutant may loop for ever
local AT_ONCE <const> = 2

--- Mutants that mean the same as the original: file, a piece of the line, the replacement, and why.
local EQUAL <const> = require "spec.support.equal_mutants"

-- --- finding comparisons -------------------------------------------------------------------------

--- Where code stands: everything but strings, comments and attributes (<const>) as spaces.
local function only_code(text)
  local blank <const> = function(piece) return (piece:gsub("[^\n]", " ")) end
  local out, at = {}, 1
  local function take(pattern, replace)
    local first, last = text:find("^" .. pattern, at)
    if not first then return false end
    local piece <const> = text:sub(first, last)
    out[#out + 1] = replace and blank(piece) or piece
    at = last + 1
    return true
  end
  while at <= #text do
    local _ = take("%-%-%[%[.-%]%]", true) or take("%-%-[^\n]*", true) or take("%[%[.-%]%]", true)
      or take('"[^"\\]*"', true) or take('"[^"]-\\.-[^\\]"', true) or take("<%l+>", true) or take(".", false)
  end
  return table.concat(out)
end

--- All mutants of a file's text: {path, line, column, from, to, kind}.
local function mutants_of(path)
  local found <const> = {}
  local number = 0
  for line in (only_code(files.read(path)) .. "\n"):gmatch("([^\n]*)\n") do
    number = number + 1
    for column, operator in line:gmatch("()([=~<>]=?)") do
      for kind, others in pairs{ turned = TURNED, edge = EDGE } do
        if others[operator] then
          found[#found + 1] = { path = path, line = number, column = column, from = operator,
            to = others[operator], kind = kind }
        end
      end
    end
  end
  table.sort(found, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    if a.column ~= b.column then return a.column < b.column end
    return a.kind > b.kind
  end)
  return found
end

local function lines_of(text)
  local lines <const> = {}
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  return lines
end

local function mutated(mutant)
  local lines <const> = lines_of(files.read(mutant.path))
  local line <const> = lines[mutant.line]
  mutant.text = line:match("^%s*(.-)%s*$")
  lines[mutant.line] = line:sub(1, mutant.column - 1) .. mutant.to .. line:sub(mutant.column + #mutant.from)
  return table.concat(lines, "\n")
end

-- --- running -------------------------------------------------------------------------------------

local function write(path, text)
  local file <const> = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

--- Starts the specs with a mutant laid over the tree.
local function start(mutant, specs)
  mutant.folder = os.tmpname()
  local place <const> = mutant.folder .. "/" .. mutant.path:gsub("^lua/", "")
  assert(process.run(("rm %s && mkdir -p $(dirname %s)"):format(mutant.folder, place)).code == 0)
  write(place, mutated(mutant))
  mutant.pipe = io.popen(("ulimit -v 4000000; LUA_PATH='%s/?.lua;./lua/?.lua;./?.lua;;' LUA_CPATH='./build/?.so;;' "
    .. "timeout %d lua5.4 /usr/bin/busted --no-keep-going %s >/dev/null 2>&1"):format(mutant.folder, SECONDS, specs))
end

--- Whether the specs notice: they fail, or do not end.
local function finish(mutant)
  mutant.noticed = mutant.pipe:close() == nil
  process.run("rm -r " .. mutant.folder)
end

local function is_equal(mutant)
  for _, row in ipairs(EQUAL) do
    if mutant.path == row[1] and mutant.text:find(row[2], 1, true) and mutant.from .. " " .. mutant.to == row[3] then
      row.used = true
      return true
    end
  end
  return false
end

local function run_all(mutants, specs)
  for first = 1, #mutants, AT_ONCE do
    local last <const> = math.min(first + AT_ONCE - 1, #mutants)
    for i = first, last do start(mutants[i], specs) end
    for i = first, last do finish(mutants[i]) end
  end
end

-- --- the score -----------------------------------------------------------------------------------

local function tell_score(mutants, kind)
  local all, noticed, equal = 0, 0, 0
  for _, mutant in ipairs(mutants) do
    if mutant.kind == kind then
      all = all + 1
      if mutant.noticed then noticed = noticed + 1 elseif is_equal(mutant) then equal = equal + 1 end
    end
  end
  print(("mutants (%s): %d, noticed %d, equal in effect %d: %.1f %%"):format(kind, all, noticed, equal,
    100 * (noticed + equal) / math.max(1, all)))
end

local function tell_survivors(mutants)
  local count = 0
  for _, mutant in ipairs(mutants) do
    if not mutant.noticed and not is_equal(mutant) then
      count = count + 1
      print(("not noticed - %s:%d: %s -> %s in: %s"):format(mutant.path, mutant.line, mutant.from, mutant.to,
        mutant.text))
    end
  end
  return count
end

local mutants <const>, specs <const> = {}, {}
local after = false
for _, word in ipairs(arg) do
  if word == "--" then
    after = true
  elseif after then
    specs[#specs + 1] = word
  else
    for _, mutant in ipairs(mutants_of(word)) do mutants[#mutants + 1] = mutant end
  end
end
assert(#mutants > 0, "nothing to change")
run_all(mutants, table.concat(specs, " "))
tell_score(mutants, "turned")
tell_score(mutants, "edge")
local survivors = tell_survivors(mutants)
for _, row in ipairs(EQUAL) do
  if not row.used then
    print("no such mutant is left: " .. row[1] .. ": " .. row[2])
    survivors = survivors + 1
  end
end
print(("%d passed, %d failed"):format(#mutants - survivors, survivors))
os.exit(survivors == 0)
