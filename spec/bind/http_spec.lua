-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local process = require "spec.support.process"

local server

describe("a core handle", function()
  after_each(function()
    if server then server:stop() end
    server = nil
  end)

  it("lets no finalizer take the answers that a poll is handing out", function()
    server = process.serve([[return function()
      local ids = {}
      for i = 1, 20000 do ids[i] = ('{"imageTag":"tag-%d"}'):format(i) end
      return {body = '{"imageIds":[' .. table.concat(ids, ",") .. "]}"}
    end]])
    -- in a process of its own: how often a finalizer runs depends on all that is in the heap
    local result = process.ecrlua{ "-e", ([[
      local core = require "ecr.core"
      local http <close> = core.http{ proxy = "" }
      local ticket = http:submit{ kind = "aws", service = "ecr", operation = "ListImages", url = %q,
        body = "{}", sink = "shape:ListImages" }
      local refused, watching = {}, true
      local function interfere()
        if not watching then return end
        for name, argument in pairs{ poll = 0, cancel = ticket, close = 0 } do
          if http:in_flight() == 0 then -- the answer is there, so it is being handed out
            refused[name] = select(2, pcall(http[name], http, argument))
          end
        end
        setmetatable({}, { __gc = interfere })
      end
      setmetatable({}, { __gc = interfere })
      collectgarbage("incremental", 1, 1000)
      local events
      repeat events = http:poll(20) until #events > 0
      watching = false
      print(refused.poll, refused.cancel, refused.close, #events[1].value.image_ids)]]):format(server.url) }
    local message = "http is being polled\t"
    assert.equal(message:rep(3) .. "20000\n", result.output, result.errors)
  end)

  it("lets no finalizer close what a request lends while it is read", function()
    local result = process.ecrlua{ "-e", [[
      local core = require "ecr.core"
      local http <close> = core.http{ proxy = "" }
      collectgarbage("incremental", 1, 1000)
      local runs, watching, most = 0, true, 0
      for n = 1, 60 do
        local secret = core.secret(("s"):rep(1000))
        runs, watching = 0, true
        local function interfere() -- makes enough to be run again at the next chance
          if not watching then return end
          runs = runs + 1
          local _ = ("x"):rep(2000 + runs * 1000) .. runs
          if runs == n then secret:close() end
          setmetatable({}, { __gc = interfere })
        end
        local request = { kind = "http", method = "POST", url = "http://127.0.0.1:1/", sink = "raw:10",
          body = secret, headers = { a = secret } }
        setmetatable({}, { __gc = interfere })
        local ok, ticket = pcall(http.submit, http, request)
        watching, most = false, math.max(most, runs)
        if ok then http:cancel(ticket) else assert(ticket:find("secret is closed")) end
      end
      print(most > 1)]] }
    assert.equal("true\n", result.output, result.errors)
  end)

  it("raises where the request was submitted", function()
    local http <close> = core.http{ proxy = "" }
    local _, message = pcall(function() http:submit{} end)
    assert.equal(1, (message:find("^%S*http_spec.lua:%d+: request.kind is missing$")), message)
  end)

  it("reads a request as it is, whatever its metatable says", function()
    server = process.serve([[return function() return {body = "ok"} end]])
    local http <close> = core.http{ proxy = "" }
    local request = setmetatable({ kind = "http" }, { __index = function() return "made up" end })
    assert.has_error(function() http:submit(request) end, "request.method is missing")
  end)

  it("keeps a refusal whole that is larger than what was wanted", function()
    server = process.serve([[return function(request, connection)
      if request.path == "/page" then return {status = 403, body = ("x"):rep(300)} end
      return {status = 403, body = '{"__type":"Denied","message":"' .. ("y"):rep(300) .. '"}'}
    end]])
    local http <close> = core.http{ proxy = "" }
    local function ask(path)
      http:submit{ kind = "http", method = "GET", url = server.url .. path, sink = "raw:10" }
      local events
      repeat events = http:poll(20) until #events > 0
      return events[1]
    end
    local page, document = ask("/page"), ask("/document")
    assert.same({ 403, ("x"):rep(300) }, { page.status, page.text })
    assert.same({ 403, "Denied" }, { document.status, document.value and document.value.__type })
  end)
end)
