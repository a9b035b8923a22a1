-- SPDX-License-Identifier: MIT
-- Behaviour: GetAuthorizationToken in the Amazon ECR API Reference; "Private registry authentication" in
-- the Amazon ECR User Guide. The base64 texts are those of coreutils' base64.
local answers = require "spec.support.answers"
local core = require "ecr.core"
local ecr = require "ecr"
local loop = require "ecr.loop"

local NOW = 1767225600
local TOKEN = "QVdTOmh1bnRlcjI6eA==" -- AWS:hunter2:x
local HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

--- A client that gives this token; each lives for so many seconds.
local function client_of(life, token)
  local client = ecr.mock():with_repository{ name = "app" }:client{}
  local asked = answers.put(client, { GetAuthorizationToken = function()
    ecr.sleep(1)
    return { authorization_data = { { authorization_token = core.secret(token or TOKEN),
      expires_at = select(2, ecr.now()) + (life or 43200), proxy_endpoint = "https://" .. HOST } } }
  end })
  return client, asked
end

local function read_back(parts)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  assert(ecr.write(file, parts))
  file:close()
  file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  os.remove(path)
  return text
end

describe("auth:get_token", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("gives a sealed token with its end, and says what it is without it", function()
    local token = assert(client_of().auth:get_token())
    assert.equal("<secret>", tostring(token.authorization_token))
    assert.equal(NOW + 1 + 43200, token.expires_at)
    assert.equal("token for https://" .. HOST .. " until 2026-01-01T12:00:01Z", tostring(token))
    assert.equal(43200, token:remaining(NOW + 1))
  end)

  it("keeps it while it lives long enough, and asks once however many want one", function()
    local client, asked = client_of(3600)
    local calls = {}
    for i = 1, 10 do calls[i] = function() return client.auth:get_token() end end
    assert.is_nil(select(2, ecr.all(calls)))
    assert.equal(1, #asked)
    ecr.sleep(1790)
    assert(client.auth:get_token())
    assert.equal(1, #asked)
    ecr.sleep(20) -- half of its life is over
    assert(client.auth:get_token())
    assert.equal(2, #asked)
  end)

  it("asks anew where more life is needed, and says when there is none to be had", function()
    local client, asked = client_of(3600)
    assert(client.auth:get_token{ min_remaining = 3000 })
    ecr.sleep(1000)
    assert(client.auth:get_token{ min_remaining = 3000 })
    assert.equal(2, #asked)
    local got, err = client.auth:get_token{ min_remaining = 7200 }
    assert.is_nil(got)
    assert.same({ "protocol", "short_lived" }, { err.kind, err.code })
  end)

  it("is asked anew by refresh", function()
    local client, asked = client_of()
    local first = client.auth:get_token()
    assert.not_equal(first, client.auth:refresh())
    assert.equal(2, #asked)
  end)

  it("passes on what the service says, and an answer without a token", function()
    local client = client_of()
    answers.put(client, { GetAuthorizationToken = function() return nil, "AccessDeniedException" end })
    assert.equal("denied", select(2, client.auth:get_token()).kind)
    answers.put(client, { GetAuthorizationToken = function() return { authorization_data = {} } end })
    assert.equal("protocol", select(2, client.auth:get_token()).kind)
  end)
end)

describe("auth:get_creds", function()
  it("takes the token apart at its first colon, sealed all the way", function()
    local creds = assert(client_of().auth:get_creds())
    assert.same({ "AWS", HOST }, { creds.username, creds.registry })
    assert.equal("<secret>", tostring(creds.password))
    assert.equal("hunter2:x", creds.password:reveal())
    assert.equal(TOKEN, creds.auth:reveal())
    assert.is_nil(tostring(creds):find("hunter2", 1, true))
  end)

  it("is for the host that is asked for: docker keeps credentials by host", function()
    local client = client_of()
    for given, host in pairs{ ["https://" .. HOST] = HOST, [HOST] = HOST, [HOST .. "/app:v1"] = HOST,
      ["123456789012.dkr.ecr-fips.us-east-1.amazonaws.com"] = "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
      ["210987654321.dkr-ecr.us-east-1.on.aws/x"] = "210987654321.dkr-ecr.us-east-1.on.aws",
      ["HTTPS://" .. HOST:upper() .. "/"] = HOST, [HOST .. "/v2/"] = HOST, [HOST .. ":443"] = HOST,
      ["https://" .. HOST .. ":443/v2/"] = HOST } do
      assert.equal(host, assert(client.auth:get_creds{ registry = given }).registry)
    end
    assert.equal("input", select(2, client.auth:get_creds{ registry = "no host" }).kind)
  end)

  it("is made out for nobody but a registry of ECR, or the one that gave the token", function()
    local client, asked = client_of()
    for _, registry in ipairs{ "evil.example.com", "docker.io", "localhost:5000", HOST .. ".evil.com", "", 5,
      "evil.com/" .. HOST, HOST .. ":8443", "http://" .. HOST, "HTTP://" .. HOST, "ftp://" .. HOST,
      "http://public.ecr.aws",
      "https://AWS:x@" .. HOST, "https://" .. HOST .. "@evil.com/", "https://" .. HOST .. "./",
      "https://" .. HOST .. "#.evil.com/", "https://" .. HOST .. "?@evil.com/", "//" .. HOST, "https:/" .. HOST,
      "https://https://" .. HOST, "https://evil.com/" .. HOST, "https://" .. HOST .. "\\.evil.com" } do
      local got, err = client.auth:get_creds{ registry = registry }
      assert.is_nil(got)
      assert.equal("input", err.kind)
    end
    answers.put(client, { GetAuthorizationToken = function()
      return { authorization_data = { { authorization_token = core.secret(TOKEN), expires_at = NOW * 2,
        proxy_endpoint = "http://localhost:5000" } } }
    end })
    client.auth:refresh()
    for _, registry in ipairs{ "localhost:5000", "http://localhost:5000", "https://localhost:5000/" } do
      assert.equal("localhost:5000", client.auth:get_creds{ registry = registry }.registry)
    end
    assert.is_true(#asked <= 2)
  end)

  it("is asked for at a FIPS endpoint for a FIPS host, unless an endpoint was configured", function()
    local fips = "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com"
    for endpoint, expected in pairs{ [false] = "denied", ["http://127.0.0.1:1/"] = "ok" } do
      local client = client_of()
      client.config.endpoint_url = endpoint or nil
      answers.put(client:in_region("us-east-1", { use_fips = true }),
        { GetAuthorizationToken = function() return nil, "AccessDeniedException" end })
      local got, err = client.auth:get_creds{ registry = fips }
      assert.equal(expected, got and "ok" or err.kind)
      assert.is_truthy(client.auth:get_creds{ registry = HOST })
    end
  end)

  it("comes from the registry's own region, and ECR Public's from there", function()
    local mock = ecr.mock():with_repository{ name = "app" }
    local client = mock:client{}
    local west = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert.equal(west, assert(client.auth:get_creds{ registry = west }).registry)
    assert.equal("eu-west-1", mock:history()[1].region)
    assert.equal("public.ecr.aws", assert(client.auth:get_creds{ registry = "public.ecr.aws" }).registry)
    assert.equal("ecr-public", mock:history()[2].service)
  end)

  it("says when the token is none", function()
    for _, token in ipairs{ "%%%", "bm9jb2xvbg==" } do
      local got, err = client_of(nil, token).auth:get_creds()
      assert.is_nil(got)
      assert.equal("protocol", err.kind)
      assert.is_nil(tostring(err):find(token, 1, true))
    end
  end)
end)

describe("auth:get_login_cmd", function()
  it("has the password for standard input and never among the words", function()
    local command = assert(client_of().auth:get_login_cmd{ registry = HOST })
    assert.same({ "docker", "login", "--username", "AWS", "--password-stdin", HOST }, command.argv)
    assert.equal("hunter2:x", read_back{ command.stdin })
  end)
end)
