-- SPDX-License-Identifier: MIT
-- `ecrlua credential_helper.lua`, and the same under docker's name for it, as docker meets it: facts/data-plane.md,
-- section 1, and the client of the docker-credential-helpers project, which reads standard output only.
local cjson = require "cjson"
local cloud = require "spec.support.cloud"
local home = require "spec.support.home"
local process = require "spec.support.process"
local sts = require "spec.support.sts"

local HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
local NOT_FOUND = "credentials not found in native keychain\n"
local PASSWORD = "canaryRegistryToken"
local MAP = ".config/ecrlua/credential_helper.json"
local ROLE = "arn:aws:iam::123456789012:role/assumed"

--- ECR Public answers with one object where ECR answers with a list.
local PUBLIC = [[
  if (request.headers["x-amz-target"] or ""):find("^SpencerFrontendService") then
    return {body = cjson.encode{authorizationData = {authorizationToken = "QVdTOmNhbmFyeVB1YmxpYw==",
      expiresAt = os.time() + 43200}}}
  end]]

local place, server

--- The shell's words for it, with no settings but these; false takes one away.
local function command(program, words, environment)
  local settings = { AWS_REGION = false, AWS_CONFIG_FILE = false, AWS_SHARED_CREDENTIALS_FILE = false,
    HOME = place.path, XDG_CONFIG_HOME = false, XDG_CACHE_HOME = false, ECRLUA_TOKEN_CACHE = false,
    LUA_PATH = false, LUA_CPATH = false,
    ECRLUA_CREDENTIAL_HELPER_CONFIG = false, AWS_EC2_METADATA_DISABLED = "true", AWS_SESSION_TOKEN = false,
    AWS_ACCESS_KEY_ID = cloud.ID.environment, AWS_SECRET_ACCESS_KEY = cloud.KEY.environment }
  for name, value in pairs(server and cloud.endpoints(server) or {}) do settings[name] = value end
  if server then settings.AWS_ENDPOINT_URL_ECR_PUBLIC = server.url end
  for name, value in pairs(environment or {}) do settings[name] = value end
  local unset, set = {}, {}
  for name, value in pairs(settings) do
    if value then set[#set + 1] = process.quote(name .. "=" .. value) else unset[#unset + 1] = "-u " .. name end
  end
  for i, word in ipairs(words) do words[i] = process.quote(word) end
  return ("env %s %s %s %s"):format(table.concat(unset, " "), table.concat(set, " "), program,
    table.concat(words, " "))
end

--- Runs it with this on standard input. `redirect` is for the shell.
local function run(words, input, environment, redirect)
  local line = command(process.ECRLUA, { "credential_helper.lua", table.unpack(words) }, environment)
  return process.run(("{ %s <%s %s; }"):format(line, place:write("stdin", input or ""), redirect or ""))
end

local function get(input, environment) return run({ "get" }, input, environment) end

local function answer(url, password)
  return ('{"ServerURL":"%s","Username":"AWS","Secret":"%s"}\n'):format(url, password or PASSWORD)
end

--- Asserts that it was refused in one line, on standard output only, without anything secret.
local function assert_refused(result, ...)
  assert.same({ 1, "" }, { result.code, result.errors })
  assert.matches("^[^\n]+\n$", result.output)
  assert.not_matches("canary", result.output)
  for _, part in ipairs{ ... } do assert.matches(part, result.output, 1, true) end
end

--- Writes the map's file.
local function map(...)
  return place:write(MAP, cjson.encode{ registries = { ... } })
end

describe("the credential helper", function()
  before_each(function() place, server = home.new(), cloud.serve(PUBLIC) end)

  after_each(function()
    if server then server:stop() end
    place:remove()
  end)

  local function serve(special, change)
    server:stop()
    server = cloud.serve(special, change)
  end

  -- --- get -----------------------------------------------------------------------------------------

  for _, url in ipairs{ HOST, "https://" .. HOST, "https://" .. HOST .. "/v2/app", HOST .. ":443", HOST:upper(),
    "123456789012.dkr-ecr.us-east-1.on.aws", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com" } do
    it("answers for " .. url .. " as it was asked", function()
      local result = get(url .. "\n")
      assert.same({ 0, answer(url), "" }, { result.code, result.output, result.errors })
    end)
  end

  for _, row in ipairs{ { "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1" },
    { "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "210987654321.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
    { "123456789012.dkr-ecr.ap-southeast-2.on.aws", "ap-southeast-2" } } do
    it("asks in the registry's region, whatever the environment's: " .. row[1], function()
      assert.equal(answer(row[1]), get(row[1], { AWS_REGION = "sa-east-1" }).output)
      local requests = server:requests()
      assert.equal(1, #requests)
      assert.same({ cloud.ID.environment, row[2], "ecr" }, { sts.signer(requests[1]) })
    end)
  end

  for _, host in ipairs{ "public.ecr.aws", "ecr-public.aws.com" } do
    it("asks ECR Public for " .. host, function()
      assert.equal(answer(host, "canaryPublic"), get(host).output)
      assert.same({ cloud.ID.environment, "us-east-1", "ecr-public" }, { sts.signer(server:requests()[1]) })
    end)
  end

  for what, input in pairs{ ["no newline"] = HOST, ["one newline"] = HOST .. "\n", ["space around it"] = " \t" .. HOST
    .. " \r\n\n" } do
    it("reads a server URL with " .. what, function() assert.equal(answer(HOST), get(input).output) end)
  end

  for _, url in ipairs{ "docker.io", "https://index.docker.io/v1/", "localhost:5000", "ghcr.io",
    "evil-" .. HOST .. ".example.com", HOST .. ".example.com", "x" .. HOST, "https://" .. HOST .. "@evil.example/",
    "evil.example/" .. HOST, HOST .. ":5000", "public.ecr.aws.example.com", "http://registry.example" } do
    it("finds nothing for a server that is not ECR's, and asks nobody: " .. url, function()
      local result = get(url)
      assert.same({ 1, NOT_FOUND, "" }, { result.code, result.output, result.errors })
      assert.same({}, server:requests())
    end)
  end

  for _, input in ipairs{ "", "\n", " \r\n\t" } do
    it(("says that there is no server URL in %q"):format(input), function()
      local result = get(input)
      assert.same({ 1, "no credentials server URL\n", "" }, { result.code, result.output, result.errors })
    end)
  end

  for what, input in pairs{ ["longer than 2048 bytes"] = HOST .. "/" .. ("x"):rep(1024 * 1024),
    ["longer than 2048 bytes "] = HOST .. (" "):rep(5000) .. "x", ["a control character in it"] = HOST .. "\0\n",
    ["a control character"] = HOST .. "\nregistry.example\n", ["not UTF-8"] = HOST .. "/\xff\n",
    ["is asked over http:"] = "http://" .. HOST, ["is asked over HTTP"] = "HTTP://" .. HOST .. "/" } do
    it("refuses what it cannot answer for, and asks nobody: " .. what, function()
      assert_refused(get(input), "ecrlua: ", (what:gsub(" $", "")))
      assert.same({}, server:requests())
    end)
  end

  it("says so when standard input cannot be read", function()
    local result = run({ "get" }, "", nil, "<&-")
    assert_refused(result, "ecrlua: standard input: ")
  end)

  it("gives a token as JSON has it", function()
    serve(nil, [[if answer.body then answer.body = answer.body:gsub('"authorizationToken":"[^"]*"',
      '"authorizationToken":"QVdTOmEiYlxjCi86w7w="') end]]) -- AWS:a"b\c<newline>/:ü
    local result = get(HOST)
    assert.equal(0, result.code)
    assert.equal('a"b\\c\n/:\u{fc}', cjson.decode(result.output).Secret)
  end)

  -- --- failures that are told ----------------------------------------------------------------------

  it("tells that there are no AWS credentials, never that there are none for the registry", function()
    assert_refused(get(HOST, { AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false }),
      "ecrlua: no AWS credentials: ")
  end)

  it("tells what AWS refuses", function()
    serve([[return {status = 400, headers = {["x-amzn-requestid"] = "r-1"}, body = '{"__type":'
      .. '"AccessDeniedException","message":"User: a\\nb is not authorized to perform: ecr:GetAuthorizationToken"}'}]])
    assert_refused(get(HOST), "ecrlua: GetAuthorizationToken in us-east-1: User: a b is not authorized",
      "(denied, AccessDeniedException, HTTP 400, request r-1)")
  end)

  it("tells that nobody answers", function()
    assert_refused(get(HOST, { AWS_ENDPOINT_URL_ECR = "http://127.0.0.1:1" }), "ecrlua: GetAuthorizationToken",
      "(network, connect")
  end)

  it("ends in time when an answer does not come", function()
    serve("connection:sleep(30) return false")
    local result = run({ "--timeout", "0.4", "get" }, HOST)
    assert_refused(result, "ecrlua: there was no answer within 0.4 s")
  end)

  it("ends in time when credentials do not come", function()
    serve("connection:sleep(30) return false")
    map{ account = "123456789012", role_arn = ROLE }
    assert_refused(run({ "--timeout", "0.4", "get" }, HOST), "no answer within 0.4 s", "entry 1")
  end)

  it("ends in time when its input does not end, or the map's file is a pipe", function()
    local line = command(process.ECRLUA, { "credential_helper.lua", "--timeout", "0.3", "get" })
    local script = place:write("open.sh", ("coproc T { %s; }; exec 3<&${T[0]} 4>&${T[1]}; cat <&3"):format(line))
    assert.matches("^standard input: .* did not end in time", (process.run("timeout 20 bash " .. script).output:gsub(
      "^ecrlua: ", "")))
    place:write(MAP, "")
    process.run(("rm %s/%s && mkfifo %s/%s"):format(place.path, MAP, place.path, MAP))
    assert_refused(run({ "get" }, HOST), "cannot be read: it is no file")
  end)

  it("takes no map that names a key twice, nor a link to nothing for no map", function()
    place:write(MAP, '{"registries":[{"account":"123456789012","anonymous":true}],"registries":[]}')
    assert_refused(get(HOST), 'names the key "registries" twice')
    place:write(MAP, '{"registries":[{"account":"123456789012","account":"210987654321","anonymous":true}]}')
    assert_refused(get(HOST), 'names the key "account" twice')
    process.run(("ln -sf %s/gone %s/%s"):format(place.path, place.path, MAP))
    assert_refused(get(HOST), "it is a link to nothing")
    assert.same({}, server:requests())
  end)

  it("tells of settings that cannot be", function()
    assert_refused(get(HOST, { AWS_USE_FIPS_ENDPOINT = "perhaps" }), "AWS_USE_FIPS_ENDPOINT")
  end)

  it("tells how ECR Public is asked without credentials", function()
    assert_refused(get("public.ecr.aws", { AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false }),
      "map public.ecr.aws as anonymous in " .. place.path .. "/" .. MAP)
  end)

  local function lives(seconds)
    serve(nil, ([[if answer.body then answer.body = answer.body:gsub('"expiresAt":[%%d.e+]+', '"expiresAt":'
      .. (os.time() + %d)) end]]):format(seconds))
  end

  it("takes a token that lives shorter than a long pull, where the service gives no other", function()
    lives(3600)
    assert.equal(answer(HOST), get(HOST).output)
  end)

  --- Half of the life of the tokens on disk is over.
  local function age_tokens()
    process.run(([[sed -i -E 's/"obtained_at":[0-9.]+/"obtained_at":%d/' %s/.cache/ecrlua/*.token]]):format(
      os.time() - 50000, place.path))
  end

  it("takes no token that has ended", function()
    lives(-1)
    assert_refused(get(HOST), "gave a token that expired", "(protocol, short_lived)")
  end)

  it("asks nobody for a token that is on disk, and asks again for one half of whose life is over", function()
    for _ = 1, 3 do assert.equal(answer(HOST), get(HOST).output) end
    assert.equal(1, #server:requests())
    age_tokens()
    assert.equal(answer(HOST), get(HOST).output)
    assert.equal(2, #server:requests())
  end)

  it("gives the token that lives while nobody answers, and says so in the log", function()
    get(HOST)
    age_tokens()
    os.execute("kill " .. server.pid)
    local result = get(HOST)
    assert.same({ 0, answer(HOST) }, { result.code, result.output })
    assert.matches("^ecrlua: warn: the registry token was not renewed[^\n]+\n$", result.errors)
  end)

  for _, row in ipairs{ { { "--no-cache", "get" } }, { { "get" }, { AWS_ECR_DISABLE_CACHE = "true" } },
    { { "get" }, { AWS_ECR_DISABLE_CACHE = "1" } }, { { "get" }, { ECRLUA_TOKEN_CACHE = "off" } } } do
    it("keeps no token where none shall be kept: " .. (next(row[2] or { ["--no-cache"] = 1 })), function()
      for _ = 1, 2 do assert.equal(0, run({ table.unpack(row[1]) }, HOST, row[2]).code) end
      assert.equal(2, #server:requests())
      assert.equal("", process.run("grep -rl " .. PASSWORD .. " " .. place.path).output)
    end)
  end

  -- --- whose credentials ---------------------------------------------------------------------------

  local function signers()
    local list = {}
    for i, request in ipairs(server:requests()) do list[i] = sts.signer(request) end
    return list
  end

  local function profiles()
    place:write(".aws/config", "[profile dev]\n" .. cloud.LINES.config .. "[profile base]\n" .. cloud.LINES.credentials)
  end

  it("asks as the profile that the map names, also when the environment has keys", function()
    profiles()
    map{ match = HOST, profile = "dev" }
    assert.equal(answer(HOST), get(HOST).output)
    assert.same({ cloud.ID.config }, signers())
  end)

  it("asks as the first entry that matches says", function()
    profiles()
    map({ match = "*.dkr.ecr.eu-*.amazonaws.com", profile = "dev" },
      { match = "*.dkr.ecr.*.amazonaws.com", profile = "base" }, { match = HOST, profile = "dev" })
    assert.equal(answer(HOST), get(HOST).output)
    assert.same({ cloud.ID.credentials }, signers())
  end)

  it("asks as the default chain says where no entry matches, or the entry says nothing", function()
    profiles()
    map({ match = "*.dkr.ecr.eu-*.amazonaws.com", profile = "dev" }, { match = HOST },
      { account = "123456789012", profile = "base" })
    assert.equal(answer(HOST), get(HOST).output)
    assert.equal(answer("public.ecr.aws", "canaryPublic"), get("public.ecr.aws").output)
    assert.same({ cloud.ID.environment, cloud.ID.environment }, signers())
  end)

  it("asks as the map says whatever the letters' case", function()
    profiles()
    map{ match = HOST:upper(), profile = "dev" }
    run({ "--no-cache", "get" }, HOST)
    run({ "--no-cache", "get" }, HOST:upper())
    assert.same({ cloud.ID.config, cloud.ID.config }, signers())
  end)

  it("assumes the role that the map names, with the default chain's credentials", function()
    map{ account = "123456789012", role_arn = ROLE, external_id = "an-id", role_session_name = "pull",
      duration_seconds = 900 }
    assert.equal(answer(HOST), get(HOST).output)
    local asked = sts.form(server:requests()[1])
    assert.same({ "AssumeRole", ROLE, "an-id", "pull", "900" }, { asked.Action, asked.RoleArn, asked.ExternalId,
      asked.RoleSessionName, asked.DurationSeconds })
    assert.same({ cloud.ID.environment, cloud.ID.role }, signers())
  end)

  it("assumes the role with the credentials of the entry's profile, in the registry's region", function()
    profiles()
    map{ account = "123456789012", profile = "base", role_arn = ROLE }
    local host = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
    assert.equal(answer(host), get(host).output)
    assert.same({ cloud.ID.credentials, "cn-north-1", "sts" }, { sts.signer(server:requests()[1]) })
    assert.same({ cloud.ID.role, "cn-north-1", "ecr" }, { sts.signer(server:requests()[2]) })
  end)

  it("finds nothing for what the map calls anonymous, and asks nobody", function()
    map{ match = "public.ecr.aws", anonymous = true }
    local result = get("https://public.ecr.aws")
    assert.same({ 1, NOT_FOUND, "" }, { result.code, result.output, result.errors })
    assert.same({}, server:requests())
  end)

  it("says which entry asked when it fails", function()
    local path = map({ match = "public.ecr.aws" }, { match = HOST, profile = "nobody" })
    assert_refused(get(HOST), 'there is no profile "nobody"', "; asked as " .. path .. ": entry 2 says")
  end)

  it("never falls back to another identity when the map is broken", function()
    place:write(MAP, '{"registries": [{"match": "' .. HOST .. '", "profle": "dev"}]}')
    for _, action in ipairs{ "get", "list", "store" } do
      assert_refused(run({ action }, HOST), "ecrlua: " .. place.path .. "/" .. MAP
        .. ': entry 1: unknown option "profle"; did you mean profile?')
    end
    assert.same({}, server:requests())
  end)

  it("does not read the map for a server that is not ECR's", function()
    place:write(MAP, "{")
    assert.equal(NOT_FOUND, get("docker.io").output)
  end)

  for what, prepare in pairs{
    ["XDG_CONFIG_HOME"] = function()
      place:write("xdg/ecrlua/credential_helper.json",
        '{"registries": [{"account": "123456789012", "anonymous": true}]}')
      return { XDG_CONFIG_HOME = place.path .. "/xdg" }
    end,
    ["ECRLUA_CREDENTIAL_HELPER_CONFIG"] = function()
      return { ECRLUA_CREDENTIAL_HELPER_CONFIG = place:write("own.json",
        '{"registries": [{"account": "123456789012", "anonymous": true}]}') }
    end,
    ["HOME, a relative XDG_CONFIG_HOME being none"] = function()
      map{ account = "123456789012", anonymous = true }
      return { XDG_CONFIG_HOME = "relative", ECRLUA_CREDENTIAL_HELPER_CONFIG = "" }
    end } do
    it("finds the map by " .. what, function() assert.equal(NOT_FOUND, get(HOST, prepare()).output) end)
  end

  it("wants the file that was named", function()
    assert_refused(get(HOST, { ECRLUA_CREDENTIAL_HELPER_CONFIG = "/nonexistent/map.json" }),
      "/nonexistent/map.json: there is no such file (ECRLUA_CREDENTIAL_HELPER_CONFIG names it)")
  end)

  it("tells that the map cannot be read", function()
    assert(os.execute("mkdir -p " .. place.path .. "/" .. MAP))
    assert_refused(get(HOST), place.path .. "/" .. MAP .. " cannot be read: it is a directory")
  end)

  it("reads no map of more than a mebibyte", function()
    place:write(MAP, "{}" .. (" "):rep(1024 * 1024))
    assert_refused(get(HOST), MAP .. " cannot be read: it is larger than 1048576 bytes")
  end)

  -- --- the other actions ---------------------------------------------------------------------------

  local STORED = ('{"ServerURL":"%s","Username":"AWS","Secret":"canaryStored"}'):format(HOST)

  --- It passes, and who writes to it is not broken off.
  local function assert_passes(action, environment)
    local line = command(process.ECRLUA, { "credential_helper.lua", action }, environment)
    local script = place:write("pipe.sh", ("set -o pipefail; { head -c 300000 /dev/zero && echo whole >&2; } | %s")
      :format(line))
    local result = process.run("bash " .. script)
    assert.same({ 0, "", "whole\n" }, { result.code, result.output, result.errors })
  end

  it("refuses to store, and says how it passes", function()
    assert_refused(run({ "store" }, STORED), "ecrlua: nothing was stored", "AWS_ECR_IGNORE_CREDS_STORAGE=true")
  end)

  for what, environment in pairs{ ["AWS_ECR_IGNORE_CREDS_STORAGE"] = { AWS_ECR_IGNORE_CREDS_STORAGE = "true" },
    ["the same in capitals"] = { AWS_ECR_IGNORE_CREDS_STORAGE = "TRUE" }, ["the map"] = {} } do
    it("lets a store pass by " .. what .. ", and reads its input to the end", function()
      if what == "the map" then place:write(MAP, '{"ignore_creds_storage": true}') end
      assert_passes("store", environment)
    end)
  end

  it("does not take AWS_ECR_IGNORE_CREDS_STORAGE=false for a yes", function()
    assert_refused(run({ "store" }, STORED, { AWS_ECR_IGNORE_CREDS_STORAGE = "false" }), "nothing was stored")
  end)

  it("has nothing to erase, which passes for done", function()
    assert_passes("erase")
  end)

  it("lists nothing where the map names nothing in full", function()
    map{ match = "*.dkr.ecr.*.amazonaws.com", profile = "dev" }
    local result = run({ "list" }, "unused")
    assert.same({ 0, "{}\n", "" }, { result.code, result.output, result.errors })
  end)

  it("lists what the map names in full, without network and credentials", function()
    map({ match = HOST, profile = "dev" }, { match = "public.ecr.aws", anonymous = true },
      { match = "210987654321.dkr.ecr.eu-west-1.amazonaws.com" })
    local result = run({ "list" }, "unused", { AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false })
    assert.same({ 0, "" }, { result.code, result.errors })
    assert.same({ ["https://" .. HOST] = "AWS", ["https://210987654321.dkr.ecr.eu-west-1.amazonaws.com"] = "AWS" },
      cjson.decode(result.output))
    assert.same({}, server:requests())
  end)

  for _, word in ipairs{ "version", "--version", "-v" } do
    it("says its version: " .. word, function()
      local result = run{ word }
      assert.same({ 0, "" }, { result.code, result.errors })
      assert.matches("^docker%-credential%-ecrlua %(ecrlua%) %d+%.%d+%.%d+\n$", result.output)
    end)
  end

  it("says what it can when it is told no action", function()
    local result = run{}
    assert.same({ 1, "Usage: docker-credential-ecrlua <store|get|erase|list|version>\n", "" },
      { result.code, result.output, result.errors })
  end)

  it("says which actions there are, on standard output, as docker's helpers do", function()
    assert_refused(run({ "lst" }, HOST), 'ecrlua: unknown action "lst"; did you mean list?')
    assert_refused(run({ "a\nb" }, HOST), "unknown action", "known are erase, get, list, store, version")
  end)

  for _, words in ipairs{ { "get", "surplus" }, { "--no-such-option", "get" }, { "--timeout", "soon", "get" },
    { "--timeout", "11m", "get" }, { "--timeout" } } do
    it(("exits with 64 and one line for %s"):format(table.concat(words, " ")), function()
      local result = run({ table.unpack(words) }, HOST)
      assert.same({ 64, "" }, { result.code, result.output })
      assert.matches("^credential_helper%.lua: [^\n]+ credential_helper%.lua %-%-help\n$", result.errors)
      assert.same({}, server:requests())
    end)
  end

  it("has a help with all options, the files, examples and exit codes, in lines that fit", function()
    local result = run{ "--help" }
    assert.equal(0, result.code)
    for _, part in ipairs{ "--timeout", "--no-cache", "--version", "credHelpers", "Examples:", "Exit codes: 0 done",
      "64 usage", "IAM actions: ecr:GetAuthorizationToken", "sts:GetServiceBearerToken",
      "~/.config/ecrlua/credential_helper.json" } do
      assert.matches(part, result.output, 1, true)
    end
    for line in result.output:gmatch("[^\n]+") do assert.is_true(#line <= 100, line) end
  end)

  -- --- where output goes ---------------------------------------------------------------------------

  for _, redirect in ipairs{ ">/dev/full", ">&-" } do
    for _, action in ipairs{ "get", "list", "version" } do
      it(("does not call it a success when its output is lost: %s %s"):format(action, redirect), function()
        local result = run({ action }, HOST, nil, redirect)
        assert.equal(3, result.code)
        assert.matches("^credential_helper%.lua: standard output: [^\n]+\n$", result.errors)
        assert.not_matches("canary", result.errors)
      end)
    end

    it("does not call a refusal a success either: " .. redirect, function()
      assert.equal(1, run({ "get" }, "docker.io", nil, redirect).code)
    end)
  end

  it("shows the password on standard output only, and no other secret at all", function()
    map{ account = "123456789012", role_arn = ROLE }
    local line = command(process.ECRLUA, { "--log", "debug", "credential_helper.lua", "get" })
    local result = process.run(("{ %s <%s; }"):format(line, place:write("stdin", HOST)))
    assert.equal(answer(HOST), result.output)
    assert.matches("GetAuthorizationToken", result.errors)
    assert.not_matches("canary", result.errors)
  end)
end)

describe("ecrlua under docker's name for the helper", function()
  local binary, folder

  before_each(function()
    place, server = home.new(), cloud.serve()
    binary = process.run("realpath " .. process.ECRLUA).output:match("%S+")
    folder = place.path .. "/bin"
    assert(os.execute("mkdir " .. folder))
  end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  local function call(program, words, environment)
    return process.run(("{ %s <%s; }"):format(command(program, words or { "get" }, environment),
      place:write("stdin", HOST)))
  end

  local function install(how, name)
    local path = folder .. "/" .. (name or "docker-credential-ecrlua")
    assert(os.execute(("%s %s %s"):format(how, binary, path)))
    return path
  end

  for what, how in pairs{ link = "ln -s", copy = "cp" } do
    it("is the helper as a " .. what, function()
      local result = call(install(how))
      assert.same({ 0, answer(HOST), "" }, { result.code, result.output, result.errors })
    end)
  end

  it("is the helper on the PATH", function()
    install("ln -s")
    assert.equal(answer(HOST), call("docker-credential-ecrlua", nil,
      { PATH = folder .. ":" .. os.getenv("PATH") }).output)
  end)

  it("is the helper by a relative path", function()
    install("ln -s")
    local result = process.run(("{ cd %s && %s <%s; }"):format(folder, command("./docker-credential-ecrlua", { "get" }),
      place:write("stdin", HOST)))
    assert.equal(answer(HOST), result.output)
  end)

  it("gives all words to the helper: none is the interpreter's", function()
    local path = install("ln -s")
    for _, words in ipairs{ { "--region", "eu-west-1", "get" }, { "-e", "print(1)" }, { "--list" },
      { "get", "scan_gate.lua" } } do
      local result = call(path, words)
      assert.same({ 64, "" }, { result.code, result.output })
      assert.matches("^credential_helper%.lua: ", result.errors)
    end
    assert.matches("^Usage: credential_helper%.lua", call(path, { "--help" }).output)
    assert.matches("^docker%-credential%-ecrlua %(ecrlua%)", call(path, { "--version" }).output)
    assert.equal(1, call(path, {}).code)
    assert.matches("unknown action", call(path, { "scan_gate.lua" }).output)
  end)

  it("runs the helper that is inside, not a file of that name beside it", function()
    local path = install("ln -s")
    for _, name in ipairs{ "credential_helper.lua", "scripts/credential_helper.lua" } do
      place:write("bin/" .. name, "print('mine')")
    end
    local result = process.run(("{ cd %s && %s <%s; }"):format(folder, command(path, { "get" }),
      place:write("stdin", HOST)))
    assert.equal(answer(HOST), result.output)
  end)

  for _, name in ipairs{ "docker-credential-ecrlua2", "my-docker-credential-ecrlua", "docker-credential-" } do
    it("is ecrlua by any other name: " .. name, function()
      assert.equal("1\n", call(install("ln -s", name), { "-e", "print(1)" }).output)
    end)
  end
end)
