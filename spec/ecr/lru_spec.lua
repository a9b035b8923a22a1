-- SPDX-License-Identifier: MIT
local lru = require "ecr.lru"

describe("a cache with a bound", function()
  it("gives what was kept, and counts", function()
    local one = lru.new(100)
    one:put("a", "value", 10)
    assert.equal("value", one:get("a", 0))
    assert.is_nil(one:get("b", 0))
    assert.same({ 1, 1 }, { one.hits, one.misses })
    assert.same({ 10, 1 }, { one.size, one.count })
  end)

  it("lets go what was not asked for longest", function()
    local one = lru.new(30)
    for _, key in ipairs{ "a", "b", "c" } do one:put(key, key, 10) end
    one:get("a", 0)
    one:put("d", "d", 10)
    assert.is_nil(one:get("b", 0))
    for _, key in ipairs{ "a", "c", "d" } do assert.equal(key, one:get(key, 0)) end
    assert.equal(1, one.evicted)
  end)

  it("holds a thousand tokens of 4.8 KB in 10 MB", function()
    local one = lru.new(10 * 1024 * 1024)
    for i = 1, 1000 do one:put("identity " .. i, i, 4800) end
    for i = 1, 1000 do assert.equal(i, one:get("identity " .. i, 0)) end
    assert.equal(0, one.evicted)
  end)

  it("never has more than its bound, whatever comes", function()
    local one = lru.new(1000)
    for i = 1, 500 do
      one:put("key " .. i % 70, i, i * 37 % 400)
      assert.is_true(one.size <= 1000)
    end
    one:put("huge", 1, 1001)
    assert.is_nil(one:get("huge", 0))
  end)

  it("does not give what has ended", function()
    local one = lru.new(100)
    one:put("a", 1, 10, 50)
    assert.equal(1, one:get("a", 49.9))
    assert.is_nil(one:get("a", 50))
    assert.equal(0, one.size)
  end)

  it("takes a new value in the place of the old", function()
    local one = lru.new(100)
    one:put("a", 1, 60)
    one:put("a", 2, 70)
    assert.equal(2, one:get("a", 0))
    assert.same({ 70, 1 }, { one.size, one.count })
  end)

  it("forgets a key, or all under one", function()
    local one = lru.new(100)
    for _, key in ipairs{ "app/1", "app/2", "web/1" } do one:put(key, key, 10) end
    one:remove("app/1")
    one:remove("nothing")
    assert.equal("app/2", one:get("app/2", 0))
    one:remove_under("app/")
    assert.same({ 10, 1 }, { one.size, one.count })
    assert.equal("web/1", one:get("web/1", 0))
  end)
end)
