-- SPDX-License-Identifier: MIT
-- `ecrlua docker_login.lua` as a user has it: which hosts get a login, what becomes of docker's file, what the
-- program `docker` gets to see, and how it ends.
local cached = require "spec.support.cached"
local cjson = require "cjson"
local cloud = require "spec.support.cloud"
local home = require "spec.support.home"
local process = require "spec.support.process"

local HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
local PASSWORD = "canaryRegistryToken"
local AUTH = "QVdTOmNhbmFyeVJlZ2lzdHJ5VG9rZW4=" -- base64 of AWS:canaryRegistryToken
local OTHER_AUTH = "QVdTOmNhbmFyeU90aGVyVG9rZW4="  -- base64 of AWS:canaryOtherToken
local ROLE, OTHER_ROLE = "arn:aws:iam::123456789012:role/a", "arn:aws:iam::222222222222:role/b"
local DEMO = "examples/scenarios/demo.lua"

--- The service: tokens by region and identity; ap-south-1 refuses, and so does role/none.
local SPECIAL = [==[
if request.body:find("role%%2Fnone") then
  return {status = 403, headers = {["content-type"] = "text/xml"}, body = "<ErrorResponse><Error><Code>AccessDenied"
    .. "</Code><Message>not you</Message></Error></ErrorResponse>"}
end
if request.body:find("role%%2Fb") then return sts(request, "AssumeRole", "sso") end
local target = request.headers["x-amz-target"] or ""
if not target:find("GetAuthorizationToken") then return nil end
local key, region = request.headers.authorization:match("Credential=([^/]+)/%d+/([^/]+)/")
if region == "ap-south-1" then
  return {status = 400, body = '{"__type":"AccessDeniedException","message":"not authorized to do that"}'}
end
local data = {authorizationToken = "QVdTOmNhbmFyeVJlZ2lzdHJ5VG9rZW4=", expiresAt = os.time() + 43200}
if target:find("Spencer") then return {body = cjson.encode{authorizationData = data}} end
if key == ID.sso then data.authorizationToken = "QVdTOmNhbmFyeU90aGVyVG9rZW4=" end
data.proxyEndpoint = ("https://%s.dkr.ecr.%s.amazonaws.com"):format(key == ID.sso and "222222222222" or "123456789012",
  region)
return {body = cjson.encode{authorizationData = {data}}}
]==]

local place, server

local function environment(more)
  local made = cloud.endpoints(server)
  made.AWS_ENDPOINT_URL_ECR_PUBLIC = server.url
  made.AWS_ACCESS_KEY_ID, made.AWS_SECRET_ACCESS_KEY = cloud.ID.environment, cloud.KEY.environment
  made.DOCKER_CONFIG, made.REGISTRY_AUTH_FILE, made.XDG_RUNTIME_DIR = false, false, false
  made.ECRLUA_TOKEN_CACHE = "off"
  for name, value in pairs(more or {}) do made[name] = value end
  return made
end

