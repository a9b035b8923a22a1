-- SPDX-License-Identifier: MIT Ceilings and retry-after rows: the published algorithm's own
-- arithmetic (AWS SDKs and Tools Reference Guide, retry behavior), as tables.
local retry = require "ecr.retry"

describe("retry", function()
  it("doubles the ceiling of a transient failure from 50 ms to 20 s", function()
    for k, ceiling in ipairs{ 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20, 20 } do
      assert.near(ceiling, retry.backoff("server", k - 1, 1), 1e-9)
    end
  end)

  it("doubles the ceiling of throttling from 1 s to 20 s", function()
    for k, ceiling in ipairs{ 1, 2, 4, 8, 16, 20, 20, 20 } do
      assert.near(ceiling, retry.backoff("throttled", k - 1, 1), 1e-9)
    end
  end)

  it("may not wait at all, since the whole delay is jittered", function()
    assert.equal(0, retry.backoff("throttled", 5, 0))
  end)

  it("lengthens a delay by the service's hint, five seconds at most", function()
    local rows = {
      { 0.02, "100", 0.1 }, { 0.5, "100", 0.5 }, { 1.0, "3000", 3.0 }, { 1.0, "60000", 6.0 },
      { 0.0, "0", 0.0 }, { 0.3, "-5", 0.3 }, { 0.3, "abc", 0.3 }, { 0.3, nil, 0.3 },
    }
    for _, row in ipairs(rows) do assert.near(row[3], retry.with_hint(row[1], row[2]), 1e-9) end
  end)

  it("lets a full quota pay for 35 repetitions after failures, or 100 after throttling", function()
    local quota = retry.new_quota()
    for _ = 1, 35 do assert.equal(14, retry.pay(quota, "server")) end
    assert.is_nil(retry.pay(quota, "server"))
    quota = retry.new_quota()
    for _ = 1, 100 do assert.equal(5, retry.pay(quota, "throttled")) end
    assert.is_nil(retry.pay(quota, "throttled"))
  end)

  it("gives back what the last repetition cost, one for a first try, never above the capacity",
    function()
    local quota = retry.new_quota()
    retry.pay(quota, "server")
    retry.refund(quota, nil)
    assert.equal(487, quota.left)
    retry.refund(quota, 14)
    assert.equal(500, quota.left)
  end)
end)
