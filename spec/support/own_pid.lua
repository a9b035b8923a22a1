-- SPDX-License-Identifier: MIT
-- The process id of who asks, for a server to be stopped by.
return function()
  local file = assert(io.open("/proc/self/stat"))
  local pid = file:read("n")
  file:close()
  return math.tointeger(pid)
end
