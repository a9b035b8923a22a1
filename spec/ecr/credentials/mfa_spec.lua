-- SPDX-License-Identifier: MIT
-- A role that wants a code of an MFA device: who is asked for it, and where it goes.
local cjson = require "cjson"
local process = require "spec.support.process"
local sts = require "spec.support.sts"

local SERIAL = "arn:aws:iam::123456789012:mfa/me"
local CODE = "602214"
local WRITE = { "--retries", "0", "credentials.lua", "--format", "process" }

describe("a role with mfa_serial", function()
  local server, place

  before_each(function()
    server = sts.serve()
    place = sts.home("source_profile = base\nmfa_serial = " .. SERIAL)
  end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  local function quoted(words)
    local parts = {}
    for i, word in ipairs(words) do parts[i] = process.quote(word) end
    return table.concat(parts, " ")
  end

  --- The command line that runs ecrlua there; nothing else is in its environment.
  local function command(words)
    return "env -i " .. quoted{ "PATH=" .. os.getenv("PATH"), "TERM=xterm", "HOME=" .. place.path,
      "AWS_PROFILE=dev", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
      "AWS_ENDPOINT_URL_STS=" .. server.url, process.ECRLUA } .. " " .. quoted(words)
  end

  --- Runs on a pseudo-terminal; whoever is there types each of `lines` when another question has come. Gives
  --- what the terminal showed, what went to standard output, and the exit code.
  local function on_terminal(lines, words)
    local shown, output, code = place.path .. "/shown", place.path .. "/output", place.path .. "/code"
    local run = ("%s >%s; echo $? >%s"):format(command(words or WRITE), output, code)
    local typing = {}
    for i, line in ipairs(lines) do
      typing[#typing + 1] = ("for i in $(seq 300); do [ $(grep -aoi 'mfa code' %s | wc -l) -ge %d ] && break; "
        .. "sleep 0.01; done; printf '%%s\\n' %s"):format(shown, i, process.quote(line))
    end
    typing[#typing + 1] = ("for i in $(seq 500); do [ -s %s ] && break; sleep 0.01; done"):format(code)
    place:write("type.sh", table.concat(typing, "\n"))
    place:write("shown", "")
    process.run(("sh -c 'sh %s | script -qfec \"sh %s\" /dev/null >%s'"):format(place.path .. "/type.sh",
      place:write("run.sh", run), shown))
    return { shown = place:read("shown"), output = place:read("output"), code = tonumber(place:read("code")) }
  end

  --- Runs without any terminal.
  local function without_terminal(words, environment)
    return process.run(("setsid -w %s %s"):format(environment or "", command(words or WRITE)))
  end

  it("asks on the terminal, and sends the code with the serial number", function()
    local result = on_terminal{ CODE }
    assert.equal(0, result.code, result.shown)
    assert.equal("ASIAEXAMPLE000000001", cjson.decode(result.output).AccessKeyId)
    local form = sts.form(server:requests()[1])
    assert.equal(SERIAL, form.SerialNumber)
    assert.equal(CODE, form.TokenCode)
  end)

  it("names the device when it asks", function()
    assert.matches(SERIAL, on_terminal{ CODE }.shown, 1, true)
  end)

  it("shows the code nowhere", function()
    local result = on_terminal({ CODE }, { "--log", "debug", table.unpack(WRITE) })
    assert.equal(0, result.code, result.shown)
    assert.is_nil((result.shown .. result.output):find(CODE, 1, true))
  end)

  it("shows the code nowhere when it is refused with it", function()
    server:stop()
    server = sts.serve([[return refused(403, "AccessDenied",
      "MultiFactorAuthentication failed with invalid MFA one time pass code " .. asked.TokenCode)]])
    local result = on_terminal{ CODE }
    assert.equal(3, result.code)
    assert.matches("role/dev of profile dev: MultiFactorAuthentication failed", result.shown)
    assert.is_nil((result.shown .. result.output):find(CODE, 1, true))
    assert.equal(1, #server:requests())
  end)

  it("writes nothing to standard output but what was asked for", function()
    assert.matches("^{[^\n]*}\n$", on_terminal{ CODE }.output)
  end)

  for what, code in pairs{ ["is too short"] = "12345", ["is too long"] = "1234567", ["is no number"] = "12345a",
    ["is empty"] = "",
    ["has a space"] = "12 345" } do
    it("sends no code that " .. what, function()
      local result = on_terminal{ code }
      assert.same({}, server:requests())
      assert.equal(3, result.code)
      assert.matches("six digits", result.shown)
    end)
  end

  it("asks once for a client's calls, however many there are", function()
    local result = on_terminal({ CODE }, { "-e", [[local ecr = require "ecr"
      local client = assert(ecr.client{})
      local function get() return assert(client:credentials()) end
      ecr.all{ get, get, get }
      get()]] })
    assert.equal(0, result.code, result.shown)
    assert.equal(1, #server:requests())
  end)

  it("asks for the role at the base of a chain too", function()
    place:write(".aws/config", place:read(".aws/config") .. "[profile top]\nsource_profile = dev\n"
      .. "role_arn = arn:aws:iam::123456789012:role/top\n")
    local result = on_terminal({ CODE }, { "--profile", "top", table.unpack(WRITE) })
    assert.equal(0, result.code, result.shown)
    assert.equal(CODE, sts.form(server:requests()[1]).TokenCode)
    assert.is_nil(sts.form(server:requests()[2]).TokenCode)
  end)

  it("asks for a role that code says to assume", function()
    local result = on_terminal({ CODE }, { "--profile", "base", "-e", ([[local ecr = require "ecr"
      local client = assert(ecr.client{ auth_assume_role = { role_arn = "%s", mfa_serial = "%s" } })
      assert(client:credentials())]]):format(sts.DEV, SERIAL) })
    assert.equal(0, result.code, result.shown)
    assert.equal(CODE, sts.form(server:requests()[1]).TokenCode)
  end)

  it("does without it when the end of the input comes first", function()
    local result = on_terminal{ "\4" }
    assert.equal(3, result.code)
    assert.same({}, server:requests())
  end)

  it("says without a terminal that it needs one, and whose code", function()
    local result = without_terminal()
    sts.assert_failed(result, "role/dev of profile dev", "mfa/me", "terminal")
    assert.same({}, server:requests())
  end)

  it("does not take standard input for a person", function()
    local result = process.run(("echo %s | setsid -w sh -c %s"):format(CODE, process.quote(command(WRITE))))
    sts.assert_failed(result, "terminal")
  end)

  it("refuses a serial number that cannot be one", function()
    place:write(".aws/config", place:read(".aws/config"):gsub(SERIAL, "me me me me", 1))
    sts.assert_failed(without_terminal(), "profile dev", "mfa_serial")
  end)
end)
