-- SPDX-License-Identifier: MIT
local core = require "ecr.core"

describe("a secret", function()
  it("does not show itself", function()
    local secret = core.secret("hunter2")
    assert.equal("<secret>", tostring(secret))
    assert.is_false(pcall(function() return secret .. "x" end))
    assert.is_false(pcall(function() return "x" .. secret end))
    assert.is_false(pcall(function() return secret.bytes end) and secret.bytes ~= nil)
    assert.is_false(pcall(require("cjson").encode, { secret }))
    assert.is_false(pcall(require("ecr.json").encode, { secret }))
  end)

  it("gives its text through one door", function()
    assert.equal("hunter2\0x", core.secret("hunter2\0x"):reveal())
    assert.equal(7, #core.secret("hunter2"))
  end)

  it("is equal to the same text and to no string", function()
    assert.is_true(core.secret("a") == core.secret("a"))
    assert.is_false(core.secret("a") == core.secret("b"))
    assert.is_false(core.secret("a") == "a")
  end)

  it("is gone once closed", function()
    local secret = core.secret("x")
    secret:close()
    secret:close()
    assert.has_error(function() secret:reveal() end, "secret is closed")
  end)

  it("hides its class from scripts", function()
    assert.is_false(getmetatable(core.secret("x")))
  end)
end)

describe("credentials", function()
  it("tell where they came from and nothing else", function()
    local creds = core.creds_static("AKIDEXAMPLE", core.secret("key"), "token")
    assert.equal("static", creds:source())
    assert.equal("credentials (static)", tostring(creds))
    assert.is_nil(creds.key)
  end)

  it("are refused with spaces, line breaks or nothing in them", function()
    for _, row in ipairs{ { "", "k" }, { "a b", "k" }, { "a", "" }, { "a", "k\n" }, { "a", "k", "t\r\nX: y" },
      { ("a"):rep(129), "k" } } do
      local creds, failure = core.creds_static(row[1], row[2], row[3])
      assert.is_nil(creds)
      assert.equal("input", failure.kind)
      assert.is_nil(failure.message:find("X: y", 1, true))
    end
  end)

  it("cannot be used once closed", function()
    local creds = core.creds_static("a", "k")
    creds:close()
    assert.has_error(function() creds:source() end, "credentials are closed")
  end)
end)
