-- SPDX-License-Identifier: MIT
-- moto's server, where the machine has one: services of AWS that nobody here wrote.
local ecr = require "ecr"
local process = require "spec.support.process"
local socket = require "socket"

local moto = {}

--- Whether there is one on this machine.
moto.there = process.run("command -v moto_server").code == 0

--- A port that was free a moment ago.
local function free_port()
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  listener:close()
  return port
end

local function listens(port)
  local connection = socket.connect("127.0.0.1", port)
  if connection then connection:close() end
  return connection ~= nil
end

local server_methods = {}
local server_mt = { __index = server_methods }

--- Forgets everything that it was told.
function server_methods:reset()
  assert(select(2, require("socket.http").request(self.url .. "/moto-api/reset", "")) == 200)
end

function server_methods:stop()
  os.execute("kill " .. self.pid)
end

--- Starts one; it ends by itself after two minutes.
function moto.start()
  local port = free_port()
  local pipe = assert(io.popen(("timeout 120 moto_server -H 127.0.0.1 -p %d >/dev/null 2>&1 & echo $!"):format(port)))
  local self = setmetatable({ pid = pipe:read("n"), url = "http://127.0.0.1:" .. port }, server_mt)
  pipe:close()
  local start_time = os.time()
  while not listens(port) do
    assert(os.time() - start_time < 60, "moto_server did not start")
    ecr.sleep(0.1)
  end
  return self
end

return moto
