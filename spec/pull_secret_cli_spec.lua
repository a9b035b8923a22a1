-- SPDX-License-Identifier: MIT
-- `ecrlua pull_secret.lua` as a user has it: the document that kubectl gets, how it ends, who can read what.
local dockerconfig = require "spec.support.dockerconfig"
local home = require "spec.support.home"
local process = require "spec.support.process"
local tokens = require "spec.support.tokens"

local HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
local WEST = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"

local place, server

--- Runs it against a server that is made for it unless there is one.
local function run(words, environment, options)
  server = server or tokens.serve()
  local line = { "--retries", "0" }
  table.move(options or {}, 1, #(options or {}), #line + 1, line)
  table.move({ "pull_secret.lua", table.unpack(words) }, 1, 1 + #words, #line + 1, line)
  return place:ecrlua(line, tokens.environment(server, environment))
end

--- The registries of the secret that a run wrote, as docker reads them.
local function auths(result, format)
  assert.same({ 0, "" }, { result.code, result.errors })
  return dockerconfig.read(result.output, format or "json").data[".dockerconfigjson"].auths
end

local function entry(region)
  return { username = "AWS", password = tokens.password(region), auth = tokens.auth(region) }
end

local function json(...)
  return { "--name", "ecr", "--format", "json", ... }
end

--- Asserts that nothing was written, and that the reason is one line without a secret.
local function assert_refused(code, result, ...)
  assert.same({ code, "" }, { result.code, result.output })
  assert.matches("^pull_secret%.lua: [^\n]+\n$", result.errors)
  assert.not_matches("canary", result.errors)
  for _, text in ipairs{ ... } do assert.matches(text, result.errors, nil, true) end
end

describe("pull_secret.lua", function()
  before_each(function() place, server = home.new(), nil end)

  after_each(function()
    if server then server:stop() end
    place:remove()
  end)

  -- --- the document --------------------------------------------------------------------------------

  it("asks nobody about what is no registry of ECR's", function()
    for _, registry in ipairs{ "ghcr.io/a", "docker.io", "localhost:5000", "http://" .. HOST, HOST .. ".evil.com",
      "" } do
      assert_refused(64, run(json(registry), { AWS_ENDPOINT_URL_ECR = "http://127.0.0.1:9" }))
    end
  end)

  it("gives up when its time is over", function()
    server = tokens.serve("connection:sleep(20) do return false end")
    assert_refused(3, run(json("--timeout", "0.3")), "no answer within 0.3 s")
  end)

  it("writes a secret for the account's own registry", function()
    local result = run(json("--namespace", "prod", "--label", "team=red", "--label", "a.example/b="))
    assert.same({ 0, "" }, { result.code, result.errors })
    local document = dockerconfig.read(result.output, "json")
    local expires = document.metadata.annotations["ecrlua/expires-at"]
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", expires)
    document.metadata.annotations = nil
    assert.same({ apiVersion = "v1", kind = "Secret", type = "kubernetes.io/dockerconfigjson",
      metadata = { name = "ecr", namespace = "prod", labels = { team = "red", ["a.example/b"] = "" } },
      data = { [".dockerconfigjson"] = { auths = { [HOST] = entry "us-east-1" } } } }, document)
  end)

  it("says when the token dies", function()
    local before = os.time()
    local result = run(json())
    local text = dockerconfig.read(result.output, "json").metadata.annotations["ecrlua/expires-at"]
    local expires = tonumber(process.run("date -u -d " .. text .. " +%s").output)
    assert.is_true(expires >= before + 43200 and expires <= os.time() + 43200)
  end)

  it("writes YAML unless it is told otherwise", function()
    if not dockerconfig.reads_yaml() then return pending("there is no PyYAML here") end
    assert.same({ [HOST] = entry "us-east-1" }, auths(run{ "--name", "ecr" }, "yaml"))
    assert.same({ [HOST] = entry "us-east-1" }, auths(run{ "--name", "ecr", "--format", "yaml" }, "yaml"))
  end)

  it("asks each registry's own region, and ECR Public's service", function()
    assert.same({ [HOST] = entry "us-east-1", [WEST] = entry "eu-west-1", ["public.ecr.aws"] = entry "public" },
      auths(run(json("https://" .. HOST .. "/app:v1", WEST, "public.ecr.aws"))))
  end)

  it("takes several references with one host for one registry", function()
    assert.same({ [WEST] = entry "eu-west-1" }, auths(run(json(WEST .. "/a:1", WEST .. "/b@sha256:" .. ("0"):rep(64),
      WEST:upper()))))
  end)

  it("needs no region where all registries name theirs", function()
    assert.same({ [WEST] = entry "eu-west-1" }, auths(run(json(WEST), { AWS_REGION = "" })))
  end)

  --- A service whose tokens all end at the same time.
  local function serve_one_end()
    server = tokens.serve("return {body = cjson.encode{authorizationData = {{authorizationToken = AUTH[region], "
      .. "expiresAt = 4070919845, proxyEndpoint = 'https://123456789012.dkr.ecr.us-east-1.amazonaws.com'}}}}")
  end

  it("is the same for the same registries in any order", function()
    serve_one_end()
    assert.equal(run(json(WEST, HOST)).output, run(json(HOST, WEST)).output)
  end)

  -- --- a short life --------------------------------------------------------------------------------

  it("refuses a token that lives less than six hours", function()
    server = tokens.serve("life = 21000")
    assert_refused(3, run(json()), "lives for 2", "21600 are needed")
  end)

  it("takes one that lives a little longer than that", function()
    server = tokens.serve("life = 21700")
    assert.same({ [HOST] = entry "us-east-1" }, auths(run(json())))
  end)

  it("refuses one of ECR Public's likewise", function()
    server = tokens.serve("life = public and 20500 or 43200")
    assert_refused(3, run(json(HOST, "public.ecr.aws")), "ecr-public", "lives for 20", "21600 are needed")
  end)

  it("wants as much life as --min-life says", function()
    server = tokens.serve("life = 3600")
    assert_refused(3, run(json("--min-life", "2h")), "lives for")
    assert.same({ [HOST] = entry "us-east-1" }, auths(run(json("--min-life", "30m"))))
    assert.same({ [HOST] = entry "us-east-1" }, auths(run(json("--min-life", "0"))))
  end)

  -- --- all or nothing ------------------------------------------------------------------------------

  it("writes nothing when one registry of several gives no token", function()
    server = tokens.serve("if region == 'eu-west-1' then return denied() end")
    assert_refused(3, run(json(HOST, WEST)), "AccessDeniedException", "eu-west-1")
  end)

  it("makes out a password for nobody but ECR", function()
    assert_refused(64, run(json(HOST, "registry.example.com")), "registry.example.com", "no ECR registry")
  end)

  it("says that there are no credentials", function()
    assert_refused(3, run(json(), { AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false,
      AWS_EC2_METADATA_DISABLED = "true" }), "no AWS credentials")
  end)

  it("says that there is no region", function()
    assert_refused(3, run(json(), { AWS_REGION = "", AWS_ENDPOINT_URL_ECR = false }), "region")
  end)

  it("says that nobody answers", function()
    local nowhere = "http://127.0.0.1:9"
    assert_refused(3, run(json(), { AWS_ENDPOINT_URL_ECR = nowhere }), "network")
  end)

  it("says which setting cannot be", function()
    assert_refused(3, run(json(), { AWS_USE_FIPS_ENDPOINT = "perhaps" }), "AWS_USE_FIPS_ENDPOINT")
  end)

  -- --- the command line ----------------------------------------------------------------------------

  for what, row in pairs{
    ["no name"] = { {}, "--name" },
    ["a name that is none"] = { { "--name", "Ecr" }, "no name of a Kubernetes object" },
    ["a name of two lines"] = { { "--name", "a\nb" }, "no name of a Kubernetes object" },
    ["a namespace that is none"] = { { "--name", "a", "--namespace", "a.b" }, "no Kubernetes namespace" },
    ["a label without ="] = { { "--name", "a", "--label", "team" }, "no label" },
    ["a label's key that is none"] = { { "--name", "a", "--label", "a/b/c=d" }, "no key of a Kubernetes label" },
    ["a label's value that is none"] = { { "--name", "a", "--label", "a=-" }, "no value of a Kubernetes label" },
    ["another format"] = { { "--name", "a", "--format", "toml" }, "--format" },
    ["a life that is no time"] = { { "--name", "a", "--min-life", "soon" }, "no duration from 0 to 11h" },
    ["a life that no token has"] = { { "--name", "a", "--min-life", "12h" }, "no duration from 0 to 11h" },
    ["an option that there is not"] = { { "--name", "a", "--nam", "b" }, "--nam" },
  } do
    it("asks nobody and exits with 64 for " .. what, function()
      assert_refused(64, run(row[1]), row[2])
      assert.same({}, server:requests())
    end)
  end

  it("has a help with all options, examples, exit codes and actions", function()
    local result = place:ecrlua{ "pull_secret.lua", "--help" }
    assert.equal(0, result.code)
    for _, part in ipairs{ "--name", "--namespace", "--label", "--format", "--min-life", "--output", "Examples:",
      "kubectl apply", "Exit codes: 0 ", "64 usage", "12 hours", "ecrlua/expires-at", "ecr:GetAuthorizationToken",
      "sts:GetServiceBearerToken" } do
      assert.matches(part, result.output, nil, true)
    end
    for line in result.output:gmatch("[^\n]+") do assert.is_true(#line <= 100, line) end
  end)

  it("is listed with its summary", function()
    assert.matches("pull_secret%.lua +Writes a Kubernetes secret for pulling images", place:ecrlua{ "--list" }.output)
  end)

  -- --- where it goes -------------------------------------------------------------------------------

  it("takes --json for --format json, and not both", function()
    serve_one_end()
    assert.equal(run(json()).output, run{ "--name", "ecr", "--json" }.output)
    assert_refused(64, run(json("--json")), "--json")
  end)

  it("says what it wrote and until when that is good, unless told to be quiet", function()
    local path = place.path .. "/secret.json"
    local result = run(json("--output", path))
    assert.same({ 0, "" }, { result.code, result.errors })
    assert.matches("^wrote " .. path .. ", good until %d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ\n$", result.output)
  end)

  it("writes a file that its owner alone may read, and nothing to standard output", function()
    local path = place:write("secret.json", "what was there")
    process.run("chmod 666 " .. path)
    local result = run(json("--quiet", "--output", path))
    assert.same({ 0, "", "" }, { result.code, result.output, result.errors })
    assert.same({ [HOST] = entry "us-east-1" }, dockerconfig.read(place:read("secret.json"), "json").data[
      ".dockerconfigjson"].auths)
    assert.equal("600\n", process.run("stat -c %a " .. path).output)
  end)

  it("leaves a file as it was when it fails", function()
    server = tokens.serve("return denied()")
    local path = place:write("secret.json", "what was there")
    assert_refused(3, run(json("--output", path)), "AccessDenied")
    assert.equal("what was there", place:read("secret.json"))
  end)

  it("says that a file cannot be written", function()
    assert_refused(3, run(json("--output", place.path)), place.path)
  end)

  --- What a shell says that runs it so: the first %s is the command.
  local function shell(text)
    server = tokens.serve()
    local words = { "env -u LUA_PATH -u LUA_CPATH -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE "
      .. "AWS_REGION=us-east-1", "HOME=" .. place.path }
    for name, value in pairs(tokens.environment(server)) do words[#words + 1] = process.quote(name .. "=" .. value) end
    words[#words + 1] = process.ECRLUA .. " pull_secret.lua --name ecr"
    return process.run("bash " .. place:write("run.sh", text:format(table.concat(words, " "))))
  end

  it("does not call it a success when its output is lost", function()
    assert_refused(3, shell("%s >/dev/full"), "standard output", "No space left")
  end)

  it("ends in one line when nobody reads", function()
    assert_refused(3, shell("exec 5> >(exit 0); wait $!; %s >&5"), "standard output", "Broken pipe")
  end)

  it("shows no secret in its log", function()
    local result = run(json(HOST, WEST, "public.ecr.aws"), nil, { "--log", "debug" })
    assert.equal(0, result.code)
    assert.not_matches("canary", result.errors)
    assert.is_nil(result.errors:find(tokens.auth "us-east-1", 1, true))
  end)

  it("has no password as plain text in the document", function()
    assert.not_matches("canary", run(json()).output)
  end)
end)
