-- SPDX-License-Identifier: MIT
local faults = require "ecr.sim.faults"

--- What a number of calls get: the code, the kind of failure, or "-".
local function codes(rules, operation, calls)
  local made, got = faults.new(rules), {}
  for i = 1, calls do
    local struck = made:strike(operation)
    got[i] = struck and (struck.fault and struck.fault.code or struck.failure.kind) or "-"
  end
  return table.concat(got, " ")
end

describe("faults", function()
  it("strike as often as they are told", function()
    assert.equal("A A - -", codes({ { code = "A", times = 2 } }, "ListImages", 4))
  end)

  it("let the first calls through", function()
    assert.equal("- - A A", codes({ { code = "A", after = 2 } }, "ListImages", 4))
    assert.equal("- A -", codes({ { code = "A", after = 1, times = 1 } }, "ListImages", 3))
  end)

  it("strike only the operation they are for", function()
    assert.equal("-", codes({ { operation = "DescribeImages", code = "A" } }, "ListImages", 1))
  end)

  it("come one after the other when there are several", function()
    assert.equal("A A timeout -", codes({
      { code = "A", times = 2 }, { failure = { kind = "timeout" }, times = 1 },
    }, "ListImages", 4))
  end)

  it("answer HTTP 400, a ServerException 500, or what they are told", function()
    assert.equal(400, faults.new{ { code = "ThrottlingException" } }:strike("X").status)
    assert.equal(500, faults.new{ { code = "ServerException" } }:strike("X").status)
    assert.equal(503, faults.new{ { code = "Busy", status = 503 } }:strike("X").status)
  end)

  it("name a failure as the network does", function()
    assert.equal("connect",
      faults.new{ { failure = { kind = "network" } } }:strike("X").failure.code)
  end)
end)

describe("latency", function()
  it("is 20 ms when nobody says otherwise", function()
    assert.equal(0.02, faults.new():latency("ListImages"))
  end)

  it("is the operation's own before that of all, and the last one said", function()
    local made = faults.new({}, { { operation = "ListImages", seconds = 3 }, { seconds = 1 },
      { seconds = 2 } })
    assert.equal(3, made:latency("ListImages"))
    assert.equal(2, made:latency("DescribeImages"))
  end)
end)
