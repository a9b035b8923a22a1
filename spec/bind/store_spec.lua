-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local process = require "spec.support.process"

local path
before_each(function() path = os.tmpname() end)
after_each(function() os.remove(path) end)

local function write(text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function refusal(code, ok, failure)
  assert.is_nil(ok)
  assert.same({ "auth", code }, { failure.kind, failure.code })
  assert.is_truthy(failure.message:find(path, 1, true))
  return failure.message
end

describe("a secret in a file", function()
  it("is sealed, without the end of its line", function()
    write("canary\r\n")
    local secret = assert(core.read_secret(path, 6))
    assert.equal("<secret>", tostring(secret))
    assert.equal("canary", secret:reveal())
    write("a\0b")
    assert.equal("a\0b", core.read_secret(path, 6):reveal())
  end)

  it("that cannot be read is told why, without showing any of it", function()
    write("canary!")
    assert.is_nil(refusal("too_large", core.read_secret(path, 6)):find("canary", 1, true))
    write("\n")
    refusal("empty", core.read_secret(path, 6))
    os.remove(path)
    refusal("no_file", core.read_secret(path, 6))
    process.run("mkfifo " .. path)
    refusal("unreadable", core.read_secret(path, 6))
  end)

  it("is read from a pipe of the shell's when that is finished", function()
    local script = process.file([[
      local core = require "ecr.core"
      local secret, failure
      repeat secret, failure = core.read_secret(arg[1], 100) until secret or failure.code ~= "pending"
      io.write(secret and secret:reveal() or failure.message)]])
    local result = process.run("LUA_CPATH='build/?.so;;' bash -c " .. process.quote("lua5.4 " .. script
      .. " <(echo token)"))
    os.remove(script)
    assert.equal("token", result.output)
  end)

  it("needs a path and a size", function()
    assert.is_false(pcall(core.read_secret, "a\0b", 10))
    assert.is_false(pcall(core.read_secret, path, 0))
    assert.is_false(pcall(core.read_secret, path, 2 ^ 40))
  end)
end)

describe("a document in a file", function()
  it("is decoded along the model", function()
    write('{"schemaVersion":2,"mediaType":"a/b"}')
    assert.same({ schema_version = 2, media_type = "a/b" }, core.read_document(path, "manifest"))
  end)

  it("may be absent", function()
    os.remove(path)
    assert.same({ n = 1 }, table.pack(core.read_document(path, "manifest")))
  end)

  it("that is none is told why, without showing any of it", function()
    for _, text in ipairs{ "", "canary", '{"mediaType":["canary"]}', '{"mediaType":"canary"', "{\"a\":\"\xffcanary\"}",
      (" "):rep(1024 * 1024 + 1) } do
      write(text)
      assert.is_nil(refusal("file", core.read_document(path, "manifest")):find("canary", 1, true))
    end
    os.remove(path)
    process.run("mkdir " .. path)
    refusal("file", core.read_document(path, "manifest"))
    os.remove(path)
    assert.is_false(pcall(core.read_document, path, "letter"))
  end)
end)

describe("a replaced file", function()
  it("holds what it was given, for its owner only", function()
    process.run("chmod 644 " .. path)
    assert.is_true(core.can_replace(path))
    assert.is_true(core.replace_file(path, { '{"t":', core.secret("canary"):json(), "}\n" }))
    assert.equal('{"t":"canary"}\n600\n', process.run(("cat %s; stat -c %%a %s"):format(path, path)).output)
    assert.equal("", process.run("ls " .. path:gsub("[^/]+$", ".%0.*")).output)
  end)

  it("that cannot be written is told why", function()
    for _, place in ipairs{ "/proc/no/such", "/tmp", "/dev/null", "" } do
      for _, attempt in ipairs{ core.can_replace, core.replace_file } do
        local ok, failure = attempt(place, { core.secret("canary") })
        assert.is_nil(ok)
        assert.same({ "config", "write" }, { failure.kind, failure.code })
        assert.is_nil(failure.message:find("canary", 1, true))
      end
    end
    local ok, failure = core.replace_file(path, { ("x"):rep(1024 * 1024), "x" })
    assert.is_nil(ok)
    assert.matches("too large", failure.message)
  end)

  it("is left alone by a part that is none", function()
    write("before")
    assert.is_false(pcall(core.replace_file, path, { "after", {} }))
    assert.is_false(pcall(core.replace_file, path, "after"))
    assert.equal("before", process.run("cat " .. path).output)
  end)
end)
