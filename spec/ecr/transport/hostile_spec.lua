-- SPDX-License-Identifier: MIT
-- The HTTP path against servers that mean ill: kind and code of the error for each thing they do.
-- `spec.support.hostile` checks for every row that the call ended in time and left nothing behind.
local hostile = require "spec.support.hostile"
local process = require "spec.support.process"
local socket = require "socket"

local answer, head, hold, raw, reset = hostile.answer, hostile.head, hostile.hold, hostile.raw, hostile.reset

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

--- Chunks after a good head.
local function chunks(bytes) return raw(head("transfer-encoding: chunked") .. bytes) end

describe("a connection that ends too early", function()
  each{
    { "a reset before the answer", "network", "reset", reset("") },
    { "a reset in the headers", "network", "reset", reset("HTTP/1.1 200 OK\r\nx-a") },
    { "a reset in the body", "network", "reset", reset(head("content-length: 100") .. '{"repos') },
    { "a reset in the handshake", "network", "tls",
      { connection = "connection:read() connection:reset()", scheme = "https" } },
    { "an end in the handshake", "network", "tls",
      { connection = "connection:read() connection:close()", scheme = "https" } },
    { "an end before the answer", "network", "empty", "connection:close()" },
    { "an end in the body", "network", "truncated", raw(head("content-length: 100") .. "{}") },
    { "chunks without the last one", "network", "truncated", chunks("2\r\n{}\r\n") },
    { "chunks that end in a chunk's head", "network", "truncated", chunks("2\r\n{}\r\n1") },
    { "a proxy that refuses the tunnel", "network", "proxy",
      { proxy = raw("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n") } },
    { "a proxy that speaks no HTTP", "network", "proxy", { proxy = raw(("\0\1\2"):rep(1000)) } },
    { "a refusal before the request was read", "input", nil,
      upload([[connection:send("HTTP/1.1 413 X\r\ncontent-length: 2\r\n\r\n{}") connection:sleep(60)]]) },
  }
end)

describe("a body without a clear end", function()
  local function length(lines) return raw(head(lines) .. "{} ") end
  each{
    { "a length of 10 GB", "protocol", "too_large", hold(head("content-length: 10000000000") .. "{") },
    { "a length above 64 bits", "protocol", "too_large", hold(head("content-length: 99999999999999999999") .. "{}") },
    { "a length of 100 digits", "protocol", "too_large", hold(head("content-length: " .. ("9"):rep(100)) .. "{}") },
    { "a negative length", "protocol", "reply", length("content-length: -2") },
    { "a length in words", "protocol", "reply", length("content-length: two") },
    { "a length with a letter behind", "protocol", "reply", length("content-length: 2x") },
    { "an empty length", "protocol", "reply", length("content-length:") },
    { "two lengths", "protocol", "reply", length("content-length: 2\r\ncontent-length: 3") },
    { "two lengths in one header", "protocol", "reply", length("content-length: 2, 3") },
    { "two lengths with a status line between", "protocol", "reply",
      length("content-length: 2\r\nHTTP/1.1: x\r\ncontent-length: 3") },
    { "a chunk's size that is none", "protocol", "reply", chunks("zz\r\n{}\r\n0\r\n\r\n") },
    { "a negative chunk", "protocol", "reply", chunks("-2\r\n{}\r\n0\r\n\r\n") },
    { "a chunk above 64 bits", "protocol", "reply", chunks(("f"):rep(17) .. "\r\n{}\r\n0\r\n\r\n") },
    { "a chunk longer than its size", "protocol", "reply", chunks("2\r\n{}XX\r\n0\r\n\r\n") },
    { "a transfer coding nobody asked for", "protocol", "reply",
      raw(head("transfer-encoding: gzip, chunked") .. "2\r\n{}\r\n0\r\n\r\n") },
    { "a transfer coding nobody knows", "protocol", "reply", raw(head("transfer-encoding: rot13") .. "{}") },
    { "white space without end", "protocol", "too_large", { options = { timeout = 30 },
      handler = [[connection:send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
      while connection:send("10000\r\n" .. (" "):rep(65536) .. "\r\n") do end]] } },
    { "a list without end", "protocol", "too_large", { options = { timeout = 30 },
      handler = [[connection:send("HTTP/1.1 200 OK\r\n\r\n{\"repositories\":[{")
      while connection:send(("},{"):rep(20000)) do end]] } },
    { "a refusal without end", "protocol", "too_large", { options = { timeout = 30 },
      handler = [[connection:send("HTTP/1.1 400 Bad\r\n\r\n") while connection:send(("x"):rep(10000)) do end]] } },
  }

  it("is none when two lengths are the same", function()
    assert.same({}, (hostile.ask{ handler = raw(head("content-length: 2\r\ncontent-length: 2") .. "{}") }))
  end)

  it("is none when an interim answer had another length", function()
    assert.same({}, (hostile.ask{ handler = raw("HTTP/1.1 103 Early\r\ncontent-length: 9\r\n\r\n"
      .. head("content-length: 2") .. "{}") }))
  end)
end)

