-- SPDX-License-Identifier: MIT
-- Recording and replaying from the command line: any script, unchanged.
local files = require "spec.support.files"
local process = require "spec.support.process"

local ecrlua = process.ecrlua
local DEMO = "examples/scenarios/demo.lua"

describe("ecrlua --record and --replay", function()
  local recording
  before_each(function() recording = os.tmpname() end)
  after_each(function() os.remove(recording) end)

  local LIST = "local c = require('ecr').client{} local o, e = c:call('ListImages', {repository_name = '%s'}) "
    .. "if not o then return nil, e end print(#o.image_ids) "

  local function list(name) return LIST:format(name) end

  it("give the gate's output and exit code again, without the scenario", function()
    for image, code in pairs{ ["app:v1"] = 0, ["app:v2"] = 1, ["app:multi"] = 0, ["app:none"] = 3 } do
      for _, more in ipairs{ "--json", "--quiet" } do
        local recorded = ecrlua{ "--sim", DEMO, "--record", recording, "scan_gate.lua", more, image }
        assert.equal(code, recorded.code, recorded.errors)
        local replayed = ecrlua{ "--replay", recording, "scan_gate.lua", more, image }
        assert.same(recorded, replayed)
      end
    end
  end)

  it("record the shipped examples and replay them", function()
    for _, words in ipairs{ { "examples/list_images.lua", "app" }, { "examples/gate_many.lua", "app:v1", "app:v2" } } do
      local recorded = ecrlua{ "--sim", DEMO, "--record", recording, table.unpack(words) }
      local replayed = ecrlua{ "--replay", recording, table.unpack(words) }
      assert.same(recorded, replayed)
      assert.not_equal("", recorded.output)
    end
  end)

  it("need neither network, nor credentials, nor a region when replaying", function()
    local server = process.serve([[return function() return {body = '{"imageIds":[{"imageTag":"v1"}]}'} end]])
    local recorded = ecrlua({ "--endpoint-url", server.url, "--region", "eu-west-1", "--record", recording, "-e",
      list("app") }, { "AWS_ACCESS_KEY_ID=AKIDCANARY", "AWS_SECRET_ACCESS_KEY=canary-secret",
      "AWS_SESSION_TOKEN=canary-token" })
    server:stop()
    assert.equal("1\n", recorded.output, recorded.errors)
    assert.equal("1\n", ecrlua{ "--replay", recording, "-e", list("app") }.output)
    assert.is_nil(files.read(recording):lower():find("canary", 1, true))
    assert.equal("600\n", process.run("stat -c %a " .. recording).output)
  end)

  it("record clients of every region in one file", function()
    local code = "for _, region in ipairs{'us-east-1', 'eu-west-1'} do "
      .. "print(require('ecr').client{region = region}:call('DescribeRepositories', {}) ~= nil) end"
    local recorded = ecrlua{ "--sim", DEMO, "--record", recording, "-e", code }
    assert.equal("true\ntrue\n", recorded.output)
    assert.same(recorded, ecrlua{ "--replay", recording, "-e", code })
  end)

  it("replay a script that names its scenario itself", function()
    local code = ("print(#require('ecr').client{sim = '%s'}.image:list('app'))"):format(DEMO)
    local recorded = ecrlua{ "--record", recording, "-e", code }
    assert.equal(0, recorded.code, recorded.errors)
    local renamed = code:gsub("demo", "gone")
    assert.equal(recorded.output, ecrlua{ "--replay", recording, "-e", renamed }.output)
  end)

  it("tell a script that asks something else, and exit with 3", function()
    ecrlua{ "--sim", DEMO, "--record", recording, "-e", list("app") }
    local result = ecrlua{ "--replay", recording, "-e", list("api") }
    assert.equal(3, result.code)
    assert.matches('repository_name is "api", recorded "app"', result.errors)
  end)

  it("make a recording of a run without calls, too", function()
    assert.equal(0, ecrlua{ "--record", recording, "-e", "" }.code)
    assert.matches("^{\"ecrlua_recording\":1,[^\n]*}\n$", files.read(recording))
  end)

  it("leave what was answered when the run is killed", function()
    local result = ecrlua{ "--sim", DEMO, "--record", recording, "-e", list("app")
      .. "local f = io.open('/proc/self/stat') local pid = f:read('n') os.execute('kill -9 ' .. pid)" }
    assert.not_equal(0, result.code)
    local replayed = ecrlua{ "--replay", recording, "-e", list("app") }
    assert.equal(0, replayed.code, replayed.errors)
  end)

  it("refuse what makes no sense together", function()
    for _, other in ipairs{ "--sim", "--record" } do
      local result = ecrlua{ "--replay", recording, other, recording, "-e", "" }
      assert.equal(64, result.code)
      assert.equal(1, result.errors:find("ecrlua: --replay cannot be used with " .. other .. ";", 1, true))
    end
    local result = ecrlua{ "-e", "return require('ecr').client{replay = 'a', sim = 'b'}" }
    assert.equal(3, result.code)
    assert.matches("replay and sim cannot be used together", result.errors)
  end)

  it("name file and line of a broken recording", function()
    local file = assert(io.open(recording, "w"))
    file:write('{"ecrlua_recording":1,"tool":"x","clock":1}\n{"serv')
    file:close()
    local result = ecrlua{ "--replay", recording, "scan_gate.lua", "app:v1" }
    assert.equal(3, result.code)
    assert.is_truthy(result.errors:find(recording .. ":2: the last line is cut off", 1, true), result.errors)
  end)

  it("do not call it a success when the recording could not be written", function()
    for code, expected in pairs{ ["return 0"] = 3, ["return 1"] = 1, ["os.exit(0)"] = 3, ["os.exit(true, true)"] = 3,
      ["os.exit(7)"] = 7, ["error 'x'"] = 3 } do
      local result = ecrlua{ "--sim", DEMO, "--record", "/dev/full", "-e", list("app") .. code }
      assert.equal(expected, result.code, code)
      assert.matches("^%d+\n$", result.output)
      assert.matches("the recording /dev/full is not whole: it cannot be written: No space left", result.errors)
    end
  end)

  it("do not run a script whose recording cannot be begun", function()
    local result = ecrlua{ "--record", "/nowhere/at/all", "-e", "print 'ran'" }
    assert.equal(3, result.code)
    assert.equal("", result.output)
    assert.matches("^ecrlua: the recording /nowhere/at/all: it cannot be written: No such file", result.errors)
  end)

  it("are in the help", function()
    local help = ecrlua{ "--help" }.output
    assert.matches("%-%-record FILE ", help)
    assert.matches("%-%-replay FILE ", help)
  end)
end)
