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
  local function with(fields)
    local all = { id = "AKIDEXAMPLE", key = "key", source = "static" }
    for name, value in pairs(fields) do all[name] = value end
    return all
  end

  it("tell where they came from, whose they are, until when, and nothing else", function()
    local creds = core.creds(with{ key = core.secret("key"), token = "token", expires = 1.5e9,
      account = "123456789012" })
    assert.equal("static", creds:source())
    assert.equal(1.5e9, creds:expires())
    assert.equal("123456789012", creds:account())
    assert.equal("credentials (static)", tostring(creds))
    assert.is_nil(creds.key)
  end)

  it("need neither an expiry nor an account", function()
    local creds = core.creds(with{})
    assert.is_nil(creds:expires())
    assert.is_nil(creds:account())
    assert.is_nil(core.creds(with{ account = "" }):account())
  end)

  it("are refused with spaces, line breaks or nothing in them", function()
    for _, fields in ipairs{ { id = "" }, { id = "a b" }, { key = "" }, { key = "k\n" }, { token = "t\r\nX: y" },
      { token = "" }, { id = ("a"):rep(129) } } do
      local creds, failure = core.creds(with(fields))
      assert.is_nil(creds)
      assert.same({ "input", "credentials" }, { failure.kind, failure.code })
      assert.is_nil(failure.message:find("X: y", 1, true))
    end
  end)

  it("are refused with an account that is none and an expiry that is no time", function()
    for _, fields in ipairs{ { account = "1234" }, { account = "12345678901x" }, { account = "1234567890123" },
      { expires = 0 / 0 }, { expires = -math.huge }, { expires = 1e300 } } do
      local creds, failure = core.creds(with(fields))
      assert.is_nil(creds)
      assert.equal("input", failure.kind)
    end
  end)

  it("are a mistake without what they are made of", function()
    for name, message in pairs{ id = "creds.id must be a string", key = "creds.key must be a string or a secret",
      source = "creds.source must be a string", expires = "creds.expires must be a number" } do
      local fields = with{ expires = 1 }
      fields[name] = false
      assert.has_error(function() core.creds(fields) end, message)
    end
    assert.has_error(function() core.creds(with{ source = "a\0b" }) end, "creds.source holds a zero byte")
  end)

  it("keep the first 63 bytes of where they came from", function()
    assert.equal(("x"):rep(63), core.creds(with{ source = ("x"):rep(80) }):source())
  end)

  it("cannot be used once closed", function()
    local creds = core.creds(with{})
    creds:close()
    for _, method in ipairs{ "source", "expires", "account" } do
      assert.has_error(function() creds[method](creds) end, "credentials are closed")
    end
  end)
end)

describe("what is made of a secret without opening it", function()
  local secret = core.secret

  -- base64 by RFC 4648, section 10; JSON strings by RFC 8259
  it("is another secret", function()
    for text, encoded in pairs{ [""] = "", f = "Zg==", foobar = "Zm9vYmFy" } do
      assert.equal(encoded, secret(text):base64():reveal())
      assert.equal(text, secret(encoded):unbase64():reveal())
    end
    assert.equal("b:c", secret("a:b:c"):after(":"):reveal())
    assert.equal("", secret("a:"):after(":"):reveal())
    assert.equal('"a\\"b\\n"', secret('a"b\n'):json():reveal())
    -- RFC 3986, section 2.3, and the escapes of section 2.1
    assert.equal("aZ09-._~%20%2F%3D%2B%26%25%C3%A9%00", secret("aZ09-._~ /=+&%é\0"):percent():reveal())
    assert.equal("", secret(""):percent():reveal())
    assert.equal("user:pass!", core.join{ "user:", secret("pass"), "!" }:reveal())
    assert.equal("", core.join{}:reveal())
    for _, made in ipairs{ secret("x"):base64(), secret("a:b"):after(":"), secret("x"):json(),
      secret("/"):percent(), core.join{ secret("x") } } do
      assert.equal("<secret>", tostring(made))
    end
  end)

  it("is an error that does not tell it where it cannot be made", function()
    for _, failed in ipairs{ { secret("canary!"):unbase64() }, { secret("canary"):after(":") },
      { secret("canary\xff"):json() }, { secret("canary"):after("") } } do
      assert.is_nil(failed[1])
      assert.equal("input", failed[2].kind)
      assert.is_nil(failed[2].message:find("canary", 1, true))
    end
  end)

  it("is refused for what is neither a string nor a secret, and for a closed one", function()
    assert.is_false(pcall(core.join, { 5 }))
    assert.is_false(pcall(core.join, "x"))
    local closed = secret("x")
    closed:close()
    assert.has_error(function() closed:base64() end, "secret is closed")
    assert.has_error(function() closed:percent() end, "secret is closed")
    assert.is_false(pcall(core.join, { closed }))
  end)

  it("is written to a file or a descriptor, in order with what the file holds back", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write("first ")
    assert.is_true(core.write(file, { secret("second"), " third" }))
    file:close()
    file = assert(io.open(path, "rb"))
    assert.equal("first second third", file:read("a"))
    file:close()
    os.remove(path)
    assert.is_false(pcall(core.write, file, { "x" }))
    assert.is_false(pcall(core.write, -1, { "x" }))
    local full = assert(io.open("/dev/full", "wb"))
    local ok, failure = core.write(full, { "x" })
    full:close()
    assert.is_nil(ok)
    assert.same({ "config", "write" }, { failure.kind, failure.code })
  end)

  it("can be the value of a header or not", function()
    for text, fits in pairs{ ["a b~"] = true, [""] = false, ["a\nb"] = false, ["a\rb"] = false, ["a\0"] = false,
      ["\x7f"] = false, ["\xc3\xa9"] = false } do
      assert.equal(fits, core.secret(text):is_header(), text)
    end
  end)

  it("comes out of the environment without being a string on the way", function()
    assert.equal("<secret>", tostring(core.environment_secret("PATH")))
    assert.equal(os.getenv("PATH"), core.environment_secret("PATH"):reveal())
    assert.is_nil(core.environment_secret("ECRLUA_NOT_SET"))
  end)
end)
