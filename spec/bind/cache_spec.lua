-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local process = require "spec.support.process"

local directory
before_each(function()
  directory = os.tmpname()
  os.remove(directory)
end)
after_each(function() process.run("rm -r " .. directory) end)

local function put(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function read(name)
  return core.cache_read(directory, name or "token", "token_cache")
end

local function write(...)
  return core.cache_write(directory, "token", { ... })
end

local function refusal(kind, code, ok, failure)
  assert.is_nil(ok)
  assert.same({ kind, code }, { failure.kind, failure.code })
  assert.is_truthy(failure.message:find(directory, 1, true))
  assert.is_nil(failure.message:find("canary", 1, true))
end

local TOKEN = [[{"version":1,"registry":"123456789012.dkr.ecr.eu-west-1.amazonaws.com","identity":"abc",
  "obtained_at":1700000000,"expires_at":"2023-11-15T10:13:20Z","token":]]

describe("the cache of tokens", function()
  it("gives back what was written, the token sealed", function()
    assert.is_true(write(TOKEN, core.secret("canary"):json(), "}\n"))
    local entry = read()
    assert.equal("<secret>", tostring(entry.token))
    assert.equal("canary", entry.token:reveal())
    entry.token = nil
    assert.same({ version = 1, registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", identity = "abc",
      obtained_at = 1700000000, expires_at = 1700043200 }, entry)
    assert.equal("integer", math.type(entry.version))
  end)

  it("keeps to its owner", function()
    assert.is_true(core.cache_write(directory .. "/below", "token", { "canary" }))
    assert.equal("700\n700\n600\n",
      process.run(("stat -c %%a %s %s/below %s/below/token"):format(directory, directory, directory)).output)
  end)

  it("may have nothing", function()
    assert.same({ n = 1 }, table.pack(read()))
    write(TOKEN, '"canary"}')
    assert.same({ n = 1 }, table.pack(read("other")))
    assert.is_true(core.cache_remove(directory, "token"))
    assert.is_true(core.cache_remove(directory, "token"))
    assert.same({ n = 1 }, table.pack(read()))
  end)

  it("takes tokens of any length", function()
    for _, len in ipairs{ 0, 1, 4096, 65537, 1000000 } do
      local token = ("t"):rep(len)
      assert.is_true(write(TOKEN, core.secret(token):json(), "}"))
      assert.is_true(token == read().token:reveal())
    end
    refusal("config", "write", write(TOKEN, '"', ("t"):rep(1024 * 1024), '"}'))
    assert.equal(1000000, #read().token)
  end)

  it("says of what is none that it is corrupt, without showing any of it", function()
    local whole = TOKEN .. '"canary"}'
    for len = 0, #whole - 1 do
      write(whole:sub(1, len))
      refusal("auth", "corrupt", read())
    end
    for _, text in ipairs{ "canary", '{"token":["canary"]}', '{"token":"canary","token":"canary"}', "[]", "null",
      '"canary"', whole .. "canary", whole .. whole, '{"version":1.5,"token":"canary"}', '{"token":"\xffcanary"}',
      '{"version":"canary"}', '{"expires_at":"canary"}', ("\0"):rep(#whole) } do
      write(text)
      refusal("auth", "corrupt", read())
    end
    put(directory .. "/token", (" "):rep(1024 * 1024) .. whole)
    refusal("auth", "corrupt", read())
  end)

  it("lets a later version say so", function()
    write('{"version":2,"token":{"sealed":"canary"}}')
    refusal("auth", "corrupt", read())
    write('{"version":2,"sealed_with":"x"}')
    assert.equal(2, read().version)
  end)

  it("does not read what cannot be trusted, and replaces it", function()
    for code, spoil in pairs{ loose = "chmod 640 %s", link = "cd $(dirname %s) && mv token real && ln -s real token",
      kind = "rm %s && mkfifo $_" } do
      assert.is_true(write(TOKEN, '"canary"}'))
      assert.equal(0, process.run("bash -c " .. process.quote(spoil:format(directory .. "/token"))).code)
      refusal("auth", code, read())
      assert.is_true(write(TOKEN, '"again"}'))
      assert.equal("again", read().token:reveal())
    end
  end)

  it("is in a directory and nowhere else", function()
    put(directory, "canary")
    refusal("auth", "kind", read())
    refusal("config", "kind", write("canary"))
    refusal("config", "kind", core.cache_remove(directory, "token"))
    refusal("config", "kind", core.cache_lock(directory, "token"))
  end)

  it("has names that lead nowhere else", function()
    for _, name in ipairs{ "", ".", "..", ".token", "a/b", "../a", "a b", "a\0b", ("a"):rep(129), "\u{e4}" } do
      for _, call in ipairs{ core.cache_read, core.cache_write, core.cache_remove, core.cache_lock } do
        local ok, message = pcall(call, directory, name, call == core.cache_read and "token_cache" or {})
        assert.is_false(ok)
        assert.matches("is no name", message)
      end
    end
    assert.is_true(core.cache_write(directory, ("a"):rep(128), {}))
    assert.is_false(pcall(core.cache_read, "", "token", "token_cache"))
    assert.is_false(pcall(core.cache_read, "a\0b", "token", "token_cache"))
    assert.is_false(pcall(core.cache_read, directory, "token", "letter"))
  end)

  it("is left alone by a part that is none", function()
    write(TOKEN, '"before"}')
    assert.is_false(pcall(write, "after", {}))
    assert.is_false(pcall(core.cache_write, directory, "token", "after"))
    assert.equal("before", read().token:reveal())
  end)
end)

describe("the lock of the cache", function()
  it("is held by one until it is closed", function()
    local lock = assert(core.cache_lock(directory, "token"))
    assert.same({ n = 1 }, table.pack(core.cache_lock(directory, "token")))
    do
      local other <close> = core.cache_lock(directory, "other")
      assert.is_userdata(other)
      assert.same({ n = 1 }, table.pack(core.cache_lock(directory, "other")))
    end
    assert(core.cache_lock(directory, "other")):close()
    lock:close()
    lock:close()
    assert(core.cache_lock(directory, "token")):close()
  end)

  it("is given up by the collector", function()
    assert(core.cache_lock(directory, "token"))
    collectgarbage()
    collectgarbage()
    assert(core.cache_lock(directory, "token")):close()
  end)

  it("is not inherited by programs that are started", function()
    local lock = assert(core.cache_lock(directory, "token"))
    assert.is_nil(process.run("ls -l /proc/self/fd").output:find(directory, 1, true))
    lock:close()
  end)

  it("is free at once, whatever is being started", function()
    for _ = 1, 20 do
      local lock = assert(core.cache_lock(directory, "token"))
      local program = assert(io.popen("cat >/dev/null", "w"))
      lock:close()
      local again = core.cache_lock(directory, "token")
      program:close()
      assert(again):close()
    end
  end)

  it("dies with its holder", function()
    local script = process.file(([[
      local core = require "ecr.core"
      local lock = assert(core.cache_lock(%q, "token"))
      io.write("held\n"):flush()
      repeat until not lock]]):format(directory))
    local holder = assert(io.popen("echo $$; exec env LUA_CPATH='build/?.so;;' lua5.4 " .. script, "r"))
    local pid = holder:read("l")
    assert.equal("held", holder:read("l"))
    assert.same({ n = 1 }, table.pack(core.cache_lock(directory, "token")))
    os.execute("kill -9 " .. pid)
    holder:close()
    os.remove(script)
    assert(core.cache_lock(directory, "token")):close()
  end)
end)
