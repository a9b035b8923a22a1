-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"
local sim = require "ecr.transport.sim"

local APP = { { name = "app", images = { { tags = { "v1" } } } } }

local function submit(transport, operation, input, more)
  return transport:submit(asking.request(operation, input, more))
end

local function tickets(events)
  local list = {}
  for i, event in ipairs(events) do list[i] = event.ticket end
  return list
end

describe("the simulator's seam", function()
  it("has virtual time", function()
    local transport = asking.open{}
    assert.equal("virtual", transport.clock)
    assert.same({ 0, 1767225600 }, { transport:now() })
  end)

  it("moves time by as much as was waited for when nothing is due", function()
    local transport = asking.open{}
    assert.same({}, transport:poll(300))
    assert.same({ 300, 1767225900 }, { transport:now() })
  end)

  it("moves time no further than to the next answer", function()
    local transport = asking.open{ latency = { { seconds = 5 } } }
    submit(transport, "DescribeRepositories")
    assert.equal(1, #transport:poll(300))
    assert.equal(5, transport:now())
  end)

  it("does not move time at all when asked only for what is due", function()
    local transport = asking.open{ latency = { { seconds = 5 } } }
    submit(transport, "DescribeRepositories")
    assert.same({}, transport:poll(0))
    assert.equal(0, transport:now())
  end)

  it("stays at its time when it could only wait for ever", function()
    local transport = asking.open{}
    assert.same({}, transport:poll(math.huge))
    assert.equal(0, transport:now())
  end)

  it("answers after 20 ms", function()
    local transport = asking.open{}
    submit(transport, "DescribeRepositories")
    transport:poll(1)
    assert.near(0.02, transport:now(), 1e-9)
  end)

  it("gives answers in the order in which they are due, equal ones as they were asked", function()
    local transport = asking.open{ latency = { { operation = "DescribeRepositories", seconds = 2 },
      { operation = "GetRegistryScanningConfiguration", seconds = 1 } } }
    local slow = submit(transport, "DescribeRepositories")
    local first = submit(transport, "GetRegistryScanningConfiguration")
    local second = submit(transport, "GetRegistryScanningConfiguration")
    assert.same({ first, second }, tickets(transport:poll(10)))
    assert.same({ slow }, tickets(transport:poll(10)))
  end)

  it("gives status, request id and value", function()
    local event = asking.event(asking.open{ repositories = APP }, "DescribeRepositories")
    assert.equal(200, event.status)
    assert.is_string(event.headers["x-amzn-requestid"])
    assert.equal("app", event.value.repositories[1].repository_name)
  end)

  it("gives status, request id and fault", function()
    local event = asking.event(asking.open{}, "ListImages", { repository_name = "app" })
    assert.equal(400, event.status)
    assert.is_string(event.headers["x-amzn-requestid"])
    assert.equal("RepositoryNotFoundException", event.fault.code)
    assert.is_nil(event.value)
  end)

  it("lets an operation take effect when it is answered, not when it is asked", function()
    local transport = asking.open{ latency = { { operation = "CreateRepository", seconds = 5 } } }
    submit(transport, "CreateRepository", { repository_name = "late" })
    assert.same({}, asking.ask(transport, "DescribeRepositories").repositories)
    transport:poll(10)
    assert.equal(1, #asking.ask(transport, "DescribeRepositories").repositories)
  end)

  it("forgets a cancelled request, which then has no effect", function()
    local transport = asking.open{}
    local ticket = submit(transport, "CreateRepository", { repository_name = "never" })
    assert.is_true(transport:cancel(ticket))
    assert.same({}, transport:poll(10))
    assert.same({}, asking.ask(transport, "DescribeRepositories").repositories)
    assert.equal("cancelled", transport.history[1].code)
  end)

  it("does nothing for a ticket that was answered", function()
    local transport = asking.open{}
    local ticket = submit(transport, "DescribeRepositories")
    transport:poll(1)
    assert.is_false(transport:cancel(ticket))
  end)

  it("fails when the answer takes longer than the request would wait, without effect", function()
    local transport = asking.open{ latency = { { operation = "CreateRepository", seconds = 5 } } }
    local event = asking.event(transport, "CreateRepository", { repository_name = "late" },
      { timeout = 2 })
    assert.equal("timeout", event.failure.kind)
    assert.is_nil(event.status)
    assert.equal(2, transport:now())
    transport:poll(10)
    assert.same({}, asking.ask(transport, "DescribeRepositories").repositories)
  end)

  it("answers in time when it is just as long", function()
    local transport = asking.open{ latency = { { seconds = 5 } } }
    assert.equal(200, asking.event(transport, "DescribeRepositories", {}, { timeout = 5 }).status)
  end)

  it("answers with the scenario's faults, in turn", function()
    local transport = asking.open{ repositories = APP, faults = {
      { operation = "DescribeRepositories", code = "ThrottlingException", message = "Rate exceeded",
        times = 1 },
      { operation = "DescribeRepositories", failure = { kind = "network" }, times = 1 } } }
    local throttled = asking.event(transport, "DescribeRepositories")
    assert.equal(400, throttled.status)
    assert.same({ code = "ThrottlingException", message = "Rate exceeded", members = {} },
      throttled.fault)
    local failed = asking.event(transport, "DescribeRepositories")
    assert.same({ "network", "connect" }, { failed.failure.kind, failed.failure.code })
    assert.is_nil(failed.status)
    assert.equal(200, asking.event(transport, "DescribeRepositories").status)
  end)

  it("has no effect when a fault is answered", function()
    local transport = asking.open{ faults = { { operation = "CreateRepository",
      code = "ServerException" } } }
    assert.equal(500, asking.event(transport, "CreateRepository",
      { repository_name = "x1" }).status)
    assert.same({}, asking.ask(transport, "DescribeRepositories").repositories)
  end)

  it("shares no table with its callers", function()
    local transport = asking.open{ repositories = APP }
    local input = { repository_name = "app" }
    submit(transport, "DescribeImages", input)
    input.repository_name = "changed"
    local detail = transport:poll(1)[1].value.image_details[1]
    detail.image_tags[1] = "changed"
    assert.same({ "v1" }, asking.ask(transport, "DescribeImages",
      { repository_name = "app" }).image_details[1].image_tags)
    assert.equal("app", transport.history[1].input.repository_name)
  end)

  it("remembers what was asked, when, and how it ended", function()
    local transport = asking.open{}
    transport:poll(7)
    asking.ask(transport, "ListImages", { repository_name = "app" })
    assert.same({ { operation = "ListImages", service = "ecr", region = "us-east-1", at = 7,
      input = { repository_name = "app" }, status = 400, code = "RepositoryNotFoundException" } },
      transport.history)
  end)

  it("refuses to be used when it is closed, and closes twice", function()
    local transport = asking.open{}
    transport:close()
    transport:close()
    assert.has_error(function() transport:poll(0) end, "the transport is closed")
    assert.has_error(function() submit(transport, "DescribeRepositories") end,
      "the transport is closed")
  end)
end)

describe("the seam over a scenario file", function()
  it("is the same for all who open the file", function()
    local transport = assert(sim.of_file("examples/scenarios/demo.lua"))
    assert.equal(transport, sim.of_file("examples/scenarios/demo.lua"))
    transport:close()
  end)

  it("gives a configuration error that names the file", function()
    local transport, err = sim.of_file("spec/fixtures/no_such_scenario.lua")
    assert.is_nil(transport)
    assert.equal("config", err.kind)
    assert.matches("no_such_scenario", err.message)
  end)
end)
