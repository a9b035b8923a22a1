-- SPDX-License-Identifier: MIT
-- Reading the tree.

local files = {}

--- The bytes of a file.
function files.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

--- The paths that `find` gives for these arguments, sorted.
function files.find(arguments)
  local list = {}
  local pipe = assert(io.popen("find " .. arguments))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  table.sort(list)
  return list
end

return files
