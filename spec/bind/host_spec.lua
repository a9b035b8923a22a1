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

describe("a document on a descriptor", function()
  local path
  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local function read(text, max)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    local input <close> = assert(io.open(path, "rb"))
    return core.read_input(input, "kubelet_request", max or 100, 10)
  end

  --- What a process says of its standard input, which a command of the shell's makes.
  local function of_stdin(shell, seconds)
    local script = process.file([[
      local core = require "ecr.core"
      local value, failure = core.read_input(0, "kubelet_request", 100000, tonumber(arg[1]))
      print(value and #value.image, failure and failure.kind, failure and failure.message)]])
    local result = process.run("bash -c " .. process.quote(shell:format("env 'LUA_CPATH=build/?.so;;' lua5.4 " .. script
      .. " " .. seconds)))
    os.remove(script)
    return result.output
  end

  it("is read along its shape, what is secret sealed", function()
    local value = assert(read('{"image":"app:v1","serviceAccountToken":"canary"}'))
    assert.equal("app:v1", value.image)
    assert.equal("<secret>", tostring(value.service_account_token))
    assert.equal("canary", value.service_account_token:reveal())
  end)

  it("may be as large as is said, and no larger", function()
    assert.equal("app", read('{"image":"app"}', 15).image)
    local value, failure = read('{"image":"app"} ', 15)
    assert.is_nil(value)
    assert.same({ "input", "too_large", "the input is larger than 15 bytes" }, { failure.kind, failure.code,
      failure.message })
  end)

  it("is told what is wrong with it, without being quoted", function()
    for _, text in ipairs{ "", "canary", '{"serviceAccountToken":["canary"]}', "[]", '"canary"', "null" } do
      local value, failure = read(text)
      assert.is_nil(value)
      assert.equal("protocol", failure.kind)
      assert.is_nil(failure.message:find("canary", 1, true))
    end
  end)

  it("comes from a pipe in as many pieces as it likes", function()
    local pieces = [[{ printf '{"image":"'; head -c 70000 /dev/zero | tr '\0' a; printf '"}'; } | %s]]
    assert.matches("^70000%s", of_stdin(pieces, 60))
  end)

  it("that does not end is given up, and one that nobody opened is told", function()
    assert.matches("^nil%s+timeout%s+the input did not end in time", of_stdin("coproc T { %s; }; exec 3<&${T[0]}; "
      .. "cat <&3", 0))
    assert.matches("^nil%s+config%s+the input cannot be read: Bad file descriptor", of_stdin("%s <&-", 60))
    assert.matches("^nil%s+config%s+the input cannot be read: Is a directory", of_stdin("%s </", 60))
  end)

  it("has a shape, a size and a time", function()
    for _, arguments in ipairs{ { -1, "manifest", 1, 1 }, { 0, "letter", 1, 1 }, { 0, "manifest", 0, 1 },
      { 0, "manifest", 2 ^ 40, 1 }, { 0, "manifest", 1, -1 }, { 0, "manifest", 1, 0 / 0 }, { 0, "manifest", 1 } } do
      assert.is_false(pcall(core.read_input, table.unpack(arguments, 1, 4)))
    end
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

describe("a text", function()
  local path
  before_each(function() path = process.file("one\0two\n") end)
  after_each(function() os.remove(path) end)

  it("comes from a descriptor as it is, and no larger than is said", function()
    local input <close> = assert(io.open(path, "rb"))
    assert.equal("one\0two\n", core.read_text(input, 8, 10))
    assert.equal("", core.read_text(input, 8, 10))
    input:seek("set", 0)
    assert.equal("too_large", select(2, core.read_text(input, 7, 10)).code)
  end)

  it("comes from a file, which may not be there", function()
    assert.equal("one\0two\n", core.read_file(path, 8))
    assert.equal("too_large", select(2, core.read_file(path, 7)).code)
    assert.same({ n = 1 }, table.pack(core.read_file("/nowhere/at/all", 8)))
  end)

  it("comes from nothing else, and nobody is waited for", function()
    process.run(("cd $(dirname %s) && mkfifo %s.fifo && ln -s %s.gone %s.link"):format(path, path, path, path))
    for _, other in ipairs{ path .. ".fifo", path .. ".link", "/" } do
      local text, failure = core.read_file(other, 8)
      assert.is_nil(text)
      assert.same({ "config", "unreadable" }, { failure.kind, failure.code })
    end
    process.run(("rm %s.fifo %s.link"):format(path, path))
  end)
end)

describe("draining", function()
  it("reads to the end, and keeps nothing", function()
    local result = process.run("sh -c 'head -c 200000 /dev/zero | { " .. process.ECRLUA .. " -e "
      .. "\"require(\\\"ecr.core\\\").drain(0, 5) print(io.read(1))\"; }; echo $?'")
    assert.equal("nil\n0\n", result.output, result.errors)
  end)

  it("ends after a megabyte, and when its time is over", function()
    local drain = process.ECRLUA .. " -e 'require(\"ecr.core\").drain(0, %s) print(\"done\")'"
    assert.equal("done\n", process.run("{ timeout 20 " .. drain:format(60) .. " </dev/zero; }").output)
    local pipe = process.file(("coproc T { %s; }; exec 3<&${T[0]} 4>&${T[1]}; cat <&3"):format(drain:format(0.1)))
    assert.equal("done\n", process.run("{ timeout 20 bash " .. pipe .. "; }").output)
    os.remove(pipe)
  end)

  it("ends where nothing can be read", function()
    assert.equal(0, process.run("{ " .. process.ECRLUA .. " -e 'require(\"ecr.core\").drain(0, 5)' <&-; }").code)
  end)
end)
