-- SPDX-License-Identifier: MIT
local fixtures = require "spec.fixtures.platforms"
local platform = require "ecr.types.platform"

local function read(text) return assert(platform.read(text)) end

describe("a platform", function()
  it("has the names that runtimes use", function()
    for _, row in ipairs(fixtures.normal) do
      local made = platform.new(table.unpack(row[1]))
      assert.same(row[2], { made.os, made.architecture, made.variant or "" }, table.concat(row[1], "/"))
    end
  end)

  it("prefers what runs on it, the best first", function()
    for _, row in ipairs(fixtures.preference) do
      local got, expected = {}, {}
      for i, each in ipairs(read(row[1]):preferences()) do got[i] = tostring(each) end
      for i = 2, #row do expected[i - 1] = tostring(read(row[i])) end
      assert.same(expected, got, row[1])
    end
  end)

  it("is read from text and from tables, and refused when it is neither", function()
    assert.equal("linux/arm/v7", tostring(read("Linux/armhf")))
    assert.equal("linux/amd64", tostring(read{ os = "linux", architecture = "x86_64" }))
    for _, given in ipairs{ "", "linux", "linux/", "/amd64", "linux/amd64/", "linux//v7", "a/b/c/d", "linux amd64", 5,
      {}, { os = "linux" }, { os = 1, architecture = 2 } } do
      local made, err = platform.read(given)
      assert.is_nil(made)
      assert.equal("input", err.kind)
    end
  end)

  it("is nothing where an index names none", function()
    assert.is_nil(platform.of(nil))
    assert.is_nil(platform.of{ os = "linux" })
    assert.is_true(platform.of{ os = "unknown", architecture = "unknown" }:is_unknown())
  end)

  it("is chosen from what there is: the best, among equals the first, nothing when none runs", function()
    local function choose(wanted, names, match)
      local available = {}
      for i, name in ipairs(names) do available[i] = name and read(name) end
      return platform.choose(read(wanted), available, match)
    end
    assert.equal(2, choose("linux/amd64", { "linux/386", "linux/amd64", "linux/amd64" }))
    assert.equal(1, choose("linux/amd64", { "linux/386", "linux/arm64" }, "any"))
    assert.is_nil(choose("linux/amd64", { "linux/386", "linux/arm64" }))
    assert.equal(2, choose("linux/amd64/v3", { "linux/386", "linux/amd64/v2", "linux/amd64" }))
    assert.is_nil(choose("linux/amd64/v3", { "linux/386", "linux/amd64/v2", "linux/amd64" }, "exact"))
    assert.equal(1, choose("linux/arm64", { "linux/arm/v7" }, "any"))
    assert.is_nil(choose("linux/arm64", { "linux/arm/v7" }))
    assert.equal(3, choose("linux/arm64/v8", { false, "linux/arm/v7", "linux/arm64" }))
    assert.is_nil(choose("linux/s390x", { "linux/amd64", "windows/s390x" }))
  end)

  it("of Windows accepts older builds only where the kernel keeps them running", function()
    local function accepts(host, image)
      local wanted, has = read("windows/amd64"), read("windows/amd64")
      wanted.os_version, has.os_version = host, image
      return wanted:accepts(has)
    end
    assert.is_true(accepts("10.0.17763.1", "10.0.17763.9999"))
    assert.is_false(accepts("10.0.17763.1", "10.0.14393.1"))
    assert.is_true(accepts("10.0.22000.1", "10.0.20348.1"))
    assert.is_false(accepts("10.0.22000.1", "10.0.22621.1"))
    assert.is_false(accepts("10.0.26100.1", "10.0.20348.1"))
    assert.is_false(accepts("10.1.20348.1", "10.0.20348.1"))
    assert.is_true(accepts("10.0.20348.1", nil))
    assert.is_true(accepts(nil, "10.0.20348.1"))
    assert.is_false(accepts("x", "10.0.20348.1"))
  end)

  it("accepts no features that are not wanted", function()
    local wanted, has = read("windows/amd64"), read("windows/amd64")
    has.os_features = { "win32k" }
    assert.is_false(wanted:accepts(has))
    wanted.os_features = { "other", "win32k" }
    assert.is_true(wanted:accepts(has))
  end)
end)
