-- SPDX-License-Identifier: MIT
-- The HTTP path against servers that mean ill: kind and code of the error for each thing they do.
-- `spec.support.hostile` checks for every row that the call ended in time and left nothing behind.
local hostile = require "spec.support.hostile"
local process = require "spec.support.process"
local socket = require "socket"

local head, hold = hostile.head, hostile.hold

--- A row: what the server does, kind, code, its handler or more.
local function check(row)
  local more = type(row[4]) == "table" and row[4] or { handler = row[4] }
  it(("gives %s (%s) for %s"):format(row[2], row[3] or "no code", row[1]), function()
    local output, err = hostile.ask(more)
    assert.is_nil(output)
    assert.equal(row[2], err.kind, tostring(err))
    assert.equal(row[3], err.code, tostring(err))
    assert.is_nil(tostring(err):find("%c"))
  end)
end

local function each(rows)
  for _, row in ipairs(rows) do check(row) end
end

local layer = { operation = "UploadLayerPart", input = { repository_name = "app", part_first_byte = 0,
  part_last_byte = 9999999, upload_id = "01234567-89ab-cdef-0123-456789abcdef",
  layer_part_blob = ("x"):rep(10000000) } }

--- The large upload against a server that does not read it.
local function upload(connection)
  return { connection = connection, operation = layer.operation, input = layer.input }
end

--- Connections of ours fill the queue of a listener that accepts nobody.
local function full_listener()
  local listener = assert(socket.tcp4())
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(0))
  local _, port = listener:getsockname()
  local sockets = { listener }
  for i = 1, 4 do
    sockets[i + 1] = socket.tcp4()
    sockets[i + 1]:settimeout(0)
    sockets[i + 1]:connect("127.0.0.1", port)
  end
  return "http://127.0.0.1:" .. port, function() for _, one in ipairs(sockets) do one:close() end end
end

describe("time on a hostile server", function()
  it("gives timeout (connect_timeout) for a listener that accepts nobody", function()
    local url, close = full_listener()
    local _, err = hostile.call(url, {})
    close()
    assert.equal("timeout", err.kind)
    assert.equal("connect_timeout", err.code)
    assert.is_true(err.retryable)
  end)

  it("ends a connecting after connect_timeout although there is time for an answer", function()
    local url, close = full_listener()
    local _, err = hostile.call(url, { options = { timeout = 60, connect_timeout = 0.3 }, limit = 0.3 })
    close()
    assert.equal("connect_timeout", err.code)
  end)

  local silent = "connection:sleep(60)"
  each{
    { "a handshake that is never answered", "timeout", "connect_timeout",
      { connection = silent, scheme = "https" } },
    { "a proxy that never answers", "timeout", "connect_timeout", { proxy = silent } },
    { "a proxy's tunnel to nowhere", "timeout", "connect_timeout",
      { proxy = hold("HTTP/1.1 200 OK\r\n\r\n") } },
    { "no first byte", "timeout", "timeout", silent },
    { "headers that stop half-way", "timeout", "timeout", hold("HTTP/1.1 200 OK\r\nx-amzn-requ") },
    { "a body that stops half-way", "timeout", "timeout", hold(head("content-length: 99") .. '{"repos') },
    { "headers that drip", "timeout", "timeout", [[connection:send("HTTP/1.1 200 OK\r\nx: ")
      while connection:send("y") do connection:sleep(0.02) end]] },
    { "a body that drips", "timeout", "timeout", [[connection:send("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
      while connection:send(" ") do connection:sleep(0.02) end]] },
    { "chunks that drip", "timeout", "timeout",
      [[connection:send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
      while connection:send("1\r\n \r\n") do connection:sleep(0.02) end]] },
    { "a chunk's extension without end", "timeout", "timeout",
      [[connection:send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;")
      while connection:send(("x"):rep(1000)) do connection:sleep(0.01) end]] },
    { "a large request that nobody reads", "timeout", "timeout", upload(silent) },
  }
end)

describe("a write", function()
  local repository = { operation = "CreateRepository", input = { repository_name = "app" } }

  --- How often it is tried, with two repetitions allowed.
  local function attempts(row)
    row.operation, row.input = repository.operation, repository.input
    row.options = { max_retries = 2, timeout = 0.3 }
    row.limit = row.limit or 0.9
    local _, err, server = hostile.ask(row)
    return err.attempts, err.code, #server:requests()
  end

  it("is sent again after connect_timeout: the service has not seen it", function()
    assert.same({ 3, "connect_timeout", 0 }, { attempts{ connection = "connection:sleep(60)", scheme = "https" } })
  end)

  it("is not sent again after the time-out of an answer: the service may have done it", function()
    local count, code, seen = attempts{ handler = "connection:sleep(60)", limit = 0.3 }
    assert.same({ 1, "timeout", 1 }, { count, code, seen })
  end)

  -- libcurl sends again by itself what it sent over a used connection that then turns out to be dead
  for _, how in ipairs{ "reset", "close" } do
    it("reaches the service once when the connection ends with a " .. how, function()
      local server = process.serve("return function(request, connection) if request.headers['x-amz-target']:find("
        .. "'CreateRepository') then connection:" .. how .. "() else return {body = '{}'} end end")
      local client = hostile.client(server.url, {})
      assert(client:call("DescribeRepositories", {}))
      local _, err = client:call("CreateRepository", { repository_name = "app" })
      server:stop()
      assert.equal("network", err.kind)
      assert.equal(2, #server:requests())
    end)
  end
end)
