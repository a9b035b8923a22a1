-- SPDX-License-Identifier: MIT
-- A proxy on loopback that leads names to ports of this machine: `lua5.4 connect_proxy.lua LOG HOSTS`, the
-- second a file of lines HOST PORT, read each time. It answers `CONNECT HOST:443` for these hosts, refuses all
-- else, and logs each host that was asked for. What goes through it is TLS between the two ends.

local own_pid = require "spec.support.own_pid"
local socket = require "socket"

local LIFE, MOST_CONNECTIONS, MOST_HEAD, CHUNK = 300, 32, 8192, 65536 -- the first in seconds

local listener = assert(socket.bind("127.0.0.1", 0, MOST_CONNECTIONS))
listener:settimeout(0)
local _, own_port = listener:getsockname()
local pipes = {} -- by the socket that is read: {from, to, pending, ended, head}
local count = 0

local function log(host)
  local file = assert(io.open(arg[1], "a"))
  file:write(host, "\n")
  file:close()
end

local function port_of(host)
  for line in io.lines(arg[2]) do
    local name, port = line:match("^(%S+) (%d+)$")
    if name == host then return tonumber(port) end
  end
end

local function close(pipe)
  for _, sock in ipairs{ pipe.from, pipe.to } do
    sock:close()
    pipes[sock] = nil
  end
  count = count - 1
end

local function accept()
  local sock = listener:accept()
  if not sock then return end
  if count == MOST_CONNECTIONS then return sock:close() end
  sock:settimeout(0)
  pipes[sock], count = { from = sock, pending = "", head = "" }, count + 1
end

local function refuse(pipe, status)
  pipe.from:send("HTTP/1.1 " .. status .. "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
  close(pipe)
end

--- Both directions stand once the head of the request is read.
local function connect(pipe)
  local host = pipe.head:match("^CONNECT (%S+):443 HTTP/1%.[01]\r\n")
  log(host or pipe.head:match("^[^\r\n]*"))
  local port = host and port_of(host)
  if not port then return refuse(pipe, "403 Forbidden") end
  local other = socket.connect("127.0.0.1", port)
  if not other then return refuse(pipe, "502 Bad Gateway") end
  other:settimeout(0)
  pipe.to, pipe.head = other, nil
  pipes[other] = { from = other, to = pipe.from, pending = "HTTP/1.1 200 Connection established\r\n\r\n" }
end

local function read_head(pipe, data)
  pipe.head = pipe.head .. data
  if pipe.head:find("\r\n\r\n", 1, true) then return connect(pipe) end
  if #pipe.head > MOST_HEAD then refuse(pipe, "431 Request Header Fields Too Large") end
end

local function read(pipe)
  local data, problem, part = pipe.from:receive(CHUNK)
  data = data or part
  if pipe.head then
    if problem == "closed" then return close(pipe) end
    return read_head(pipe, data)
  end
  pipe.pending, pipe.ended = data, problem == "closed"
end

local function write(pipe)
  local last, problem, partly = pipe.to:send(pipe.pending)
  if problem and problem ~= "timeout" then return close(pipe) end
  pipe.pending = pipe.pending:sub((last or partly) + 1)
end

--- A side that has ended is told to the other; when both have, the connection is over.
local function finish(pipe)
  local back = pipes[pipe.to]
  if back.told then return close(pipe) end
  pipe.to:shutdown("send")
  pipe.told = true
end

--- What to wait for: a direction is read only when all that it read before is written.
local function interests()
  local reading, writing = { count < MOST_CONNECTIONS and listener or nil }, {}
  for _, pipe in pairs(pipes) do
    if pipe.pending ~= "" then
      writing[#writing + 1] = pipe.to
    elseif not pipe.ended then
      reading[#reading + 1] = pipe.from
    end
  end
  return reading, writing
end

local function turn()
  local reading, writing = interests()
  local readable, writable = socket.select(reading, writing, 0.5)
  if readable[listener] then accept() end
  for _, sock in ipairs(readable) do
    if pipes[sock] then read(pipes[sock]) end
  end
  for _, sock in ipairs(writable) do
    local pipe = pipes[sock] and pipes[pipes[sock].to]
    if pipe then write(pipe) end
  end
  for _, pipe in pairs(pipes) do
    if pipe.ended and pipe.pending == "" and not pipe.told then finish(pipe) end
  end
end

io.write(("port %d pid %d\n"):format(own_port, own_pid()))
io.flush()
local start = socket.gettime()
while socket.gettime() - start < LIFE do turn() end
