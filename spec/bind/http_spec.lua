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
