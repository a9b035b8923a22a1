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
    assert.equal(3, process.run(process.ECRLUA .. " -e 'print(1)' >&-").code)
    assert.equal(3, process.run(process.ECRLUA .. " -e 'print(1) os.exit()' > /dev/full").code)
    assert.equal(3, process.run(process.ECRLUA .. " scan_gate.lua --help > /dev/full").code)
    assert.equal(7, process.run(process.ECRLUA .. " -e 'print(1) os.exit(7, true)' > /dev/full").code)
    for code, expected in pairs{ ["true"] = 0, ["false"] = 1, ["nil"] = 0, ["3.0"] = 3 } do
      assert.equal(expected, process.run(process.ECRLUA .. " -e 'os.exit(" .. code .. ")'").code)
    end
    assert.equal("3\n", process.run("bash -c 'exec 5> >(exit 0); wait $!; " .. process.ECRLUA
      .. " -e \"print(1)\" >&5; echo $?'").output)
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
    assert.matches("linux/arm64 ", multi.output)
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

  it("takes durations with a unit", function()
    assert.equal(2, gate("app:v1", "--timeout", "10s").code)
    assert.equal(0, gate("app:v1", "--timeout", "1m", "--settle", "0", "--max-scan-age", "7d").code)
    assert.equal(0, gate("app:v1", "--max-scan-age", "any").code)
  end)

  it("prints one line, and no progress, with --quiet", function()
    local passed, failed = gate("app:v1", "--quiet"), gate("app:v2", "--quiet")
    assert.matches("^PASS  app:v1@sha256:%x+\n$", passed.output)
    assert.equal("", passed.errors)
    assert.matches("^FAIL  app:v2@sha256:%x+: 1 CRITICAL %(allowed: 0%)\n$", failed.output)
    assert.equal("", failed.errors)
    local document = require("cjson").decode(gate("app:v1", "--quiet", "--json", "--timeout", "3").output)
    assert.equal("inconclusive", document.verdict)
  end)

  it("tells each new state once, in a plain line, where there is no terminal", function()
    local result = gate("app:multi")
    assert.equal("scan_gate.lua: app:multi linux/amd64: ACTIVE after 0 s, waiting\n"
      .. "scan_gate.lua: app:multi linux/arm64: PENDING after 0 s, waiting\n"
      .. "scan_gate.lua: app:multi linux/arm64: ACTIVE after 30 s, waiting\n", result.errors)
    assert.is_nil(result.output:find("\27", 1, true))
  end)

  it("calls wrong options and names usage errors, before any request", function()
    for _, words in ipairs{ {}, { "app:v1", "--critcal", "1" }, { "app:v1", "--critical", "x" },
      { "app:v1", "--critical", "-1" }, { "app:v1", "--timeout", "soon" }, { "app:v1", "--timeout", "1w" },
      { "app:v1", "--timeout", "25h" }, { "app:v1", "--max-scan-age", "-1" }, { "app:v1", "--settle", "" },
      { "app" }, { "App:v1" }, { "" }, { "app:v1", "app:v2" } } do
      local result = gate(table.unpack(words))
      assert.equal(64, result.code, table.concat(words, " "))
      assert.equal("", result.output)
      assert.matches("^scan_gate.lua: [^\n]+\n$", result.errors)
    end
    assert.matches("%-%-critcal.+[Dd]id you mean '%-%-critical'.+%-%-help", gate("app:v1", "--critcal", "1").errors)
  end)

  it("could not find out without region, credentials or an endpoint that answers", function()
    local image = { "scan_gate.lua", "app:v1" }
    local result = ecrlua(image)
    assert.equal(3, result.code)
    assert.matches("^scan_gate.lua: app:v1: DescribeImages: no region[^\n]+\n$", result.errors)
    result = ecrlua(image, { "AWS_REGION=us-east-1" })
    assert.equal(3, result.code)
    assert.matches("^scan_gate.lua: app:v1: no AWS credentials: set AWS_ACCESS_KEY_ID[^\n]+\n$", result.errors)
    result = ecrlua({ "--endpoint-url", "http://127.0.0.1:1", "--retries", "0", "scan_gate.lua", "app:v1" },
      { "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=canary-secret" })
    assert.equal(3, result.code)
    assert.matches("^scan_gate.lua: app:v1: [^\n]+check the region, the network[^\n]+\n$", result.errors)
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

describe("scan_gate.lua on a terminal", function()
  --- Runs the gate of the demonstration on a pseudo-terminal of so many columns; what the terminal got.
  local function on_terminal(columns, image, environment)
    local command = ("stty cols %d; TERM=xterm %s exec %s --sim %s scan_gate.lua %s"):format(columns, environment or "",
      process.ECRLUA, DEMO, image)
    return process.run("script -qec " .. process.quote(command) .. " /dev/null").output
  end

  it("draws one line over and leaves nothing of it", function()
    local shown = on_terminal(100, "app:v1")
    assert.matches("^\rapp:v1: 0 s, next look in 5 s: PENDING\27%[K\r", shown)
    assert.matches("\rapp:v1: 15 s, next look in 5 s: IN_PROGRESS\27%[K\r\27%[K\27%[32mPASS", shown)
    assert.is_nil(shown:find("waiting", 1, true))
  end)

  it("keeps to the window's width", function()
    for _, columns in ipairs{ 40, 60 } do
      local shown = on_terminal(columns, "app:multi"):gsub("\27%[[%d;]*%a", "")
      for line in shown:gmatch("[^\r\n]+") do
        local is_sentence = line:find("sha256:", 1, true) or line:find(" scan ", 1, true)
          or line:find("allowed", 1, true)
        assert.is_true(is_sentence ~= nil or utf8.len(line) <= columns, line)
      end
      assert.matches("CVE%-2026", shown)
    end
  end)

  it("uses colours unless NO_COLOR is set or the terminal is dumb", function()
    assert.matches("\27%[31mFAIL\27%[0m", on_terminal(80, "app:v2"))
    assert.matches("\27%[31mCRITICAL\27%[0m", on_terminal(80, "app:v2"))
    assert.is_nil(on_terminal(80, "app:v2", "NO_COLOR=1"):find("\27", 1, true))
    assert.is_nil(on_terminal(80, "app:v1", "TERM=dumb"):find("\27", 1, true))
  end)
end)

describe("scan_gate.lua when it is told to stop", function()
  local RUNNING = [[return function(request)
    if request.headers["x-amz-target"]:find("DescribeImages") then
      return {body = '{"imageDetails":[{"imageDigest":"sha256:]] .. ("0"):rep(64) .. [[",'
        .. '"imageManifestMediaType":"application/vnd.oci.image.manifest.v1+json"}]}'}
    end
    return {body = '{"imageScanStatus":{"status":"IN_PROGRESS"}}'}
  end]]

  --- Starts the gate against a scan that never ends, reads its first line, sends a signal, and reads the rest.
  local function stop_with(signal)
    local server <close> = setmetatable({ it = process.serve(RUNNING) }, { __close = function(s) s.it:stop() end })
    local pipe = io.popen(("sh -c 'echo $$; exec env --default-signal=INT,TERM AWS_ACCESS_KEY_ID=a "
      .. "AWS_SECRET_ACCESS_KEY=b AWS_REGION=us-east-1 AWS_ENDPOINT_URL=%s %s scan_gate.lua app:v1 2>&1'"):format(
      server.it.url, process.ECRLUA))
    local pid <const> = pipe:read("n", "l")
    local first <const> = pipe:read("l")
    os.execute(("kill -%s %d"):format(signal, pid))
    local rest = pipe:read("a")
    local _, _, code = pipe:close()
    return first, rest, code
  end

  for signal, code in pairs{ INT = 130, TERM = 143 } do
    it(("prints what it knows after SIG%s and exits with %d"):format(signal, code), function()
      local first, rest, exit_code = stop_with(signal)
      assert.matches("IN_PROGRESS after 0 s, waiting", first)
      assert.matches("NO VERDICT  app:v1\n  sha256:0+\n  broken off by SIG" .. signal, rest)
      assert.matches("the scan is IN_PROGRESS", rest)
      assert.equal(code, exit_code)
    end)
  end
end)