--- Runs it; nothing secret may be in what it says.
local function run(words, more, options)
  local all = { "--retries", "0", table.unpack(options or {}) }
  all[#all + 1] = "docker_login.lua"
  table.move(words, 1, #words, #all + 1, all)
  local result = place:ecrlua(all, environment(more))
  assert.not_matches("[Cc]anary", result.output .. result.errors)
  assert.not_matches("QVdTOm", result.output .. result.errors, nil, true)
  return result
end

local function auths(name)
  local text = place:read(name or ".docker/config.json")
  local made = {}
  for host, entry in pairs(text and cjson.decode(text).auths or {}) do made[host] = entry.auth end
  return made
end

--- A program of this name in the home's bin folder, and the environment that finds it.
local function fake(name, text)
  local path = place:write("bin/" .. name, "#!/bin/sh\n" .. text)
  process.run("chmod +x " .. path)
  return { PATH = place.path .. "/bin:" .. os.getenv("PATH") }
end

local RECORD = [[printf '%s\n' "$0" "$@" >> "$HOME/argv"; env >> "$HOME/env"; cat >> "$HOME/stdin"; echo >> "$HOME/stdin"
  echo Login Succeeded]]

describe("docker_login.lua", function()
  before_each(function() place, server = home.new(), cloud.serve(SPECIAL) end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  -- --- which registries ----------------------------------------------------------------------------

  it("logs in to the identity's own registry, in a file of its owner's only", function()
    local result = run{}
    assert.same({ 0, "" }, { result.code, result.errors })
    local host = HOST:gsub("[.-]", "%%%0")
    assert.matches("^logged in to " .. host .. " until %d+%-%d+%-%d+T%d+:%d+:%d+Z\n$", result.output)
    assert.same({ [HOST] = AUTH }, auths())
    assert.equal("600", (cached.mode(place.path .. "/.docker/config.json")))
    assert.equal("700", (cached.mode(place.path .. "/.docker")))
  end)

  it("logs in to each region of each role, each as itself", function()
    local result = run{ "--region", "us-east-1", "--region", "eu-west-1", "--role-arn", ROLE, "--role-arn", OTHER_ROLE,
      "--quiet" }
    assert.same({ 0, "", "" }, { result.code, result.output, result.errors })
    assert.same({ [HOST] = AUTH, ["123456789012.dkr.ecr.eu-west-1.amazonaws.com"] = AUTH,
      ["222222222222.dkr.ecr.us-east-1.amazonaws.com"] = OTHER_AUTH,
      ["222222222222.dkr.ecr.eu-west-1.amazonaws.com"] = OTHER_AUTH }, auths())
  end)

  it("says which of several failed, and logs in to the others", function()
    local result = run{ "--region", "ap-south-1", "--region", "us-east-1", "--role-arn", ROLE, "--role-arn",
      "arn:aws:iam::123456789012:role/none" }
    assert.equal(3, result.code)
    assert.same({ [HOST] = AUTH }, auths())
    assert.equal(3, select(2, result.errors:gsub("\n", "")))
    assert.matches("docker_login.lua: the registry in ap-south-1 as " .. ROLE .. ": ", result.errors, nil, true)
    assert.matches("not authorized to do that", result.errors, nil, true)
    assert.matches("the registry in us-east-1 as arn:aws:iam::123456789012:role/none: ", result.errors, nil, true)
    assert.equal(1, select(2, result.output:gsub("\n", "")))
  end)

  it("logs in to the hosts that are named, as they are named", function()
    local result = run{ "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:v1",
      "111122223333.dkr-ecr.us-east-1.on.aws", "public.ecr.aws" }
    assert.same({ 0, "" }, { result.code, result.errors })
    assert.same({ ["111122223333.dkr.ecr.eu-west-1.amazonaws.com"] = AUTH, ["public.ecr.aws"] = AUTH,
      ["111122223333.dkr-ecr.us-east-1.on.aws"] = AUTH }, auths())
  end)

  it("logs in to ECR Public alone, and with a region's registry", function()
    run{ "--public" }
    assert.same({ ["public.ecr.aws"] = AUTH }, auths())
    run{ "--public", "--region", "us-east-1" }
    assert.same({ ["public.ecr.aws"] = AUTH, [HOST] = AUTH }, auths())
  end)

  it("gives each form of a host that is asked for its own key", function()
    run{ "--form", "dualstack", "--form", "plain", "--form", "plain" }
    assert.same({ [HOST] = AUTH, ["123456789012.dkr-ecr.us-east-1.on.aws"] = AUTH }, auths())
    run{ "--config", place.path .. "/public", "--public", "--form", "dualstack" }
    assert.same({ ["public.ecr.aws"] = AUTH, ["ecr-public.aws.com"] = AUTH }, auths("public"))
  end)

  it("logs in to another account's registry", function()
    assert.equal(0, run{ "--registry-id", "111122223333" }.code)
    assert.same({ ["111122223333.dkr.ecr.us-east-1.amazonaws.com"] = AUTH }, auths())
  end)

  it("asks once for what is named twice, and says it once", function()
    local result = run{ HOST, HOST .. "/app", "--region", "us-east-1" }
    assert.equal(0, result.code)
    assert.equal(1, select(2, result.output:gsub("\n", "")))
    assert.equal(1, #server:requests())
  end)

  it("refuses the second of two identities for one host", function()
    local result = run{ "--registry-id", "111122223333", "--role-arn", ROLE, "--role-arn", OTHER_ROLE }
    assert.equal(3, result.code)
    assert.same({ ["111122223333.dkr.ecr.us-east-1.amazonaws.com"] = AUTH }, auths())
    assert.matches("as " .. OTHER_ROLE .. ": another identity", result.errors, nil, true)
  end)

  it("refuses tokens that live no longer than is asked for", function()
    assert.equal(0, run{ "--min-life", "11h" }.code)
    server:stop()
    server = cloud.serve((SPECIAL:gsub("43200", "1800")))
    assert.equal(3, run{}.code)
    assert.equal(0, run{ "--min-life", "15m" }.code)
  end)

  it("exits with 3 without credentials, and leaves no file", function()
    local result = run({}, { AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false })
    assert.same({ 3, "" }, { result.code, result.output })
    assert.matches("^docker_login%.lua: the registry in us%-east%-1: [^\n]*no AWS credentials[^\n]*\n$", result.errors)
    assert.is_nil(place:read(".docker/config.json"))
  end)

  it("exits with 3 without a region", function()
    local result = run({}, { AWS_REGION = "" })
    assert.equal(3, result.code)
    assert.equal("docker_login.lua: no region: give --region, or set AWS_REGION\n", result.errors)
  end)

  -- --- the command line ----------------------------------------------------------------------------

  for _, words in ipairs{ { "docker.io" }, { "http://" .. HOST }, { "--region", "nowhere!" }, { "--form", "odd" },
    { "--registry-id", "1234" }, { "--min-life", "12h" }, { "--docker", "--config", "x" }, { "--docker", "--helper" },
    { "--helper", "--logout" }, { "--docker-command", "podman" }, { "--for", "rkt" }, { "--no-such-option" },
    { HOST, "--role-arn", ROLE, "--role-arn", OTHER_ROLE }, { "--role-arn", "bad", "--role-arn", ROLE },
    { "--role-arn", ROLE .. "\n\27[31mlogged in" }, { "--docker", "--docker-command", "" }, { "--timeout", "0" },
    { "--docker", "--docker-timeout", "0" }, { "--region", "us-east-1\27[31m" } } do
    it(("exits with 64 and one line for %s"):format(table.concat(words, " ")), function()
      local result = run(words)
      assert.same({ 64, "" }, { result.code, result.output })
      assert.matches("^docker_login%.lua: [^\n]+ docker_login%.lua %-%-help\n$", result.errors)
      assert.same({}, server:requests())
    end)
  end

  it("has a help with options, examples, exit codes and permissions, whose lines fit a terminal", function()
    local result = run{ "--help" }
    assert.equal(0, result.code)
    for _, part in ipairs{ "--region", "--role-arn", "--registry-id", "--public", "--form", "--config", "--for",
      "--docker", "--helper",
      "--logout", "--min-life", "--no-cache", "--json", "--quiet", "Examples:", "Exit codes: 0 ", " 3 ",
      "64 usage", "ecr:GetAuthorizationToken", "sts:GetServiceBearerToken" } do
      assert.matches(part, result.output, nil, true)
    end
    for line in result.output:gmatch("[^\n]+") do assert.is_true(#line <= 100, line) end
  end)

  it("tells the rows as JSON", function()
    local result = run{ "--json", "--region", "us-east-1", "--region", "ap-south-1" }
    assert.equal(3, result.code)
    local rows = cjson.decode(result.output)
    assert.same({ HOST, "us-east-1", true }, { rows[1].registry, rows[1].region, rows[1].ok })
    assert.matches("^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", rows[1].expires_at)
    assert.is_nil(rows[1].error)
    assert.same({ region = "ap-south-1", ok = false, error = { kind = "denied", code = "AccessDeniedException",
      message = "not authorized to do that" } }, rows[2])
  end)

  -- --- the file ------------------------------------------------------------------------------------

  local FILE = ('{\n    "HttpHeaders": {"X-Meta": "1"},\r\n    "auths": {\n        "https://index.docker.io/v1/": '
    .. '{"auth": "b2xkOm9sZA=="},\n        "%s": {"email" : "x", "auth": "OLD"}\n    },\n\n    "odd":[ 1,2 ]\n}\n')
    :format(HOST)

  it("changes the entry in docker's file and not a byte besides", function()
    place:write(".docker/config.json", (FILE:gsub("OLD", "b2xkOm9sZA==")))
    assert.equal(0, run{}.code)
    assert.equal((FILE:gsub("OLD", AUTH)), place:read(".docker/config.json"))
    assert.equal("600", (cached.mode(place.path .. "/.docker/config.json")))
    assert.same({ "config.json" }, cached.names(place.path .. "/.docker"))
  end)

  it("takes what it has put there out again", function()
    local before = '{\n\t"auths": {\n\t\t"a.example": {\n\t\t\t"auth": "b2xkOm9sZA=="\n\t\t}\n\t}\n}'
    place:write(".docker/config.json", before)
    run{}
    assert.are_not.equal(before, place:read(".docker/config.json"))
    local result = run{ "--logout" }
    assert.same({ 0, "logged out of " .. HOST .. "\n" }, { result.code, result.output })
    assert.equal(before, place:read(".docker/config.json"))
  end)

  it("takes out what older programs have written, and says when there was nothing", function()
    place:write(".docker/config.json", ('{"auths":{"https://%s":{"auth":"eDp5"},"a.example":{}}}'):format(HOST))
    assert.equal("logged out of " .. HOST .. "\n", run{ "--logout", HOST }.output)
    assert.equal('{"auths":{"a.example":{}}}', place:read(".docker/config.json"))
    local result = run{ "--logout", HOST }
    assert.same({ 0, "was not logged in to " .. HOST .. "\n" }, { result.code, result.output })
  end)

  it("takes our helper out with --logout, and has nothing to do where it is asked", function()
    run{ HOST, "--helper" }
    local before = place:read(".docker/config.json")
    local result = run{ HOST }
    assert.same({ 0, "docker-credential-ecrlua is asked for " .. HOST .. "\n" }, { result.code, result.output })
    assert.equal(before, place:read(".docker/config.json"))
    assert.equal("logged out of " .. HOST .. "\n", run{ "--logout", HOST }.output)
    assert.same({ credHelpers = {} }, cjson.decode(place:read(".docker/config.json")))
    assert.equal(0, run{ HOST }.code)
    assert.equal(AUTH, auths()[HOST])
  end)

  it("has docker ask the helper, without a token for a host that is named", function()
    local result = run{ HOST, "--helper" }
    assert.same({ 0, "docker-credential-ecrlua is asked for " .. HOST .. "\n" }, { result.code, result.output })
    assert.same({ credHelpers = { [HOST] = "ecrlua" } }, cjson.decode(place:read(".docker/config.json")))
    assert.same({}, server:requests())
  end)

  for name, text in pairs{ credsStore = '{"credsStore": "desktop"}',
    credHelpers = ('{"credHelpers": {"%s": "desktop"}}'):format(HOST) } do
    it("is no login where docker asks a helper: " .. name, function()
      place:write(".docker/config.json", text)
      local result = run{ HOST, "public.ecr.aws" }
      assert.equal(3, result.code)
      assert.matches(HOST .. ": " .. place.path .. "/.docker/config.json says that docker-credential-desktop is asked",
        result.errors, nil, true)
      assert.matches("use --docker", result.errors, nil, true)
      assert.is_nil(auths()[HOST])
      assert.equal(name == "credHelpers" and AUTH or nil, auths()["public.ecr.aws"])
    end)
  end

  it("writes to the file that the tool reads", function()
    run({}, { DOCKER_CONFIG = place.path .. "/d" })
    assert.same({ [HOST] = AUTH }, auths("d/config.json"))
    run({ "--for", "podman" }, { XDG_RUNTIME_DIR = place.path .. "/run" })
    assert.same({ [HOST] = AUTH }, auths("run/containers/auth.json"))
    run({ "--for", "skopeo" }, { XDG_RUNTIME_DIR = place.path .. "/run", REGISTRY_AUTH_FILE = place.path .. "/auth" })
    assert.same({ [HOST] = AUTH }, auths("auth"))
    run({ "--config", place.path .. "/own" }, { DOCKER_CONFIG = "/nowhere" })
    assert.same({ [HOST] = AUTH }, auths("own"))
    assert.is_nil(place:read(".docker/config.json"))
  end)

  it("exits with 3 for a file that is none of docker's, which stays", function()
    place:write(".docker/config.json", "{canary")
    local result = run{}
    assert.equal(3, result.code)
    assert.matches(HOST .. ": " .. place.path .. "/.docker/config.json: ", result.errors, nil, true)
    assert.equal("{canary", place:read(".docker/config.json"))
  end)

  it("exits with 3 where it must not write, and changes nothing", function()
    place:write(".docker/config.json", "{}")
    process.run("chmod 500 " .. place.path .. "/.docker")
    local result = cached.unprivileged(function() return run{} end)
    process.run("chmod 700 " .. place.path .. "/.docker")
    assert.equal(3, result.code)
    assert.matches("config.json cannot be written: Permission denied", result.errors, nil, true)
    assert.equal("", result.output)
    assert.equal("{}", place:read(".docker/config.json"))
  end)

  -- --- docker itself -------------------------------------------------------------------------------

  it("has docker log in with the password on its standard input and nowhere else", function()
    local result = run({ "--docker", HOST, "public.ecr.aws" }, fake("docker", RECORD))
    assert.same({ 0, "" }, { result.code, result.errors })
    local docker = place.path .. "/bin/docker\nlogin\n--username\nAWS\n--password-stdin\n"
    assert.equal(docker .. HOST .. "\n" .. docker .. "public.ecr.aws\n", place:read("argv"))
    assert.equal(PASSWORD .. "\n" .. PASSWORD .. "\n", place:read("stdin"))
    assert.not_matches(PASSWORD, place:read("env"), nil, true)
    assert.not_matches("QVdTOm", place:read("env"), nil, true)
    assert.is_nil(place:read(".docker/config.json"))
  end)

  it("runs the program that is named", function()
    fake("other", RECORD)
    assert.equal(0, run{ "--docker", "--docker-command", place.path .. "/bin/other" }.code)
    assert.matches("^" .. place.path .. "/bin/other\nlogin\n", place:read("argv"))
  end)

  it("need not be read by docker", function()
    assert.equal(0, run({ "--docker" }, fake("docker", "exec <&-; exit 0")).code)
  end)

  for sentence, case in pairs{
    ["says why docker failed, and none of what it was given"] = {
      'read -r all; echo "Error: unauthorized: $all" >&2; exit 1',
      "docker login: exited with 1: Error: unauthorized: ******" },
    ["shows nothing of the login that docker made of it"] = {
      'read -r all; printf "AWS:%s" "$all" | base64 >&2; exit 1', "docker login: exited with 1: ******" },
    ["gives up on a docker that does not end"] = { "exec sleep 1000", "docker login: did not end within 0.3 seconds" },
    ["says that docker was killed"] = { "kill -9 $$", "docker login: was ended by signal 9" },
  } do
    it(sentence, function()
      local result = run({ "--docker", "--docker-timeout", "0.3" }, fake("docker", case[1]))
      assert.same({ 3, "" }, { result.code, result.output })
      assert.matches("docker_login.lua: " .. HOST .. ": " .. case[2], result.errors, nil, true)
    end)
  end

  it("gives up on AWS when its time is over, place by place", function()
    server:stop()
    local silence = "if request.headers.authorization:find('eu%-west%-1') then connection:sleep(20) return false end "
    server = cloud.serve(silence .. SPECIAL)
    local result = run{ "--timeout", "0.5", "--region", "eu-west-1", "--region", "us-east-1" }
    assert.equal(3, result.code)
    assert.matches("the registry in eu%-west%-1: there was no answer within 0%.5 s", result.errors)
    assert.matches("logged in to " .. HOST, result.output, nil, true)
  end)

  it("says that there is no docker", function()
    local result = run{ "--docker", "--docker-command", "no-such-docker" }
    assert.equal(3, result.code)
    assert.matches("no-such-docker login: cannot start no-such-docker: No such file or directory", result.errors, nil,
      true)
  end)

  it("goes on with the next registry when docker failed at one", function()
    local result = run({ "--docker", HOST, "public.ecr.aws" },
      fake("docker", 'case "$*" in *public*) exit 0;; esac; exit 9'))
    assert.equal(3, result.code)
    assert.matches("^logged in to public%.ecr%.aws [^\n]*\n$", result.output)
    assert.matches("exited with 9", result.errors, nil, true)
  end)

  -- --- where output goes, and the simulator --------------------------------------------------------

  local function command(redirection)
    local parts = { "env" }
    for name, value in pairs(environment()) do
      if value then parts[#parts + 1] = process.quote(name .. "=" .. value) end
    end
    return table.concat(parts, " ") .. (" HOME=%s AWS_REGION=us-east-1 %s docker_login.lua %s"):format(place.path,
      process.ECRLUA, redirection)
  end

  it("does not call it a success when what it says is lost", function()
    for _, words in ipairs{ "", "--json", "--help" } do
      local result = process.run(command(words .. " >/dev/full"))
      assert.equal(3, result.code)
      assert.matches("standard output.*No space left", result.errors)
    end
    local result = process.run("bash -c " .. process.quote("exec 5> >(exit 0); wait $!; " .. command(">&5")))
    assert.equal(3, result.code)
    assert.matches("^[^\n]*standard output[^\n]*Broken pipe[^\n]*\n$", result.errors)
  end)

  it("logs in to a simulator's registries, in every form, in a file that is named", function()
    local result = run({ "--config", place.path .. "/auth", "--region", "eu-west-1", "--form", "plain", "--form",
      "fips", "--form", "dualstack", "--form", "fips_dualstack" }, nil, { "--sim", DEMO })
    assert.same({ 0, "" }, { result.code, result.errors })
    local hosts = {}
    for host in pairs(auths("auth")) do hosts[#hosts + 1] = host end
    table.sort(hosts)
    assert.same({ "123456789012.dkr-ecr-fips.eu-west-1.on.aws", "123456789012.dkr-ecr.eu-west-1.on.aws",
      "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com" }, hosts)
  end)

  it("says which form ECR Public has not", function()
    local result = run({ "--config", place.path .. "/auth", "--public", "--form", "fips" }, nil, { "--sim", DEMO })
    assert.equal(3, result.code)
    assert.matches("public.ecr.aws: ECR Public has no FIPS hosts", result.errors, nil, true)
  end)

  it("keeps a simulator's logins out of the file that is docker's", function()
    assert.equal(64, run({}, nil, { "--sim", DEMO }).code)
    assert.equal(64, run({ "--docker" }, nil, { "--sim", DEMO }).code)
    assert.is_nil(place:read(".docker/config.json"))
    assert.equal(0, run({}, { DOCKER_CONFIG = place.path }, { "--sim", DEMO }).code)
  end)
end)
