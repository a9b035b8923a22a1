-- SPDX-License-Identifier: MIT
-- Programs through the HTTP transport and the loop.
local ecr = require "ecr"
local loop = require "ecr.loop"
local http = require "ecr.transport.http"

local function script(text)
  return { kind = "process", argv = { "sh", "-c", text }, sink = "raw:100", timeout = 20,
    operation = "credential_process" }
end

local function send(text)
  return loop.send(assert(http.new{ proxy = "" }), script(text))
end

describe("the HTTP transport", function()
  after_each(function()
    assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
  end)

  it("leaves the output of a program as it is", function()
    local event = send("echo done")
    assert.same({ 0, "done\n" }, { event.status, event.value })
    assert.is_nil(event.fault)
  end)

  it("makes no service's refusal of an exit code", function()
    for _, code in ipairs{ 1, 44, 200, 255 } do -- as statuses of HTTP these would be many things
      local event = send("echo no >&2; exit " .. code)
      assert.equal(code, event.status)
      assert.same({ kind = "auth", code = "process_exit", message = "exited with " .. code .. ": no" }, event.failure)
      assert.is_nil(event.fault)
      assert.is_nil(event.value)
    end
  end)

  it("makes none of a program that was not started or was killed", function()
    for _, text in ipairs{ "kill -KILL $$", "exec no-such-program >&2" } do
      local event = send(text)
      assert.equal("process_exit", event.failure.code)
      assert.is_nil(event.fault)
    end
  end)

  it("runs programs side by side", function()
    -- each waits for what the other writes
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder .. " && mkfifo " .. folder .. "/a " .. folder .. "/b"))
    local results, errors = ecr.all{
      function() return send("cd " .. folder .. "; echo from one > a; cat b") end,
      function() return send("cd " .. folder .. "; cat a; echo from two > b") end,
    }
    os.execute("rm -r " .. folder)
    assert.is_nil(errors)
    assert.equal("from two\n", results[1].value)
    assert.equal("from one\n", results[2].value)
  end)

  it("kills a program when nobody waits for it any more", function()
    local task = ecr.spawn(function() return send("exec sleep 1000") end)
    loop.step(0)
    task:cancel()
  end)
end)
