-- SPDX-License-Identifier: MIT
-- Looking into the memory of another process of ours: where some bytes stand in it.
local process = require "spec.support.process"

local memory = {}

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

--- The first and last address of a process's environment.
local function environment_of(pid)
  local fields = {}
  for field in read_all("/proc/" .. pid .. "/stat"):match("^.*%) (.*)$"):gmatch("%S+") do
    fields[#fields + 1] = math.tointeger(tonumber(field))  or field
  end
  return fields[48], fields[49] -- the 50th and 51st, two of which stood before the parenthesis
end

local function each_place(text, bytes)
  local at = 0
  return function()
    at = text:find(bytes, at + 1, true)
    return at
  end
end

--- A readable region's bytes; nil for one that the kernel keeps to itself.
local function read_region(file, first, last)
  file:seek("set", first)
  return file:read(last - first)
end

--- Where in a process these bytes stand, apart from its environment: a list of "region+offset".
function memory.find(pid, bytes)
  local env_first, env_last = environment_of(pid)
  local found = {}
  local file = assert(io.open("/proc/" .. pid .. "/mem", "rb"))
  for line in io.lines("/proc/" .. pid .. "/maps") do
    local first, last, name = line:match("^(%x+)%-(%x+) r%S* %S+ %S+ %S+%s*(.*)$")
    if first and not name:find("^%[vv?") then
      first, last = tonumber(first, 16), tonumber(last, 16)
      local text = read_region(file, first, last)
      for at in each_place(text or "", bytes) do
        local address = first + at - 1
        if not (address >= env_first and address < env_last) then
          found[#found + 1] = ("%s+%d"):format(name, at - 1)
        end
      end
    end
  end
  file:close()
  return found
end

--- Whether ecrlua is built with AddressSanitizer. Then its memory cannot be looked at: the sanitizer keeps a copy
--- of the environment of its own, and reserves more memory than can be read.
function memory.is_sanitized()
  return process.run("grep -q __asan_init " .. process.quote(process.ECRLUA)).code == 0
end

--- Runs a Lua script in ecrlua and keeps the process after the script's work: the script calls `done()`.
--- Gives a handle with `pid` and `stop`.
function memory.hold(script, environment)
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute("mkfifo " .. fifo))
  local path = process.file([[
local function done()
  collectgarbage() collectgarbage()
  local file = assert(io.open("/proc/self/stat"))
  print("pid " .. file:read("n"))
  file:close()
  io.stdout:flush()
  io.read("l")
end
]] .. script, ".lua")
  local words = { "exec env -u LUA_PATH -u LUA_CPATH" }
  for _, setting in ipairs(environment) do words[#words + 1] = process.quote(setting) end
  words[#words + 1] = ("%s %s <%s 2>&1"):format(process.ECRLUA, path, fifo)
  local pipe = assert(io.popen(table.concat(words, " "), "r"))
  local gate = assert(io.open(fifo, "w"))
  local output = {}
  local pid
  for line in pipe:lines() do
    pid = line:match("^pid (%d+)")
    if pid then break end
    output[#output + 1] = line
  end
  assert(pid, table.concat(output, "\n"))
  return {
    pid = pid,
    output = table.concat(output, "\n"),
    stop = function()
      gate:close()
      pipe:close()
      os.remove(fifo)
      os.remove(path)
    end,
  }
end

return memory
