-- SPDX-License-Identifier: MIT
-- A scripted HTTP server on loopback: `lua5.4 server.lua HANDLER_FILE LOG_FILE [KEY CERTIFICATE]`, over
-- TLS with a key and a certificate. The handler file returns
-- function(request, connection); it gives {status=, headers=, body=}, or writes to the connection itself
-- and gives nothing. Requests are logged as JSON lines. A handler file that returns {connection = function}
-- is asked before anything is read, TLS included. It ends by itself after 60 seconds.

local own_pid = require "spec.support.own_pid"
local socket = require "socket"
local cjson = require "cjson"

local LIFE = 60

local handler = assert(dofile(arg[1]))
local on_connection = type(handler) == "table" and handler.connection
local listener = assert(socket.bind("127.0.0.1", 0))
local _, port = listener:getsockname()
local count = 0

io.write(("port %s pid %d\n"):format(port, own_pid()))
io.flush()
listener:settimeout(0)

local tasks = {} -- {coroutine, socket to read | time to wake}

local function wait_readable(sock) coroutine.yield(sock) end
local function sleep(seconds) coroutine.yield(socket.gettime() + seconds) end

local function receive(sock, pattern)
  local got = ""
  while true do
    local data, problem, part = sock:receive(pattern, got)
    if data then return data end
    if problem ~= "timeout" and problem ~= "wantread" then return nil end
    got = part
    if arg[3] then sleep(0.002) else wait_readable(sock) end
  end
end

local connection_methods = {}
local connection_mt = { __index = connection_methods }

--- Raw bytes; false when the other side is gone.
function connection_methods:send(bytes)
  local at = 1
  while at <= #bytes do
    local last, problem, partly = self.socket:send(bytes, at)
    if not last and problem ~= "timeout" and problem ~= "wantwrite" then return false end
    at = (last or partly) + 1
    if at <= #bytes then sleep(0.001) end
  end
  return true
end

--- What the other side sent, once it sent something; nil when it is gone.
function connection_methods:read()
  wait_readable(self.socket)
  local data, _, part = self.socket:receive(65536)
  data = data or part
  return data ~= "" and data or nil
end

function connection_methods.sleep(_, seconds) sleep(seconds) end

function connection_methods:close()
  self.closed = true
  self.socket:close()
end

--- Closes with a reset instead of a proper end.
function connection_methods:reset()
  self.socket:setoption("linger", { on = true, timeout = 0 })
  self:close()
end

local function read_request(sock)
  local line = receive(sock, "*l")
  if not line then return nil end
  local method, path = line:match("^(%S+) (%S+)")
  local headers = {}
  while true do
    local header = receive(sock, "*l")
    if not header then return nil end
    if header == "" then break end
    local name, value = header:match("^([^:]+):%s*(.*)$")
    if not name then return nil end -- no HTTP: a client that wants TLS
    headers[name:lower()] = value
  end
  local length = tonumber(headers["content-length"] or 0)
  local body = length > 0 and receive(sock, length) or ""
  return { method = method, path = path, headers = headers, body = body }
end

local function log(request)
  local file = assert(io.open(arg[2], "a"))
  file:write(cjson.encode(request), "\n")
  file:close()
end

local function answer(connection, response)
  local lines = { ("HTTP/1.1 %d X"):format(response.status or 200) }
  local headers = response.headers or {}
  headers["content-length"] = headers["content-length"] or #(response.body or "")
  for name, value in pairs(headers) do lines[#lines + 1] = ("%s: %s"):format(name, value) end
  connection:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. (response.body or ""))
end

local connections = 0

--- The socket inside TLS, or nil when the other side does not want it.
local function with_tls(sock)
  if not arg[3] then return sock end
  local wrapped = assert(require("ssl").wrap(sock, { mode = "server", protocol = "any",
    options = { "all" }, key = arg[3], certificate = arg[4] }))
  wrapped:settimeout(0)
  while true do
    local done, problem = wrapped:dohandshake()
    if done then return wrapped end
    if problem ~= "wantread" and problem ~= "wantwrite" then return wrapped:close() and nil end
    sleep(0.002)
  end
end

local function new_connection(sock)
  connections = connections + 1
  return setmetatable({ socket = sock, number = connections }, connection_mt)
end

local function serve(raw)
  raw:settimeout(0)
  if on_connection then
    on_connection(new_connection(raw))
    return raw:close()
  end
  local sock = with_tls(raw)
  if not sock then return end
  local connection = new_connection(sock)
  while not connection.closed do
    local request = read_request(sock)
    if not request then break end
    count = count + 1
    request.count, request.connection = count, connection.number
    log(request)
    local response = handler(request, connection)
    if response then answer(connection, response) end
  end
  sock:close()
end

local function spawn(sock)
  tasks[#tasks + 1] = { thread = coroutine.create(serve), argument = sock }
end

local function is_due(task, readable, now)
  if task.argument then return true end
  if type(task.waits) == "number" then return task.waits <= now end
  return readable[task.waits]
end

local function resume(task)
  local argument = task.argument
  task.argument = nil
  local ok, waits = coroutine.resume(task.thread, argument)
  if not ok then io.stderr:write("test server: ", tostring(waits), "\n") end
  task.waits = waits
  return coroutine.status(task.thread) ~= "dead"
end

local start = socket.gettime()
while socket.gettime() - start < LIFE do
  local reading, timeout = { listener }, 0.05
  for _, task in ipairs(tasks) do
    if type(task.waits) == "userdata" then reading[#reading + 1] = task.waits else timeout = 0.002 end
  end
  local readable = socket.select(reading, nil, timeout)
  if readable[listener] then
    local sock = listener:accept()
    if sock then spawn(sock) end
  end
  local now = socket.gettime()
  for i = #tasks, 1, -1 do
    if is_due(tasks[i], readable, now) and not resume(tasks[i]) then table.remove(tasks, i) end
  end
end
