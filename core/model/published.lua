-- SPDX-License-Identifier: MIT
--- AWS's published service models as they lie in a folder: found, unpacked, decoded, and the shapes that
--- operations reach.

local cjson <const> = require "cjson"

local published <const> = {}

local function shell_word(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read_command(command)
  local pipe <const> = assert(io.popen(command))
  local text <const> = pipe:read("a")
  assert(pipe:close(), "failed: " .. command)
  return text
end

--- The path of a file below DIR/service, packed or not, of the newest version; nil when there is
--- none.
local function find_file(dir, service, file)
  local found <const> = read_command(("ls -d %s/%s/*/%s* 2>/dev/null | sort | tail -n 1"):format(
    shell_word(dir), service, file)):gsub("%s+$", "")
  return found ~= "" and found or nil
end

local function unpacked(path)
  return "gzip -dcf " .. shell_word(path)
end

--- Where a member stands in its shape, which decoding to a table forgets.
local function member_order(text)
  local shapes <const> = text:find('"shapes"%s*:%s*{') or 1
  return function(shape, member)
    local start <const> = text:find('"' .. shape .. '"%s*:%s*{%s*"type"', shapes) or 1
    return text:find('"' .. member .. '"%s*:%s*{', start) or math.huge
  end
end

-- --- what is reachable ---------------------------------------------------------------------------

--- The members of a structure in the model's order, or the overlay's.
function published.members(service, name, shape)
  local members <const> = {}
  if shape.members and shape.members[1] then -- the overlay's: {name, shape, sealed=}
    for i, member in ipairs(shape.members) do
      members[i] = { wire = member[1], shape = member[2], sealed = member.sealed }
    end
    return members
  end
  local required <const> = {}
  for _, wire in ipairs(shape.required or {}) do required[wire] = true end
  for wire, member in pairs(shape.members or {}) do
    members[#members + 1] = { wire = wire, shape = member.shape, required = required[wire],
      deprecated = member.deprecated }
  end
  table.sort(members, function(a, b)
    local x <const>, y <const> = service.order(name, a.wire), service.order(name, b.wire)
    if x ~= y then return x < y end
    return a.wire < b.wire
  end)
  return members
end

--- Adds a shape and all that it reaches.
function published.collect(service, name, into)
  if into[name] then return end
  local shape <const> = assert(service.shapes[name], "no shape " .. name)
  into[name] = shape
  for _, member in ipairs(published.members(service, name, shape)) do
    published.collect(service, member.shape, into)
  end
  for _, part in ipairs{ shape.member or false, shape.key or false, shape.value or false } do
    if part then published.collect(service, type(part) == "table" and part.shape or part, into) end
  end
end

--- The shapes that a service's operations and errors reach, by name.
function published.reachable(service)
  local into <const> = {}
  for _, operation in pairs(service.operations) do
    for _, part in ipairs{ operation.input or false, operation.output or false } do
      if part then published.collect(service, part.shape, into) end
    end
    for _, problem in ipairs(operation.errors or {}) do
      published.collect(service, problem.shape, into)
    end
  end
  return into
end

--- A service of the models in `dir`: `ecr/<version>/service-2.json` and its like.
function published.load(dir, name, index)
  local path <const> = assert(find_file(dir, name, "service-2.json"), "no model of " .. name)
  local source <const> = read_command(unpacked(path))
  local model <const> = cjson.decode(source)
  local pages <const> = find_file(dir, name, "paginators-1.json")
  local paginators <const> = pages and cjson.decode(read_command(unpacked(pages)))
    or { pagination = {} }
  return { name = name, index = index, metadata = model.metadata, operations = model.operations,
    shapes = model.shapes, pages = paginators.pagination, order = member_order(source),
    sum = read_command(unpacked(path) .. " | sha256sum"):match("^%x+") }
end

return published
