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

describe("a question", function()
  local script
  before_each(function()
    script = process.file([[
      local core = require "ecr.core"
      local answer, failure = core.ask("code: ", tonumber(arg[1]))
      print(tostring(answer), answer and #answer, answer and answer:reveal() == "canary", failure and failure.kind,
        failure and failure.code)]])
  end)
  after_each(function() os.remove(script) end)

  local function lua(seconds)
    return "env 'LUA_CPATH=build/?.so;;' lua5.4 " .. script .. " " .. seconds
  end

  it("is answered on the terminal, sealed, and what is typed does not show", function()
    local talk = ("coproc T { script -qec %s /dev/null; }; exec 3<&${T[0]} 4>&${T[1]}; IFS= read -r -d: -u3 prompt;"
      .. " echo canary >&4; cat <&3"):format(process.quote(lua(60)))
    local shown = process.run("bash -c " .. process.quote(talk)).output
    assert.matches("<secret>%s+6%s+true%s+nil%s+nil", shown)
    assert.is_nil(shown:find("canary", 1, true))
  end)

  it("that cannot be asked or is not answered is an error", function()
    assert.matches("nil%s+nil%s+nil%s+auth%s+no_terminal", process.run("setsid -w " .. lua(60)).output)
    local silence = "coproc T { script -qec %s /dev/null; }; exec 3<&${T[0]}; cat <&3" -- its input stays open
    assert.matches("nil%s+nil%s+nil%s+auth%s+timeout",
      process.run("bash -c " .. process.quote(silence:format(process.quote(lua(0))))).output)
  end)
end)

describe("draining", function()
  it("reads to the end, and keeps nothing", function()
    local result = process.run("sh -c 'head -c 200000 /dev/zero | { " .. process.ECRLUA .. " -e "
      .. "\"require(\\\"ecr.core\\\").drain(0) print(io.read(1))\"; }; echo $?'")
    assert.equal("nil\n0\n", result.output, result.errors)
  end)

  it("ends where nothing can be read", function()
    assert.equal(0, process.run("{ " .. process.ECRLUA .. " -e 'require(\"ecr.core\").drain(0)' <&-; }").code)
  end)
end)
