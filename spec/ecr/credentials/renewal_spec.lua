-- SPDX-License-Identifier: MIT
-- The spans are those of the SDKs: 15 minutes before the end somebody renews, 10 minutes before it all wait.
local renewal = require "ecr.credentials.renewal"

local NOW = 1000000

local function kept_for(life, random)
  return renewal.keep("creds", NOW + life, NOW, random or 0)
end

describe("the renewal of credentials", function()
  it("never comes for those that do not expire", function()
    assert.equal("use", renewal.step(renewal.keep("creds", nil, NOW, 0), NOW + 1e9))
  end)

  it("is a first fetch where there are none", function()
    assert.equal("fetch", renewal.step(nil, NOW))
  end)

  local hour = {
    { 0, "use" }, { 2699, "use" }, { 2700, "renew" }, { 2999, "renew" }, { 3000, "prefer" }, { 3599, "prefer" },
    { 3600, "fetch" }, { 9999, "fetch" },
  }
  for _, row in ipairs(hour) do
    it(("of an hour's credentials after %d s: %s"):format(row[1], row[2]), function()
      assert.equal(row[2], renewal.step(kept_for(3600), NOW + row[1]))
    end)
  end

  it("comes for short-lived ones after two thirds of their life", function()
    assert.equal("use", renewal.step(kept_for(900), NOW + 599))
    assert.equal("renew", renewal.step(kept_for(900), NOW + 600))
    assert.equal("prefer", renewal.step(kept_for(900), NOW + 750))
  end)

  it("is spread at random, so that a fleet does not ask at the same moment", function()
    assert.equal("renew", renewal.step(kept_for(3600, 0.999), NOW + 2620))
    assert.equal("use", renewal.step(kept_for(3600, 0.5), NOW + 2620))
  end)

  it("is not tried again at once after it failed, unless nothing valid is left", function()
    local kept = kept_for(3600)
    renewal.failed(kept, NOW + 2700, 0)
    assert.equal("use", renewal.step(kept, NOW + 2729))
    assert.equal("renew", renewal.step(kept, NOW + 2730))
    renewal.failed(kept, NOW + 3590, 0)
    assert.equal("use", renewal.step(kept, NOW + 3599))
    assert.equal("fetch", renewal.step(kept, NOW + 3600))
  end)
end)
