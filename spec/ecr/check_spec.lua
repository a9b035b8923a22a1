-- SPDX-License-Identifier: MIT
-- Names by the patterns of the two service models and the registry project's grammar (spec/fixtures).
local ecr = require "ecr"

local check = ecr.check

local function is_refused(ok, err)
  assert.is_nil(ok)
  assert.equal("input", err.kind)
  assert.is_nil(tostring(err):find("[%c]"))
  return err
end

describe("a repository name", function()
  it("follows the rules of its registry", function()
    for _, row in ipairs(dofile("spec/fixtures/repository_names.lua")) do
      assert.equal(row.private, check.repository_name(row.name) == true, row.name)
      assert.equal(row.public, check.repository_name(row.name, { public = true }) == true, row.name)
    end
  end)

  it("is refused with the rule and the place", function()
    for name, words in pairs{ ["a"] = "2 to 256 characters", ["team/App"] = "lower%-case letters.+%(character 6%)",
      ["a..b"] = "in a row %(character 2%)", ["a___b"] = "in a row %(character 2%)", ["/app"] = "%(character 1%)",
      ["app/"] = "%(character 4%)", ["a//b"] = "%(character 3%)", ["-ab"] = "%(character 1%)",
      ["ab-"] = "between lower%-case letters or digits %(character 3%)", ["a._b"] = "%(character 2%)",
      ["a b"] = "%(character 2%)", ["a\0b"] = "%(character 2%)" } do
      assert.matches(words, is_refused(check.repository_name(name)).message)
    end
    local public = { public = true }
    assert.matches("too many of the same separator", is_refused(check.repository_name("a--b", public)).message)
    assert.matches("2 to 205", is_refused(check.repository_name(("a"):rep(206), { public = true })).message)
    assert.is_true(check.repository_name(("a"):rep(256)))
    is_refused(check.repository_name(("a"):rep(257)))
  end)
end)

describe("a tag", function()
  it("follows the registry's rule", function()
    for _, row in ipairs(dofile("spec/fixtures/tags.lua")) do
      assert.equal(row.valid, check.tag(row.tag) == true, row.tag)
    end
    assert.matches("begins with", is_refused(check.tag("-a")).message)
    assert.matches("%(character 3%)", is_refused(check.tag("ab:c")).message)
  end)
end)

describe("digests, references, ids, regions, platforms", function()
  it("are taken or refused, never raised about", function()
    for _, row in ipairs{ { "digest", "sha256:" .. ("0"):rep(64) }, { "reference", "team/app:v1" },
      { "reference", "123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:" .. ("0"):rep(64) },
      { "registry_id", "012345678901" }, { "region", "eu-west-1" }, { "platform", "linux/arm64" } } do
      assert.is_true(check[row[1]](row[2]))
    end
    for name, values in pairs{ digest = { "", "sha256:", "sha256:0", "x" }, reference = { "", "a:", "a@b" },
      registry_id = { "", "12345678901", "12345678901x", "1234567890123", 123456789012 },
      region = { "", "x", "US-EAST-1", "aws-global", ("a"):rep(26) }, platform = { "", "linux" } } do
      for _, value in ipairs(values) do is_refused(check[name](value)) end
    end
    for name, fn in pairs(check) do
      for _, value in ipairs{ 5, true, {}, print, "\0", ("x"):rep(100000), "\xff", "\27[2J" } do
        if not (name == "platform" and type(value) == "table") then is_refused(fn(value)) end
      end
      is_refused(fn(nil))
    end
  end)
end)
