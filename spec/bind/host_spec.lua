-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local process = require "spec.support.process"

local function mode_of(path)
  return process.run("stat -c %a " .. path).output:match("%d+")
end

describe("a created file", function()
  local path
  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  it("is its owner's only, whatever the umask and whoever could read it before", function()
    for _, before in ipairs{ "666", "604" } do
      process.run("chmod " .. before .. " " .. path)
      assert(core.create(path)):close()
      assert.equal("600", mode_of(path))
    end
    os.remove(path)
    assert(core.create(path)):close()
    assert.equal("600", mode_of(path))
  end)

  it("begins empty and is a Lua file like any other", function()
    local old = assert(io.open(path, "w"))
    old:write("what was there before")
    old:close()
    local file = assert(core.create(path))
    assert.equal("file", io.type(file))
    assert(core.write(file, { "a", "b\n" }))
    assert.is_true(file:close())
    assert.equal("closed file", io.type(file))
    assert.equal("ab\n", process.run("cat " .. path).output)
  end)

  it("leaves the mode of a device alone", function()
    local before = mode_of("/dev/full")
    local file = assert(core.create("/dev/full"))
    local ok, failure = core.write(file, { "x" })
    assert.is_nil(ok)
    assert.matches("No space left", failure.message)
    file:close()
    assert.equal(before, mode_of("/dev/full"))
  end)

  it("that cannot be made is told why", function()
    local file, failure = core.create("/nowhere/at/all")
    assert.is_nil(file)
    assert.equal("config", failure.kind)
    assert.matches("No such file", failure.message)
  end)
end)
