-- SPDX-License-Identifier: MIT
-- Credentials that ECS and EKS Pod Identity give over HTTP. Expected values: AWS SDKs and Tools Reference
-- Guide, "Container credential provider"; botocore 1.43, utils.ContainerMetadataFetcher.
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local ID, KEY, SESSION = "ASIACONTAINEREXAMPLE", "canaryContainerKey/7MDENGbPxRfiCYEXAMPLE", "canaryContainerSession=="
local BEARER = "Bearer canaryAuthorization0123456789"

local ANSWER = ([[{"AccessKeyId":"%s","SecretAccessKey":"%s","Token":"%s","Expiration":"2099-01-02T03:04:05Z",
  "AccountId":"123456789012","RoleArn":"arn:aws:iam::123456789012:role/task"}]]):format(ID, KEY, SESSION)

--- A handler whose local `answer` is the right answer and that looks at `request`.
local function handler(body)
  return ("local answer = %q\nreturn function(request, connection)\n%s\nend"):format(ANSWER, body)
end

local RIGHT = handler("return {body = answer}")

local place, servers

local function serve(text, tls)
  servers[#servers + 1] = process.serve(text, tls)
  return servers[#servers]
end

local function full(url, more)
  local environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI = url }
  for name, value in pairs(more or {}) do environment[name] = value end
  return environment
end

local function tapped(server, environment)
  environment.ANSWERED_BY = server.url
  return place:ecrlua({ "spec/support/tapped.lua" }, environment).output
end

--- The error, checked for what every error of this source must be.
local function broken(environment)
  local creds, errors, code = place:credentials(environment)
  assert.is_nil(creds)
  assert.equal(3, code)
  assert.matches("container credentials", errors, nil, true)
  assert.not_matches("canary", errors)
  return errors
end

describe("container credentials", function()
  before_each(function()
    place, servers = home.new(), {}
  end)

  after_each(function()
    for _, server in ipairs(servers) do server:stop() end
    place:remove()
  end)

  it("are what a full URI gives", function()
    local creds = place:credentials(full(serve(RIGHT).url .. "/v1/credentials"))
    assert.same({ Version = 1, AccessKeyId = ID, SecretAccessKey = KEY, SessionToken = SESSION,
      Expiration = "2099-01-02T03:04:05+00:00", AccountId = "123456789012" }, creds)
  end)

  it("are what a relative URI gives at the address of ECS", function()
    local output = tapped(serve(RIGHT), { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/v2/credentials/some?id=1" })
    assert.equal("asked GET http://169.254.170.2/v2/credentials/some?id=1\ngot container\n", output)
  end)

  it("come from the relative URI where both are set", function()
    local output = tapped(serve(RIGHT), full("http://127.0.0.1:9/full", {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = "/relative" }))
    assert.equal("asked GET http://169.254.170.2/relative\ngot container\n", output)
  end)

  for _, relative in ipairs{ ".evil.org/", "@evil.org/", ":8080/", "credentials", "/a b" } do
    it(("are not asked for at a relative URI that moves the host or is none: %q"):format(relative), function()
      local server = serve(RIGHT)
      local output = tapped(server, { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI = relative })
      assert.matches("^error config container credentials: ", output)
      assert.same({}, server:requests())
    end)
  end

  local ALLOWED = {
    "https://credentials.example.org/x", "https://10.0.0.1:8443/x", "HTTPS://credentials.example.org/x",
    "http://localhost:8080/x", "http://LOCALHOST/x", "http://127.0.0.1/x", "http://127.1.2.3:51679/x",
    "http://[::1]:8080/x", "http://169.254.170.2/x", "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials", "http://[FD00:EC2::23]/v1/credentials",
  }
  for _, url in ipairs(ALLOWED) do
    it(("are asked for at %s"):format(url), function()
      assert.matches("\ngot container\n$", tapped(serve(RIGHT), full(url)))
    end)
  end

  local FORBIDDEN = {
    "http://127.0.0.1.evil.org/", "http://localhost.evil/", "http://localhost.evil.org/", "http://evil.org/",
    "http://user@127.0.0.1/", "http://127.0.0.1@evil.org/", "http://localhost:80@evil.org/",
    "http://169.254.170.2.evil/", "http://169.254.170.3/", "http://169.254.170.231/", "http://169.254.169.254/",
    "http://evil.org/127.0.0.1", "http://evil.org?127.0.0.1", "http://evil.org#127.0.0.1",
    "http://127.0.0.1#@evil.org/", "http://127.0.0.1\\@evil.org/", "http://[fd00:ec2::24]/",
    "http://[::ffff:10.0.0.1]/", "http://[fe80::1]/", "http://127.0.0.1.5/", "http://1270.0.0.1/", "http://127.evil/",
    "http://127.300.0.1/", "http://10.0.0.1/", "http://0.0.0.0/",
    "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1:80/x", "http:///x", "/x",
  }
  for _, url in ipairs(FORBIDDEN) do
    it(("are not asked for at %s"):format(url), function()
      local server = serve(RIGHT)
      assert.matches("^error config container credentials: ", tapped(server, full(url)))
      assert.same({}, server:requests())
    end)
  end

  it("say what is allowed where the host is not", function()
    assert.matches("ECS and EKS", broken(full("http://evil.org/")), nil, true)
  end)

  it("do not show a password that stands in the URI", function()
    broken(full("http://user:canaryPassword@127.0.0.1/"))
  end)

  it("are asked for over TLS", function()
    local made = process.certificate("IP:127.0.0.1")
    local server = serve(RIGHT, made)
    assert.equal(ID, place:credentials(full(server.url .. "/x", { AWS_CA_BUNDLE = made.certificate })).AccessKeyId)
  end)

  it("are asked for with a GET that wants JSON and has no authorization of its own", function()
    local server = serve(RIGHT)
    place:credentials(full(server.url .. "/get?a=b"))
    local asked = server:requests()[1]
    assert.same({ "GET", "/get?a=b", "application/json" }, { asked.method, asked.path, asked.headers.accept })
    assert.is_nil(asked.headers.authorization)
  end)

  it("are asked for with the authorization of the variable as it is", function()
    local server = serve(RIGHT)
    place:credentials(full(server.url, { AWS_CONTAINER_AUTHORIZATION_TOKEN = BEARER }))
    assert.equal(BEARER, server:requests()[1].headers.authorization)
  end)

  it("prefer the authorization of a file, without the line break at its end", function()
    local server = serve(RIGHT)
    for _, ending in ipairs{ "", "\n", "\r\n" } do
      assert.is_truthy(place:credentials(full(server.url, { AWS_CONTAINER_AUTHORIZATION_TOKEN = "not this one",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = place:write("token", BEARER .. ending) })))
    end
    local sent = {}
    for i, asked in ipairs(server:requests()) do sent[i] = asked.headers.authorization end
    assert.same({ BEARER, BEARER, BEARER }, sent)
  end)

  it("read the authorization file each time", function()
    local server = serve(handler([[local soon = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 2)
      return {body = answer:gsub("2099.-Z", soon)}]]))
    local script = place:write("twice.lua", [[
      local client = assert(require "ecr".client{})
      assert(client:credentials())
      local file = assert(io.open(os.getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), "w"))
      file:write("second")
      file:close()
      for _ = 1, 10 do
        require "ecr".sleep(0.2)
        assert(client:credentials())
      end]])
    local result = place:ecrlua({ script }, full(server.url, {
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = place:write("token", "first") }))
    assert.equal("", result.errors)
    local asked = server:requests()
    assert.equal("first", asked[1].headers.authorization)
    assert.equal("second", asked[2].headers.authorization)
  end)

  local INSIDE = { ["a line feed"] = "\n", ["a carriage return"] = "\r", ["a header"] = "\r\nX-Evil: 1\r\n" }
  for name, inside in pairs(INSIDE) do
    it(("are not asked for with an authorization file with %s inside"):format(name), function()
      local server = serve(RIGHT)
      local errors = broken(full(server.url, { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = place:write("token",
        "canaryBefore" .. inside .. "canaryAfter") }))
      assert.matches("authorization token", errors)
      assert.same({}, server:requests())
    end)

    it(("are not asked for with an authorization variable with %s inside"):format(name), function()
      local server = serve(RIGHT)
      broken(full(server.url, { AWS_CONTAINER_AUTHORIZATION_TOKEN = "canaryBefore" .. inside .. "canaryAfter" }))
      assert.same({}, server:requests())
    end)
  end

  it("are an error where the authorization file is missing, whatever the variable says", function()
    local server = serve(RIGHT)
    local errors = broken(full(server.url, { AWS_CONTAINER_AUTHORIZATION_TOKEN = BEARER,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE = place.path .. "/no/such/file" }))
    assert.matches("/no/such/file", errors, nil, true)
    assert.same({}, server:requests())
  end)

  it("never go through a proxy", function()
    local dead = "http://127.0.0.1:9"
    local creds = place:credentials(full(serve(RIGHT).url, { http_proxy = dead, HTTP_PROXY = dead, all_proxy = dead,
      ALL_PROXY = dead, no_proxy = "", NO_PROXY = "" }))
    assert.equal(ID, creds.AccessKeyId)
  end)

  it("are asked for three times, a second apart, and then an error", function()
    local server = serve(handler([[return {status = 500, body = '{"message":"agent broken"}'}]]))
    local start = require("socket").gettime()
    local errors = broken(full(server.url))
    assert.equal(3, #server:requests())
    assert.matches("agent broken", errors)
    assert.is_true(require("socket").gettime() - start > 1.9)
  end)

  it("are those that come at the second time", function()
    local server = serve(handler([[if request.count == 1 then return {status = 500} end return {body = answer}]]))
    assert.equal(ID, place:credentials(full(server.url)).AccessKeyId)
    assert.equal(2, #server:requests())
  end)

  it("are given two seconds", function()
    local server = serve(handler([[if request.count == 1 then connection:sleep(5) end return {body = answer}]]))
    local start = require("socket").gettime()
    assert.equal(ID, place:credentials(full(server.url)).AccessKeyId)
    local seconds = require("socket").gettime() - start
    assert.is_true(seconds > 2.9 and seconds < 4, seconds)
  end)

  it("are an error with the agent's words where it refuses", function()
    local server = serve(handler([[return {status = 404,
      body = '{"code":"NoIdInRequest","message":"CredentialsV2: no"}'}]]))
    local errors = broken(full(server.url))
    assert.matches("CredentialsV2: no", errors, nil, true)
  end)

  it("never follow a redirect", function()
    local other = serve(RIGHT)
    local server = serve(handler(("return {status = 302, headers = {location = %q}}"):format(other.url)))
    local errors = broken(full(server.url, { AWS_CONTAINER_AUTHORIZATION_TOKEN = BEARER }))
    assert.matches("redirect", errors)
    assert.same({}, other:requests())
  end)

  it("are an error where they have expired on arrival", function()
    local errors = broken(full(serve(handler([[return {body = answer:gsub("2099", "2020")}]])).url))
    assert.matches("expired", errors)
    assert.matches("clock", errors)
  end)

  local WRONG = {
    ["HTML"] = "<html><body>canary portal</body></html>", ["half of it"] = ANSWER:sub(1, 90), ["nothing"] = "",
    ["a list"] = "[]", ["null"] = "null", ["no id"] = ANSWER:gsub("AccessKeyId", "Other"),
    ["no key"] = ANSWER:gsub("SecretAccessKey", "Other"),
    ["a date that is none"] = ANSWER:gsub("2099%-01", "2099-99"),
    ["a number for the key"] = ANSWER:gsub('"SecretAccessKey":"[^"]*"', '"SecretAccessKey":12345678'),
    ["a line break in the token"] = ANSWER:gsub("Session==", "Session\\nX: y"),
    ["two documents"] = ANSWER .. ANSWER,
  }
  for name, body in pairs(WRONG) do
    it(("are an error where the answer is %s"):format(name), function()
      local server = serve(("return function() return {body = %q} end"):format(body))
      broken(full(server.url, { AWS_CONTAINER_AUTHORIZATION_TOKEN = BEARER }))
    end)
  end

  it("are an error where the answer is too large", function()
    broken(full(serve("return function() return {body = '{\"a\":\"' .. ('x'):rep(3000000) .. '\"}'} end").url))
  end)

  it("need no token", function()
    local without = cjson.encode{ AccessKeyId = ID, SecretAccessKey = KEY }
    local creds = place:credentials(full(serve(("return function() return {body = %q} end"):format(without)).url))
    assert.same({ Version = 1, AccessKeyId = ID, SecretAccessKey = KEY }, creds)
  end)
end)
