-- SPDX-License-Identifier: MIT
-- The interpreter, as a user meets it.
local process = require "spec.support.process"

local ecrlua = process.ecrlua
local DEMO = "examples/scenarios/demo.lua"

describe("ecrlua", function()
  it("takes a script's integer for its exit code", function()
    for _, code in ipairs{ 0, 1, 2, 64, 255 } do
      assert.equal(code, ecrlua{ "-e", "return " .. code }.code)
    end
    assert.equal(2, ecrlua{ "-e", "return 2.0" }.code)
    assert.equal(0, ecrlua{ "-e", "return" }.code)
    assert.equal(0, ecrlua{ "-e", "return true" }.code)
    assert.equal(1, ecrlua{ "-e", "return false" }.code)
  end)

  it("never turns a number that is no exit code into success", function()
    for _, value in ipairs{ "256", "-1", "1.5", "1/0", "512" } do
      local result = ecrlua{ "-e", "return " .. value }
      assert.equal(3, result.code, value)
      assert.matches("no exit code", result.errors)
    end
  end)

  it("prints one line and a traceback for an uncaught error, and exits with 3", function()
    local result = ecrlua{ "-e", "error('went wrong')" }
    assert.equal(3, result.code)
    assert.matches("^ecrlua: %(command line%):1: went wrong\nstack traceback:\n", result.errors)
  end)

  it("tells an error object that a script returns, and exits with 3", function()
    local result = ecrlua{ "-e", "return require('ecr').client{region = 'x'}" }
    assert.equal(3, result.code)
    assert.matches('"x" %(from code%) is no AWS region', result.errors)
    assert.equal("", result.output)
  end)

  it("runs a file, a shipped script, code and standard input, each with arguments", function()
    local path = process.file("print(arg[0] == ... , select('#', ...), arg[1], arg[2])")
    assert.matches("false\t2\ta b\tc\n", ecrlua{ path, "a b", "c" }.output)
    assert.matches("^Usage: scan_gate.lua", ecrlua{ "scan_gate.lua", "--help" }.output)
    assert.equal("x\n", ecrlua{ "-e", "print((...))", "x" }.output)
    assert.equal(7, process.run("sh -c 'echo return 7 | " .. process.ECRLUA .. " -'").code)
    os.remove(path)
  end)

  it("takes a shipped script's name before a file of that name in the current folder", function()
    local folder = os.tmpname()
    local result = process.run(("R=$PWD && rm %s && mkdir %s && cd %s && echo 'print \"mine\"' > scan_gate.lua && "
      .. "$R/%s scan_gate.lua --help; $R/%s ./scan_gate.lua; rm -r %s"):format(folder, folder, folder,
      process.ECRLUA, process.ECRLUA, folder))
    assert.matches("Usage: scan_gate.lua", result.output)
    assert.matches("mine\n$", result.output)
  end)

  it("calls a wrong option, a missing value and a missing script usage errors", function()
    for _, words in ipairs{ { "--regoin", "x" }, { "--region" }, { "no_such_script.lua" }, { "/no/such/file.lua" } } do
      local result = ecrlua(words)
      assert.equal(64, result.code)
      assert.matches("^ecrlua: [^\n]+\n$", result.errors)
    end
  end)

  it("calls a script that does not compile an error", function()
    local result = ecrlua{ "-e", "return return" }
    assert.equal(3, result.code)
    assert.matches("^ecrlua: %(command line%):1:", result.errors)
  end)

  it("has ecr, cjson and argparse inside", function()
    assert.equal("table table table\n", ecrlua{ "-e",
      "print(type(require 'ecr') .. ' ' .. type(require 'cjson') .. ' ' .. type(require 'argparse'))" }.output
      :gsub("function", "table"))
  end)

  it("is the same library in any other Lua host", function()
    local result = process.run("LUA_PATH='./lua/?.lua;;' LUA_CPATH='./build/?.so;;' lua5.4 -l ecr -e "
      .. "\"local c = ecr.client{sim = '" .. DEMO .. "'} print(ecr.gate(c, 'app:v2').verdict)\"")
    assert.equal("fail\n", result.output, result.errors)
  end)

  it("takes no code from the environment", function()
    local evil = process.file("error('from the environment')", ".lua")
    local result = ecrlua({ "-e", "require 'ecr' print 'fine'" },
      { "LUA_INIT=@" .. evil, "LUA_PATH=" .. evil, "LUA_PATH_5_4=" .. evil, "LUA_CPATH=" .. evil })
    assert.equal("fine\n", result.output)
    assert.equal(0, result.code)
    os.remove(evil)
  end)

  it("lists its scripts with what they do, and says its version", function()
    assert.matches("scan_gate%.lua +Says whether an image may pass", ecrlua{ "--list" }.output)
    assert.matches("^ecrlua %d+%.%d+%.%d+ %(Lua 5%.4", ecrlua{ "--version" }.output)
    assert.matches("%-%-endpoint%-url", ecrlua{ "--help" }.output)
  end)

  it("takes Lua from --source first", function()
    local result = ecrlua{ "--source", ".", "-e", "print(debug.getinfo(require('ecr').client, 'S').source)" }
    assert.equal("@./lua/ecr.lua\n", result.output)
    result = process.run("env -u X " .. process.ECRLUA .. " -e "
      .. "'print(debug.getinfo(require(\"ecr\").client, \"S\").source)'")
    assert.equal("@lua/ecr.lua\n", result.output)
  end)

  it("gives its options to a client, code before them, the environment after", function()
    local code = "local c = require('ecr').client(%s) print(c.config.region, c.config.timeout, "
      .. "c.config.max_retries, c.config.endpoint_url)"
    local words = { "--region", "eu-west-1", "--timeout=7", "--retries", "0", "--endpoint-url", "http://127.0.0.1:1",
      "-e", code:format("{}") }
    assert.equal("eu-west-1\t7\t0\thttp://127.0.0.1:1\n", ecrlua(words, { "AWS_REGION=us-west-2" }).output)
    words[#words] = code:format("{region = 'sa-east-1', timeout = 1}")
    assert.equal("sa-east-1\t1\t0\thttp://127.0.0.1:1\n", ecrlua(words).output)
    assert.equal("us-west-2\t30\t3\tnil\n", ecrlua({ "-e", code:format("{}") }, { "AWS_REGION=us-west-2" }).output)
  end)

  it("does not call it a success when its output could not be written", function()
    local result = process.run(process.ECRLUA .. " -e 'print(1)' > /dev/full")
    assert.equal(3, result.code)
    assert.matches("could not be written", result.errors)
    assert.equal(1, process.run(process.ECRLUA .. " -e 'print(1) return 1' > /dev/full").code)
  end)
end)

describe("scan_gate.lua", function()
  local function gate(...)
    return ecrlua{ "--sim", DEMO, "scan_gate.lua", ... }
  end

  it("answers pass, fail and pass for the images of the demonstration", function()
    assert.equal(0, gate("app:v1").code)
    local failed = gate("app:v2")
    assert.equal(1, failed.code)
    assert.matches("CRITICAL  CVE%-2026%-2200  openssl", failed.output)
    local multi = gate("app:multi")
    assert.equal(0, multi.code)
    assert.matches("linux/arm64/v8", multi.output)
    assert.matches("attestation", multi.output)
  end)

  it("holds to the thresholds of its options", function()
    assert.equal(0, gate("app:v2", "--critical", "1").code)
    assert.equal(1, gate("app:v2", "--critical", "1", "--high", "0").code)
    assert.equal(1, gate("app:v1", "--medium", "0").code)
    assert.equal(1, gate("app:v1", "--low", "0").code)
  end)

  it("has no verdict after --timeout", function()
    assert.equal(2, gate("app:v1", "--timeout", "10").code)
  end)

  it("prints JSON that another program can read, and nothing else, on standard output", function()
    local result = gate("app:v2", "--json")
    local document = require("cjson").decode(result.output)
    assert.equal("fail", document.verdict)
    assert.equal(1, document.exit_code)
    assert.equal("CVE-2026-2200", document.images[1].findings[1].id)
  end)

  it("calls wrong options and names usage errors, before any request", function()
    for _, words in ipairs{ {}, { "app:v1", "--critcal", "1" }, { "app:v1", "--critical", "x" },
      { "app:v1", "--critical", "-1" }, { "app:v1", "--timeout", "soon" }, { "app" }, { "App:v1" }, { "" },
      { "app:v1", "app:v2" } } do
      local result = gate(table.unpack(words))
      assert.equal(64, result.code, table.concat(words, " "))
      assert.equal("", result.output)
      assert.matches("scan_gate.lua: ", result.errors)
    end
  end)

  it("could not find out without region, credentials or an endpoint that answers", function()
    local image = { "scan_gate.lua", "app:v1" }
    local result = ecrlua(image)
    assert.equal(3, result.code)
    assert.matches("no region", result.output)
    result = ecrlua(image, { "AWS_REGION=us-east-1" })
    assert.equal(3, result.code)
    assert.matches("no AWS credentials", result.output)
    result = ecrlua({ "--endpoint-url", "http://127.0.0.1:1", "--retries", "0", "scan_gate.lua", "app:v1" },
      { "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=canary-secret" })
    assert.equal(3, result.code)
    assert.matches("check the network", result.output)
    assert.is_nil((result.output .. result.errors):find("canary", 1, true))
  end)

  it("refuses impossible settings before any request", function()
    for _, words in ipairs{ { "--region", "Mars!" }, { "--timeout", "x" }, { "--retries", "-1" },
      { "--endpoint-url", "ftp://x" }, { "--log", "loud" }, { "--profile", "p" }, { "--sim", "/no/such.lua" } } do
      local all = { words[1], words[2], "scan_gate.lua", "app:v1" }
      local result = ecrlua(all, { "AWS_REGION=us-east-1" })
      assert.equal(3, result.code, words[1])
      assert.matches("%(config, ", result.output .. result.errors)
    end
  end)
end)
