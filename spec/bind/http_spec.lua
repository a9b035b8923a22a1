-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local process = require "spec.support.process"

local server

local function submit(http)
  return assert(http:submit{ kind = "aws", service = "ecr", operation = "ListImages", url = server.url, body = "{}",
    sink = "shape:ListImages" })
end

--- The events of the next poll that has any.
local function events_of(http)
  local events = {}
  for _ = 1, 100 do
    if #events > 0 then break end
    events = http:poll(5)
  end
  return events
end

describe("a core handle", function()
  after_each(function()
    if server then server:stop() end
    server = nil
    collectgarbage("incremental", 200, 100)
  end)

  it("lets no finalizer take the answers that a poll is handing out", function()
    server = process.serve([[return function()
      local ids = {}
      for i = 1, 20000 do ids[i] = ('{"imageTag":"tag-%d"}'):format(i) end
      return {body = '{"imageIds":[' .. table.concat(ids, ",") .. "]}"}
    end]])
    local http <close> = core.http{ proxy = "" }
    local ticket = submit(http)
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
    local events = events_of(http)
    watching = false
    local message = "http is being polled"
    assert.same({ poll = message, cancel = message, close = message }, refused)
    assert.equal(20000, #events[1].value.image_ids)
    assert.equal("tag-20000", events[1].value.image_ids[20000].image_tag)
  end)

  it("reads a request as it is, whatever its metatable says", function()
    server = process.serve([[return function() return {body = "ok"} end]])
    local http <close> = core.http{ proxy = "" }
    local request = setmetatable({ kind = "http" }, { __index = function() return "made up" end })
    assert.has_error(function() http:submit(request) end, "request.method is missing")
  end)
end)
