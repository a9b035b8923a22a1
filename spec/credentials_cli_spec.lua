-- SPDX-License-Identifier: MIT
-- `ecrlua credentials.lua` as a user has it: what it prints, how it ends, and who can read what it writes.
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local ID, TOKEN = "ASIACLIEXAMPLE000000", "canarySession/Token+Q=="
local ODD_KEY = [[canary'Key"$(exit)`x`\$HOME;&|<>*?[]~#!7MDENG]] -- all that a shell might take for its own
local KEYS = { AWS_ACCESS_KEY_ID = ID, AWS_SECRET_ACCESS_KEY = ODD_KEY, AWS_SESSION_TOKEN = TOKEN,
  AWS_CREDENTIAL_EXPIRATION = "2099-01-02T03:04:05Z", AWS_ACCOUNT_ID = "123456789012" }

local place, server

local function run(words, environment)
  return place:ecrlua({ "credentials.lua", table.unpack(words or {}) }, environment)
end

--- The command line that runs it in this home, for the shell; `more` are settings.
local function command(words, more)
  local parts = { "env -u LUA_PATH -u LUA_CPATH -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE AWS_REGION=us-east-1 "
    .. "AWS_EC2_METADATA_DISABLED=true HOME=" .. place.path }
  for name, value in pairs(more or {}) do parts[#parts + 1] = process.quote(name .. "=" .. value) end
  parts[#parts + 1] = process.ECRLUA .. " credentials.lua " .. words
  return table.concat(parts, " ")
end

describe("credentials.lua", function()
  before_each(function() place, server = home.new(), nil end)

  after_each(function()
    if server then server:stop() end
    place:remove()
  end)

  it("names each source and shows nothing of a credential", function()
    local result = run({}, KEYS)
    assert.equal(0, result.code)
    assert.matches("^environment variables +used +environment variables\nassumed role +not asked\n", result.output)
    assert.equal(10, select(2, result.output:gsub("\n", "")))
    assert.not_matches("canary", result.output .. result.errors)
    assert.equal("", result.errors)
  end)

  it("exits with 3 where there are none, and has said why", function()
    local result = run()
    assert.equal(3, result.code)
    assert.matches("environment variables +passed over +AWS_ACCESS_KEY_ID is not set", result.output)
  end)

  it("exits with 3 where a source is broken, and has said which", function()
    local result = run({}, { AWS_ACCESS_KEY_ID = ID })
    assert.equal(3, result.code)
    assert.matches("environment variables +broken +.*AWS_SECRET_ACCESS_KEY", result.output)
  end)

  it("exits with 3 and one line on standard error where a format was asked for and there are none", function()
    local result = run({ "--format", "env" })
    assert.same({ 3, "" }, { result.code, result.output })
    assert.matches("^credentials%.lua: no AWS credentials: [^\n]+\n$", result.errors)
  end)

  it("exits with 3 where settings cannot be", function()
    local result = run({}, { AWS_USE_FIPS_ENDPOINT = "perhaps" })
    assert.same({ 3, "" }, { result.code, result.output })
    assert.matches("AWS_USE_FIPS_ENDPOINT", result.errors)
  end)

  for _, words in ipairs{ { "--format", "json" }, { "--format" }, { "--no-such-option" }, { "surplus" } } do
    it(("exits with 64 and one line for %s"):format(table.concat(words, " ")), function()
      local result = run(words, KEYS)
      assert.same({ 64, "" }, { result.code, result.output })
      assert.matches("^credentials%.lua: [^\n]+ credentials%.lua %-%-help\n$", result.errors)
    end)
  end

  it("has a help with all options, examples and exit codes", function()
    local result = run{ "--help" }
    assert.equal(0, result.code)
    for _, part in ipairs{ "--format", "process (", "env (", "env-no-export (", "--settings", "--help", "Examples:",
      "eval \"$(ecrlua credentials.lua --format env)\"", "credential_process =", "Exit codes: 0 ", " 3 ",
      "64 usage" } do
      assert.matches(part, result.output, nil, true)
    end
  end)

  it("has a help whose lines fit a terminal", function()
    for line in run{ "--help" }.output:gmatch("[^\n]+") do assert.is_true(#line <= 100, line) end
  end)

  it("says with --settings where each setting comes from, before the sources", function()
    place:write(".aws/config", "[profile dev]\nuse_dualstack_endpoint = true\nregion = eu-west-1\n")
    local result = place:ecrlua({ "--profile", "dev", "--retries", "7", "credentials.lua", "--settings" },
      { AWS_REGION = "", AWS_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt" })
    assert.matches("\nuse_dualstack +true +profile dev in [^\n]*/%.aws/config\n", result.output)
    assert.matches("\nregion +eu%-west%-1 +profile dev in [^\n]*/%.aws/config\n", result.output)
    assert.matches("\nmax_retries +7 +%-%-retries\n", result.output)
    assert.matches("\nprofile +dev +%-%-profile\n", result.output)
    assert.matches("^ca_bundle +%S+ +AWS_CA_BUNDLE\n", result.output)
    assert.matches("\nuse_fips +false +default\n.*\n\nenvironment variables +passed over", result.output)
  end)

  for _, proxy in ipairs{ "http://user:canary@proxy:3128", "http://user:canary%40@proxy:3128", "user:canary@proxy:3128",
    "http://user:ca@canary@proxy:3128", "http://user:x/canary@proxy:3128", "socks5h://canary@proxy:1080",
    "http://user:" .. ("x"):rep(300) .. "canary@proxy:1" } do
    it(("masks the password of the proxy %.40s"):format(proxy), function()
      local result = run({ "--settings" }, { HTTPS_PROXY = proxy, https_proxy = "", ALL_PROXY = "" })
      assert.not_matches("canary", result.output .. result.errors)
      assert.matches("proxy +%S*%*%*%*@proxy:%d+ +HTTPS_PROXY", result.output)
    end)
  end

  -- --- the formats ---------------------------------------------------------------------------------

  it("writes what a credential_process prints", function()
    local result = run({ "--format", "process" }, KEYS)
    assert.same({ 0, "" }, { result.code, result.errors })
    assert.same({ Version = 1, AccessKeyId = ID, SecretAccessKey = ODD_KEY, SessionToken = TOKEN,
      Expiration = "2099-01-02T03:04:05+00:00", AccountId = "123456789012" }, cjson.decode(result.output))
    assert.matches('"Version":1[,}]', result.output)
  end)

  it("writes lines that sh reads back, whatever is in the key", function()
    local script = place:write("read.sh", ([[
      eval "$(%s)"
      exec sh -c 'printf "%%s|%%s|%%s|%%s" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" \
        "$AWS_SESSION_TOKEN" "$AWS_CREDENTIAL_EXPIRATION"' ]]):format(command("--format env", KEYS)))
    local result = process.run("sh " .. script)
    assert.equal("", result.errors)
    assert.equal(table.concat({ ID, ODD_KEY, TOKEN, "2099-01-02T03:04:05+00:00" }, "|"),
      result.output)
  end)

  it("writes lines without export, each value as it is", function()
    assert.same(("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\nAWS_SESSION_TOKEN=%s\n"
      .. "AWS_CREDENTIAL_EXPIRATION=2099-01-02T03:04:05+00:00\n"):format(ID, ODD_KEY, TOKEN),
      run({ "--format", "env-no-export" }, KEYS).output)
  end)

  it("leaves out what there is not", function()
    local environment = { AWS_ACCESS_KEY_ID = ID, AWS_SECRET_ACCESS_KEY = "canaryKey" }
    assert.equal("export AWS_ACCESS_KEY_ID=" .. ID .. "\nexport AWS_SECRET_ACCESS_KEY=canaryKey\n",
      run({ "--format", "env" }, environment).output)
    assert.same({ Version = 1, AccessKeyId = ID, SecretAccessKey = "canaryKey" },
      cjson.decode(run({ "--format", "process" }, environment).output))
  end)

  --- Writes a profile whose credential_process is ecrlua over another profile, and gives its environment.
  local function as_process()
    place:write(".aws/credentials", ("[inner]\naws_access_key_id = %s\naws_secret_access_key = %s\n"
      .. "aws_session_token = %s\n"):format(ID, "canary/Key+0", TOKEN))
    place:write(".aws/config", ("[profile outer]\nregion = us-east-1\ncredential_process = %s/%s --profile inner "
      .. "credentials.lua --format process\n"):format(os.getenv("PWD"), process.ECRLUA))
    return ("env -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=%s "
      .. "AWS_SHARED_CREDENTIALS_FILE=%s "):format(place.path .. "/.aws/config", place.path .. "/.aws/credentials")
  end

  it("is a credential_process for itself", function()
    as_process()
    local creds = place:credentials({}, { "--profile", "outer" })
    assert.same({ ID, "canary/Key+0", TOKEN }, { creds.AccessKeyId, creds.SecretAccessKey, creds.SessionToken })
  end)

  it("is a credential_process for botocore", function()
    if process.run("python3 -c 'import botocore'").code ~= 0 then return pending("there is no botocore here") end
    local result = process.run(as_process() .. "python3 -c '" .. [[
import botocore.session
c = botocore.session.Session(profile="outer").get_credentials().get_frozen_credentials()
print(c.access_key, c.secret_key, c.token)']])
    assert.equal(("%s canary/Key+0 %s\n"):format(ID, TOKEN), result.output, result.errors)
  end)

  it("is a credential_process for the AWS CLI", function()
    if process.run("aws --version").code ~= 0 then return pending("there is no AWS CLI here") end
    server = process.serve(([[return function() return {body = '%s'} end]]):format("<GetCallerIdentityResponse>"
      .. "<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>"
      .. "</GetCallerIdentityResponse>"))
    local result = process.run(as_process() .. "aws --profile outer --endpoint-url " .. server.url
      .. " sts get-caller-identity")
    assert.matches("123456789012", result.output, nil, nil, result.errors)
    local headers = server:requests()[1].headers
    assert.matches("Credential=" .. ID .. "/", headers.authorization, nil, true)
    assert.equal(TOKEN, headers["x-amz-security-token"])
  end)

  -- --- where output goes ---------------------------------------------------------------------------

  for _, words in ipairs{ "", "--settings", "--format env", "--format process", "--help" } do
    it(("does not call it a success when its output is lost: %s"):format(words), function()
      local result = process.run(command(words, KEYS) .. " >/dev/full")
      assert.equal(3, result.code)
      assert.matches("standard output.*No space left", result.errors)
      assert.not_matches("canary", result.errors)
    end)
  end

  it("ends in one line when nobody reads", function()
    for _, words in ipairs{ "", "--format env" } do
      local script = place:write("pipe.sh", ("exec 5> >(exit 0); wait $!; %s >&5"):format(command(words, KEYS)))
      local result = process.run("bash " .. script)
      assert.equal(3, result.code)
      assert.matches("^[^\n]*standard output[^\n]*Broken pipe[^\n]*\n$", result.errors)
    end
  end)

  it("says the same on a narrow terminal, nothing cut", function()
    local plain = run({}, { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://evil.example.org/" })
    local shown = process.run("script -qec " .. process.quote("stty cols 40; "
      .. command("", { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://evil.example.org/" })) .. " /dev/null")
    assert.equal(3, plain.code)
    assert.equal(plain.output, (shown.output:gsub("\r\n", "\n")))
  end)
end)

describe("the prompt", function()
  before_each(function() place = home.new() end)
  after_each(function() place:remove() end)

  it("shows the settings of a client, and no password of a proxy", function()
    local typed = place:write("typed", 'ecr.client{ region = "us-east-1", proxy = "http://user:" .. "can" .. "ary'
      .. '@proxy:1" }:explain_config()\n\4')
    local result = process.run(("{ (cat %s; sleep 0.3) | script -qec %s /dev/null; }"):format(typed, process.quote(
      command(""):gsub("credentials%.lua", ""))))
    assert.matches("proxy +http://%*%*%*@proxy:1 +code", result.output)
    assert.not_matches("canary", result.output)
  end)
end)
