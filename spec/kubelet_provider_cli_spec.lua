-- SPDX-License-Identifier: MIT
-- `ecrlua kubelet_provider.lua` as a kubelet has it: a request on a pipe, an answer on another, both by the
-- published types of credentialprovider.kubelet.k8s.io; key and cache as AWS's own provider has them.
local cjson = require "cjson"
local cloud = require "spec.support.cloud"
local files = require "spec.support.files"
local home = require "spec.support.home"
local process = require "spec.support.process"
local sts = require "spec.support.sts"
local tokens = require "spec.support.tokens"

local HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
local WEST = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
local V1 = "credentialprovider.kubelet.k8s.io/v1"
local ROLE, ROLE_KEY = "arn:aws:iam::123456789012:role/puller", "eks.amazonaws.com/ecr-role-arn"
local ACCOUNT_TOKEN = "canaryHeader.canaryPayloadOfTheServiceAccount.canarySignature"

local place, server

--- Runs it as a shell does that is told so: the first %s is its command line.
local function shell(text, environment, words)
  local settings = { "env -i", "HOME=" .. place.path, "AWS_EC2_METADATA_DISABLED=true", "PATH=/usr/bin:/bin" }
  for name, value in pairs(tokens.environment(server, environment)) do
    if value then settings[#settings + 1] = process.quote(name .. "=" .. value) end
  end
  settings[#settings + 1] = process.ECRLUA .. " --retries 0 " .. (words or "kubelet_provider.lua")
  return process.run("bash " .. place:write("run.sh", text:format(table.concat(settings, " "))))
end

--- Hands it this request (text, or members besides the usual ones).
local function run(request, environment, words)
  if type(request) == "table" then
    local members = { apiVersion = V1, kind = "CredentialProviderRequest", image = HOST .. "/app:v1" }
    for name, value in pairs(request) do members[name] = value or nil end
    request = cjson.encode(members)
  end
  return shell("cat " .. place:write("request", request) .. " 2>/dev/null | %s", environment, words)
end

--- The answer, which was all that was written.
local function answer(...)
  local result = run(...)
  assert.same({ 0, "" }, { result.code, result.errors })
  return cjson.decode(result.output)
end

--- Asserts that there was no answer, and that the reason is one line without a secret.
local function assert_refused(result, ...)
  assert.same({ 3, "" }, { result.code, result.output })
  assert.matches("^kubelet_provider%.lua: [^\n]+\n$", result.errors)
  assert.not_matches("canary", result.errors)
  for _, text in ipairs{ ... } do assert.matches(text, result.errors, nil, true) end
end

local function seconds_of(text)
  local hours, minutes, seconds = text:match("^(%d+)h(%d+)m(%d+)s$")
  assert.is_truthy(hours, text)
  assert.is_true(tonumber(minutes) < 60 and tonumber(seconds) < 60, text)
  return hours * 3600 + minutes * 60 + seconds
end

describe("kubelet_provider.lua", function()
  before_each(function() place, server = home.new(), tokens.serve() end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  local function serve(special)
    server:stop()
    server = tokens.serve(special)
  end

  -- --- the answer ----------------------------------------------------------------------------------

  it("gives the registry's credentials, and nothing else", function()
    local got = answer{}
    assert.is_string(got.cacheDuration)
    got.cacheDuration = nil
    assert.same({ apiVersion = V1, kind = "CredentialProviderResponse", cacheKeyType = "Registry", auth = { [HOST] = {
      username = "AWS", password = tokens.password "us-east-1" } } }, got)
  end)

  it("is one line", function()
    assert.matches("^[^\n]+\n$", run{}.output)
  end)

  for _, version in ipairs{ "v1", "v1beta1", "v1alpha1" } do
    it("answers in the version that was asked for: " .. version, function()
      assert.equal("credentialprovider.kubelet.k8s.io/" .. version,
        answer{ apiVersion = "credentialprovider.kubelet.k8s.io/" .. version }.apiVersion)
    end)
  end

  it("asks the registry's region, wherever the node is", function()
    assert.same({ [WEST] = { username = "AWS", password = tokens.password "eu-west-1" } },
      answer({ image = WEST .. "/app:v1" }, { AWS_REGION = "us-east-1" }).auth)
  end)

  for what, image in pairs{ ["a tag"] = HOST .. "/a/b:v1", ["a digest"] = HOST .. "/a@sha256:" .. ("0"):rep(64),
    ["nothing"] = HOST .. "/a", ["a host alone"] = HOST, ["a name that no repository has"] = HOST .. "/A//:" } do
    it("knows the registry of an image with " .. what, function()
      assert.is_table(answer{ image = image }.auth[HOST])
    end)
  end

  -- A kubelet compares the key with the image's text: letter for letter, port for port.
  for _, host in ipairs{ HOST .. ":443", (HOST:gsub("amazonaws", "AmazonAWS")),
    "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "123456789012.dkr-ecr.us-east-1.on.aws" } do
    it("has the host as the image has it: " .. host, function()
      local auth = answer{ image = host .. "/app:v1" }.auth
      assert.same({ [host] = { username = "AWS", password = tokens.password "us-east-1" } }, auth)
    end)
  end

  for life, least in pairs{ [43200] = 21590, [3601] = 1790, [21] = 1 } do
    it(("is kept for half of the token's life of %d s"):format(life), function()
      serve("life = " .. life)
      local seconds = seconds_of(answer{}.cacheDuration)
      assert.is_true(seconds >= least and seconds <= life // 2, tostring(seconds))
    end)
  end

  -- --- who gets none -------------------------------------------------------------------------------

  for _, image in ipairs{ "docker.io/library/app:v1", "app:v1", "app", "localhost:5000/app", HOST .. ".evil.com/app",
    HOST .. ":8443/app", "evil.com/" .. HOST .. "/app", "https://" .. HOST .. "/app", HOST .. "@evil.com/app",
    "12345678901.dkr.ecr.us-east-1.amazonaws.com/app", "*.dkr.ecr.us-east-1.amazonaws.com/app", "/app", "a\0b/c",
    "\u{e4}/app" } do
    it(("gives no credentials for %q, and asks nobody"):format(image), function()
      assert.same({ apiVersion = V1, kind = "CredentialProviderResponse", cacheKeyType = "Registry", auth = {} },
        answer{ image = image })
      assert.same({}, server:requests())
    end)
  end

  -- --- ECR Public ----------------------------------------------------------------------------------

  for _, host in ipairs{ "public.ecr.aws", "ecr-public.aws.com" } do
    it("gives ECR Public's credentials for " .. host, function()
      local got = answer{ image = host .. "/nginx/nginx:1" }
      assert.same({ [host] = { username = "AWS", password = tokens.password "public" } }, got.auth)
      assert.is_true(seconds_of(got.cacheDuration) > 21000)
    end)
  end

  --- Asserts that a public image is pulled without credentials, and that the reason is told.
  local function assert_anonymous(result, reason)
    assert.equal(0, result.code)
    assert.same({ apiVersion = V1, kind = "CredentialProviderResponse", cacheKeyType = "Registry",
      cacheDuration = "0h5m0s", auth = {} }, cjson.decode(result.output))
    assert.matches("^kubelet_provider%.lua: public%.ecr%.aws without credentials: [^\n]*" .. reason .. "[^\n]*\n$",
      result.errors)
    assert.not_matches("canary", result.output .. result.errors)
  end

  it("lets a public image be pulled without when the node may not ask", function()
    serve("if public then return denied() end")
    assert_anonymous(run{ image = "public.ecr.aws/a/b" }, "AccessDenied")
  end)

  it("lets a public image be pulled without when the node has no credentials", function()
    assert_anonymous(run({ image = "public.ecr.aws/a/b" }, { AWS_ACCESS_KEY_ID = false,
      AWS_SECRET_ACCESS_KEY = false }), "no AWS credentials")
  end)

  it("lets a public image be pulled without when nobody answers", function()
    assert_anonymous(run({ image = "public.ecr.aws/a/b" }, { AWS_ENDPOINT_URL_ECR_PUBLIC = "http://127.0.0.1:9" }),
      "network")
  end)

  -- --- the request ---------------------------------------------------------------------------------

  for what, row in pairs{
    ["nothing"] = { "", "not valid JSON" },
    ["no JSON"] = { "canary", "not valid JSON" },
    ["half of it"] = { '{"kind":"CredentialProviderRequest","image":"canary', "not valid JSON" },
    ["two documents"] = { "{} {}", "not valid JSON" },
    ["a list"] = { "[]", "expected an object" },
    ["null"] = { "null", "expected an object" },
    ["deep nesting"] = { ('{"x":'):rep(10000), "deep" },
    ["2 MB"] = { '{"image":"' .. ("a"):rep(2000000) .. '"}', "larger than 524288 bytes" },
    ["a member twice"] = { '{"image":"canary","image":"b"}', "twice" },
    ["another kind"] = { { kind = "CredentialProviderResponse" }, "no CredentialProviderRequest" },
    ["no kind"] = { { kind = false }, "no CredentialProviderRequest" },
    ["another version"] = { { apiVersion = "credentialprovider.kubelet.k8s.io/v2" }, "/v2" },
    ["another group's version"] = { { apiVersion = "v1" }, '"v1"' },
    ["no version"] = { { apiVersion = false }, "apiVersion" },
    ["no image"] = { { image = false }, "names no image" },
    ["an empty image"] = { { image = "" }, "names no image" },
    ["an image that is no text"] = { { image = { "canary" } }, "image: expected a string" },
    ["a token that is no text"] = { { serviceAccountToken = { "canary" } }, "expected a string" },
    ["annotations that are no texts"] = { { serviceAccountAnnotations = { a = 5 } }, "expected a string" },
  } do
    it("answers nothing and asks nobody when the request is " .. what, function()
      assert_refused(run(row[1]), row[2])
      assert.same({}, server:requests())
    end)
  end

  it("leaves aside what it does not know of a request", function()
    assert.is_table(answer{ podName = "x", extra = { deep = { "er" } } }.auth[HOST])
  end)

  it("does not wait for a request for ever", function()
    local talk = "coproc T { %s; }; pid=$T_PID; exec 3<&${T[0]} 4>&${T[1]}; cat <&3; wait $pid"
    assert_refused(shell(talk, nil, "kubelet_provider.lua --timeout 0.2"), "in time")
  end)

  it("answers nothing without standard input", function()
    assert_refused(shell("%s <&-"), "the request on standard input")
  end)

  -- --- ECR, but no answer --------------------------------------------------------------------------

  it("says why the service gives no token", function()
    serve("return denied()")
    assert_refused(run{}, "AccessDeniedException")
  end)

  it("says that there are no credentials", function()
    assert_refused(run({}, { AWS_ACCESS_KEY_ID = false, AWS_SECRET_ACCESS_KEY = false }), "no AWS credentials")
  end)

  it("says that nobody answers", function()
    assert_refused(run({}, { AWS_ENDPOINT_URL_ECR = "http://127.0.0.1:9" }), "network")
  end)

  it("gives up when its time is over", function()
    serve("connection:sleep(60)")
    local start = os.time()
    assert_refused(run({}, nil, "kubelet_provider.lua --timeout 0.3"), "no answer within 0.3 s")
    assert.is_true(os.time() - start < 20)
  end)

  it("refuses a token that is dead already", function()
    serve("life = -20")
    assert_refused(run{}, "expired")
  end)

  -- --- service accounts ----------------------------------------------------------------------------

  --- The request with a service account's token and annotations.
  local function with_account(annotations, more)
    local request = { serviceAccountToken = ACCOUNT_TOKEN, serviceAccountAnnotations = annotations }
    for name, value in pairs(more or {}) do request[name] = value end
    return request
  end

  --- What STS was asked for, and who asked ECR.
  local function asked(request, environment)
    assert.equal(tokens.password "us-east-1", answer(request, environment).auth[HOST].password)
    local form, signer
    for _, entry in ipairs(server:requests()) do
      if entry.body:find("AssumeRole", 1, true) then form = sts.form(entry) else signer = sts.signer(entry) end
    end
    return form, signer
  end

  it("takes the role of the service account for its token", function()
    local form, signer = asked(with_account{ [ROLE_KEY] = ROLE })
    assert.same({ Action = "AssumeRoleWithWebIdentity", Version = "2011-06-15", RoleArn = ROLE,
      RoleSessionName = "ecr-credential-provider", WebIdentityToken = ACCOUNT_TOKEN }, form)
    assert.equal(cloud.ID.web, signer)
  end)

  for what, row in pairs{
    ["the annotation for images before the one for pods"] = { { [ROLE_KEY] = ROLE,
      ["eks.amazonaws.com/role-arn"] = ROLE .. "-of-the-pod" } },
    ["the annotation for pods"] = { { ["eks.amazonaws.com/role-arn"] = ROLE } },
    ["the annotation before the variable"] = { { [ROLE_KEY] = ROLE }, { AWS_ECR_ROLE_ARN = ROLE .. "-of-the-node" } },
    ["the variable"] = { {}, { AWS_ECR_ROLE_ARN = ROLE } },
    ["the variable when the annotation is empty"] = { { [ROLE_KEY] = "" }, { AWS_ECR_ROLE_ARN = ROLE } },
  } do
    it("takes the role of " .. what, function()
      assert.equal(ROLE, asked(with_account(row[1]), row[2]).RoleArn)
    end)
  end

  for what, request in pairs{ ["without a role"] = with_account{}, ["with an empty role"] = with_account{
    [ROLE_KEY] = "" }, ["without a token"] = { serviceAccountAnnotations = { [ROLE_KEY] = ROLE } },
    ["with an empty token"] = { serviceAccountToken = "", serviceAccountAnnotations = { [ROLE_KEY] = ROLE } } } do
    it("asks as the node " .. what, function()
      local form, signer = asked(request)
      assert.is_nil(form)
      assert.equal(cloud.ID.environment, signer)
    end)
  end

  it("never asks as the node when the role is refused", function()
    server:stop()
    server = cloud.serve([[if request.body:find("AssumeRole", 1, true) then return {status = 403, body =
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>" .. request.body .. "</Message></Error></ErrorResponse>",
      headers = {["content-type"] = "text/xml"}} end]])
    assert_refused(run(with_account{ [ROLE_KEY] = ROLE }), "AccessDenied")
    assert.equal(1, #server:requests())
  end)

  for host, service in pairs{ [WEST] = "sts.eu-west-1.amazonaws.com",
    ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"] = "sts.cn-north-1.amazonaws.com.cn" } do
    it("asks the Security Token Service of the registry's region for the role: " .. service, function()
      run(with_account({ [ROLE_KEY] = ROLE }, { image = host .. "/app" }), { AWS_ENDPOINT_URL_STS = false,
        AWS_REGION = "us-east-1", HTTPS_PROXY = server.url })
      local asked_for = server:requests()[1]
      assert.same({ "CONNECT", service .. ":443" }, { asked_for.method, asked_for.path })
    end)
  end

  -- Two accounts may name one role that trusts only one of them.
  it("keeps nothing of a service account's on disk, whatever is said of the node's tokens", function()
    local environment = { ECRLUA_TOKEN_CACHE = place.path .. "/tokens" }
    asked(with_account{ [ROLE_KEY] = ROLE }, environment)
    asked(with_account{ [ROLE_KEY] = ROLE }, environment)
    assert.equal(4, #server:requests())
    assert.same({}, files.find(place.path .. " -name '*.token'"))
  end)

  it("keeps the node's tokens on disk only where the environment says so", function()
    answer({}, { ECRLUA_TOKEN_CACHE = place.path .. "/tokens" })
    answer({}, { ECRLUA_TOKEN_CACHE = place.path .. "/tokens" })
    assert.equal(1, #server:requests())
    answer{}
    assert.equal(2, #server:requests())
  end)

  it("says that a role can be none", function()
    assert_refused(run(with_account{ [ROLE_KEY] = "puller" }), "role_arn")
    assert.same({}, server:requests())
  end)

  -- --- where things go -----------------------------------------------------------------------------

  it("shows no secret in its log", function()
    local result = run(with_account{ [ROLE_KEY] = ROLE }, nil, "--log debug kubelet_provider.lua")
    assert.equal(0, result.code)
    assert.not_matches("canary", result.errors)
  end)

  it("writes no file", function()
    answer(with_account{ [ROLE_KEY] = ROLE })
    assert.same({ place.path .. "/request", place.path .. "/run.sh" }, files.find(place.path .. " -type f"))
  end)

  it("does not call it a success when its output is lost", function()
    local request = place:write("request", cjson.encode{ apiVersion = V1, kind = "CredentialProviderRequest",
      image = HOST .. "/a" })
    assert_refused(shell("%s >/dev/full < " .. request), "standard output", "No space left")
    assert_refused(shell("exec 5> >(exit 0); wait $!; %s >&5 < " .. request), "standard output", "Broken pipe")
  end)

  -- --- the command line ----------------------------------------------------------------------------

  for _, words in ipairs{ "--timeout 51s", "--timeout soon", "--timeout", "--no-such", "surplus" } do
    it("exits with 64 and one line for " .. words, function()
      local result = run({}, nil, "kubelet_provider.lua " .. words)
      assert.same({ 64, "" }, { result.code, result.output })
      assert.matches("^kubelet_provider%.lua: [^\n]+ kubelet_provider%.lua %-%-help\n$", result.errors)
    end)
  end

  describe("'s help", function()
    local help
    before_each(function() help = place:ecrlua{ "kubelet_provider.lua", "--help" }.output end)

    it("has options, exit codes and actions, and fits a terminal", function()
      for _, part in ipairs{ "--timeout", "Exit codes: 0 ", "64 usage", "ecr:GetAuthorizationToken",
        "ecr:BatchGetImage", ROLE_KEY, "AWS_ECR_ROLE_ARN" } do
        assert.matches(part, help, nil, true)
      end
      for line in help:gmatch("[^\n]+") do assert.is_true(#line <= 100, line) end
    end)

    it("has a configuration that a kubelet takes", function()
      if process.run("python3 -c 'import yaml'").code ~= 0 then return pending("there is no PyYAML here") end
      local text = help:match("\n(  apiVersion: kubelet%.config%.k8s%.io.-)\n\n")
      local path = place:write("config.yaml", text)
      local made = cjson.decode(process.run("python3 -c 'import json, sys, yaml; "
        .. "json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' " .. path).output)
      local images = made.providers[1].matchImages
      table.sort(images)
      made.providers[1].matchImages = nil
      assert.same({ apiVersion = "kubelet.config.k8s.io/v1", kind = "CredentialProviderConfig", providers = { {
        name = "ecrlua", args = { "kubelet_provider.lua" }, apiVersion = V1, defaultCacheDuration = "12h" } } }, made)
      local all = { "*.dkr.ecr.*.amazonaws.com", "*.dkr-ecr.*.on.aws", "*.dkr.ecr.*.amazonaws.com.cn",
        "*.dkr-ecr.*.on.amazonwebservices.com.cn", "*.dkr.ecr-fips.*.amazonaws.com", "*.dkr-ecr-fips.*.on.aws",
        "*.dkr.ecr.*.c2s.ic.gov", "*.dkr.ecr.*.sc2s.sgov.gov", "*.dkr.ecr.*.cloud.adc-e.uk",
        "*.dkr.ecr.*.csp.hci.ic.gov", "*.dkr.ecr.*.amazonaws.eu", "public.ecr.aws", "ecr-public.aws.com" }
      table.sort(all)
      assert.same(all, images)
    end)
  end)
end)
