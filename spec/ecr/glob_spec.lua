-- SPDX-License-Identifier: MIT
-- Patterns as in POSIX's "Pattern Matching Notation".
local glob = require "ecr.glob"
local semver = require "ecr.semver"

describe("a glob", function()
  it("matches all of a name or nothing", function()
    for _, row in ipairs{ { "*", "" }, { "*", "abc" }, { "a*c", "abbc" }, { "a?c", "abc" }, { "[a-c]x", "bx" },
      { "[!a]x", "bx" }, { "v*.*.*", "v1.2.3" }, { "*/app", "team/app" }, { "a**b", "ab" }, { "*a*a*", "banana" },
      { "[", "[" }, { "[]a]", "]" }, { "a[-z]", "a-" } } do
      assert.is_true(glob.matches(row[1], row[2]), row[1] .. " " .. row[2])
    end
    for _, row in ipairs{ { "", "a" }, { "a", "" }, { "a?", "a" }, { "abc", "abcd" }, { "*b", "abc" }, { "[a-c]", "d" },
      { "[!a]", "a" }, { "?", "" }, { "a.c", "abc" }, { "%a", "b" } } do
      assert.is_false(glob.matches(row[1], row[2]), row[1] .. " " .. row[2])
    end
  end)

  it("is not slow on a pattern that is meant to be", function()
    assert.is_false(glob.matches(("*a"):rep(30) .. "b", ("a"):rep(2000)))
  end)
end)

describe("versions", function()
  -- Semantic Versioning 2.0.0, section 11, and what tags add
  local ORDERED = { "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "v1.0.0", "1.0.1", "1.2", "1.10.0", "v2" }

  it("have the order of the specification", function()
    for i = 1, #ORDERED do
      for j = 1, #ORDERED do
        local order = semver.compare(semver.read(ORDERED[i]), semver.read(ORDERED[j]))
        assert.equal(i < j and -1 or i > j and 1 or 0, order, ORDERED[i] .. " " .. ORDERED[j])
      end
    end
    assert.equal(0, semver.compare(semver.read("1.0.0+a"), semver.read("1.0.0+b")))
  end)

  it("are none of these", function()
    for _, tag in ipairs{ "latest", "", "v", "1..2", "1.2.", "1.2.3.4", "1.2-", "1.2 ", "1.2-a b", "x1.2",
      ("1"):rep(50) } do
      assert.is_nil(semver.read(tag), tag)
    end
  end)
end)
