-- SPDX-License-Identifier: MIT
-- Programs through a handle's requests; what ends them, and what they begin with, is in spec/core/test_process.c.

local core = require "ecr.core"
local process = require "spec.support.process"

local function script(text, more)
  local request = { kind = "process", argv = { "sh", "-c", text }, sink = "raw:1000", timeout = 20,
    operation = "credential_process" }
  for key, value in pairs(more or {}) do request[key] = value end
  return request
end

--- The events of all tickets, by ticket.
local function await(http, count)
  local events = {}
  while count > 0 do
    for _, event in ipairs(assert(http:poll(20))) do
      assert.is_nil(events[event.ticket])
      events[event.ticket] = event
      count = count - 1
    end
  end
  assert.equal(0, http:in_flight())
  return events
end

local function run(request)
  local http <close> = core.http{}
  local ticket = assert(http:submit(request))
  return await(http, 1)[ticket]
end

describe("a request to run a program", function()
  it("gives its output and its exit code 0 as a status", function()
    local event = run(script("printf 'a\\0b'"))
    assert.same({ ticket = 1, status = 0, headers = {}, value = "a\0b" }, event)
  end)

  it("gives another exit code with a failure and no value", function()
    local event = run(script("echo secret; echo no such role >&2; exit 7"))
    assert.same({ ticket = 1, status = 7, headers = {},
      failure = { kind = "auth", code = "process_exit", message = "exited with 7: no such role" } }, event)
  end)

  it("gives no status of one that a signal ended, and none of one that was not started", function()
    local event = run(script("kill -KILL $$"))
    assert.is_nil(event.status)
    assert.equal("was ended by signal 9 (Killed)", event.failure.message)
    event = run(script("", { argv = { "no-such-program" } }))
    assert.is_nil(event.status)
    assert.same({ kind = "config", code = "process_start",
      message = "cannot start no-such-program: No such file or directory" }, event.failure)
  end)

  it("ends at its time-out", function()
    local event = run(script("exec >&- 2>&-; exec sleep 1000", { timeout = 0.2 }))
    assert.same({ kind = "timeout", code = "process_timeout", message = "did not end within 0.2 seconds" },
      event.failure)
  end)

  it("passes words on as they are", function()
    local event = run(script("", { argv = { "printf", "%s,", "a b", "", "$HOME", "*", "'\"\\", "é" } }))
    assert.equal("a b,,$HOME,*,'\"\\,é,", event.value)
  end)

  it("takes as much as it says and no more", function()
    assert.equal(("x"):rep(5), run(script("printf xxxxx", { sink = "raw:5" })).value)
    local event = run(script("printf xxxxx", { sink = "raw:4" }))
    assert.equal("too_large", event.failure.code)
    assert.is_nil(event.value)
  end)

  it("is refused when its words are none", function()
    local http <close> = core.http{}
    local function refuses(message, more)
      assert.has_error(function() http:submit(script("", more)) end, message)
    end
    refuses("request.argv must be a list of strings", { argv = "sh -c x" })
    refuses("request.argv must be a list of strings", { argv = { "sh", 1 } })
    refuses("request.argv must be a list of strings", { argv = { "sh", core.secret("x") } })
    refuses("request.argv must have 1 to 256 strings", { argv = {} })
    refuses("request.argv holds a zero byte", { argv = { "sh", "a\0b" } })
    refuses("request.argv names no program", { argv = { "" } })
    refuses("request.argv has more than 32768 bytes", { argv = { "sh", ("x"):rep(32768 - 3) } })
    local words = {}
    for i = 1, 257 do words[i] = "true" end
    refuses("request.argv must have 1 to 256 strings", { argv = words })
    refuses("request.sink of a process is no file", { sink = "file" })
    refuses("request.timeout must be more than 0", { timeout = 0 })
    assert.equal(0, http:in_flight())
    words[257] = nil
    assert.equal(0, run(script("", { argv = words })).status)
    assert.equal(0, run(script("", { argv = { "true", ("x"):rep(32768 - 6) } })).status)
  end)

  it("takes no list that a metatable makes up", function()
    local http <close> = core.http{}
    assert.has_error(function()
      http:submit(script("", { argv = setmetatable({}, { __index = { "true" }, __len = function() return 1 end }) }))
    end, "request.argv must have 1 to 256 strings")
  end)

  it("can be cancelled, and the handle closed while it runs", function()
    local http <close> = core.http{}
    local ticket = http:submit(script("exec sleep 1000"))
    assert.is_true(http:cancel(ticket))
    assert.is_false(http:cancel(ticket))
    assert.is_nil(http:timeout())
    http:submit(script("exec sleep 1000"))
    assert.is_true(http:timeout() <= 20)
    http:close()
  end)

  it("is killed when the handle is collected", function()
    local result = process.ecrlua{ "-e", [[
      local core = require "ecr.core"
      local function children()
        local file <close> = io.open("/proc/thread-self/children")
        return file:read("a")
      end
      do
        local http = core.http{}
        http:submit{ kind = "process", argv = { "sleep", "1000" }, sink = "raw:1" }
        print(children():match("^%d+ $") ~= nil)
      end
      collectgarbage() collectgarbage()
      local other <const> = core.http{} -- a poll takes leave of what had no time to die before
      for _ = 1, 500 do
        if children() == "" then break end
        other:poll(0.01)
      end
      print(children())]] }
    assert.equal("true\n\n", result.output, result.errors)
  end)

  it("needs no libcurl", function()
    local result = process.ecrlua{ "-e", [[
      local http <close> = require "ecr.core".http{}
      http:submit{ kind = "process", argv = { "true" }, sink = "raw:1" }
      print(http:poll(20)[1].status)
      for line in io.lines("/proc/self/maps") do
        if line:find("libcurl") then print "libcurl is there" break end
      end]] }
    assert.equal("0\n", result.output, result.errors)
  end)
end)

describe("programs and requests of HTTP", function()
  local server
  after_each(function() server:stop() end)

  it("are in flight together and answer as they are done", function()
    -- the server answers when all have asked, one of the programs too
    server = process.serve([[return function(request, connection)
      asked = (asked or 0) + 1
      while asked < 6 do connection:sleep(0.005) end
      return {body = request.path}
    end]])
    local http <close> = core.http{ proxy = "" }
    local expected = {}
    for i = 1, 5 do
      local path = "/" .. i
      expected[http:submit{ kind = "http", method = "GET", url = server.url .. path, sink = "raw:100" }] = path
      expected[http:submit(script("echo " .. i))] = i .. "\n"
    end
    expected[http:submit(script("", { argv = { "lua5.4", "-e", ([[
      local client = require "socket".connect("127.0.0.1", %d)
      client:send("GET /6 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      io.write((client:receive("*l")))]]):format(server.port) } }))] = "HTTP/1.1 200 X"
    assert.equal(11, http:in_flight())
    local events = await(http, 11)
    for ticket, value in pairs(expected) do
      local event = events[ticket]
      assert.equal(value, event.value, event.failure and event.failure.message)
    end
  end)
end)