describe("a head that is none", function()
  each{
    { "noise", "protocol", "reply", raw(("\0\1\2\255"):rep(5000)) },
    { "a body without a head", "protocol", "reply", raw("{}") },
    { "settings of HTTP/2", "protocol", "reply", raw("\0\0\0\4\0\0\0\0\0") },
    { "a preface of HTTP/2", "protocol", "reply", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") },
    { "another protocol", "protocol", "reply", raw("SSH-2.0-OpenSSH\r\n") },
    { "a version nobody knows", "protocol", "reply", raw("HTTP/9.9 200 OK\r\ncontent-length: 2\r\n\r\n{}") },
    { "a status line of 200 kB", "protocol", "too_large",
      raw("HTTP/1.1 200 " .. ("a"):rep(200000) .. "\r\ncontent-length: 2\r\n\r\n{}") },
    { "a header of 200 kB", "protocol", "too_large", raw(head("x: " .. ("a"):rep(200000)) .. "{}") },
    { "headers without end", "protocol", "too_large",
      [[connection:send("HTTP/1.1 200 OK\r\n") while connection:send(("x-a: bcd\r\n"):rep(1000)) do end]] },
    { "100 without end", "protocol", "too_large",
      [[while connection:send(("HTTP/1.1 100 Continue\r\n\r\n"):rep(100)) do end]] },
    { "103 without end", "protocol", "too_large",
      [[while connection:send(("HTTP/1.1 103 Early\r\nlink: </a>\r\n\r\n"):rep(100)) do end]] },
    { "a header without a colon", "protocol", "reply", raw(head("nonsense\r\ncontent-length: 2") .. "{}") },
    { "a NUL in a header", "protocol", "reply", raw(head("x-amzn-requestid: a\0b") .. "{}") },
    { "a continuation of nothing", "protocol", "reply", raw(head(" x: y") .. "{}") },
    { "TLS on a plain port", "network", "tls", { scheme = "https",
      connection = [[connection:read() connection:send("HTTP/1.1 400 Bad Request\r\n\r\n")]] } },
  }

  it("is one when a header is folded, as RFC 9112 has it", function()
    assert.same({}, (hostile.ask{ handler = raw(head("x-a: b\r\n\tc\r\ncontent-length: 2") .. "{}") }))
  end)
end)

describe("a status that is none", function()
  local function status(line, body)
    return raw(("HTTP/1.1 %s X\r\ncontent-length: 2\r\n\r\n%s"):format(line, body or "{}"))
  end
  each{
    { "000", "protocol", "reply", status("000") },
    { "099", "protocol", "reply", status("099") },
    { "two digits", "protocol", "reply", status("20") },
    { "four digits", "protocol", "reply", status("2000") },
    { "a word", "protocol", "reply", status("two") },
    { "999, as a server error (RFC 9110, 15)", "server", nil, status("999") },
    { "204", "protocol", "json", raw("HTTP/1.1 204 X\r\n\r\n") },
    { "204 with a body", "protocol", "json", status("204") },
    { "304", "protocol", nil, raw("HTTP/1.1 304 X\r\n\r\n") },
    { "304 with a body", "protocol", nil, status("304") },
    { "200 with an empty body", "protocol", "json", answer("") },
    { "101 and the end", "network", "empty", raw("HTTP/1.1 101 X\r\nupgrade: h2c\r\n\r\n") },
    { "101 and silence", "timeout", "timeout", hold("HTTP/1.1 101 X\r\nupgrade: h2c\r\n\r\n") },
    { "101 and another protocol", "protocol", nil, raw("HTTP/1.1 101 X\r\nupgrade: websocket\r\n\r\n\129\2hi") },
  }

  for _, code in ipairs{ "301", "302", "307", "308" } do
    for where, location in pairs{ nowhere = "", ["another server"] = "location: http://127.0.0.1:1/\r\n",
      https = "location: https://127.0.0.1/\r\n", ["a file"] = "location: file:///etc/passwd\r\n",
      ["a control character"] = "location: \27[2J\r\n" } do
      check{ code .. " to " .. where, "protocol", "redirect",
        raw("HTTP/1.1 " .. code .. " X\r\n" .. location .. "content-length: 0\r\n\r\n") }
    end
  end
end)

describe("a certificate that is wrong", function()
  local here = process.certificate("IP:127.0.0.1")
  local expired = process.expired_certificate("IP:127.0.0.1")

  local function refused(row)
    row.options.max_retries = 3
    local output, err, server = hostile.ask(row)
    assert.is_nil(output)
    assert.same({ "network", "certificate", false, 1 }, { err.kind, err.code, err.retryable, err.attempts })
    assert.same({}, server:requests())
  end

  it("is signed by nobody the client trusts", function() refused{ tls = here, options = {} } end)

  it("is for another host", function()
    refused{ tls = here, host = "localhost", options = { ca_bundle = here.certificate } }
  end)

  it("has expired", function()
    refused{ tls = expired, options = { ca_bundle = expired.certificate } }
  end)

  it("is not looked at when the client speaks plain HTTP: the connection ends", function()
    local _, err = hostile.ask{ tls = here, scheme = "http" }
    assert.same({ "network", "reset" }, { err.kind, err.code })
  end)
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
