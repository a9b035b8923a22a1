-- SPDX-License-Identifier: MIT
-- IAM Identity Center: from the profile and the token file to the portal's answer. Renewing the token is
-- sso_token_spec.lua's. File names: facts/credentials.md, section 7.
local cached = require "spec.support.cached"
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local START_URL = "https://d-abc123.awsapps.com/start"
local BY_SESSION = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json"
local BY_URL = ".aws/sso/cache/40a89917e3175433e361b710a9d43528d7f1890a.json"

local SESSION = [[
[default]
sso_session = my-sso
sso_account_id = 111122223333
sso_role_name = Reader
[sso-session my-sso]
sso_region = eu-west-1
sso_start_url = https://d-abc123.awsapps.com/start
sso_registration_scopes = sso:account:access
]]
local LEGACY = [[
[default]
sso_start_url = https://d-abc123.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = Reader
]]

local TOKEN = { accessToken = "Canary-access-token", expiresAt = cached.time(7200), startUrl = START_URL,
  region = "eu-west-1" }

--- What the portal answers, with an expiration in milliseconds.
local function keys(milliseconds)
  return ([[{"roleCredentials":{"accessKeyId":"ASIAOFTHEPORTAL","secretAccessKey":"Canary-secret",]]
    .. [["sessionToken":"Canary-session","expiration":%d}}]]):format(milliseconds)
end

local GOOD = ("return {headers = {['content-type'] = 'application/json'}, body = %q}"):format(keys(4102444800123))

describe("IAM Identity Center", function()
  local place, server

  local function set_up(config, token, name)
    place = home.new{ config = config }
    if token then place:write(name or BY_SESSION, type(token) == "table" and cjson.encode(token) or token) end
  end

  local function serve(body)
    server = process.serve("return function(request, connection) " .. body .. " end")
  end

  local function environment()
    return { AWS_ENDPOINT_URL_SSO = server.url, AWS_ENDPOINT_URL_SSO_OIDC = server.url }
  end

  local function ask(options) return cached.ask(place, environment(), options) end

  local function refusal(options) return cached.refusal(place, environment(), options) end

  after_each(function()
    if server then server:stop() end
    if place then place:remove() end
    server, place = nil, nil
  end)

  it("gives the keys of a session's role, their end and its account", function()
    set_up(SESSION, TOKEN)
    serve(GOOD)
    assert.same({ Version = 1, AccessKeyId = "ASIAOFTHEPORTAL", SecretAccessKey = "Canary-secret",
      SessionToken = "Canary-session", Expiration = "2100-01-01T00:00:00+00:00", AccountId = "111122223333" }, (ask()))
  end)

  it("takes the token of the start address where there is no session", function()
    set_up(LEGACY, TOKEN, BY_URL)
    serve(GOOD)
    assert.equal("ASIAOFTHEPORTAL", ask().AccessKeyId)
    assert.equal("Canary-access-token", server:requests()[1].headers["x-amz-sso_bearer_token"])
  end)

  it("asks the portal once, unsigned, with the token in its header", function()
    set_up(SESSION, TOKEN)
    serve(GOOD)
    assert(ask())
    assert.equal(1, #server:requests())
    local request = server:requests()[1]
    assert.equal("GET", request.method)
    assert.equal("", request.body)
    assert.equal("Canary-access-token", request.headers["x-amz-sso_bearer_token"])
    for _, name in ipairs{ "authorization", "x-amz-security-token", "x-amz-date" } do
      assert.is_nil(request.headers[name], name)
    end
  end)

  it("encodes role and account in the query", function()
    set_up((SESSION:gsub("Reader", "Ops+Read=only,a@b.c-_~é /&#%%")), TOKEN)
    serve(GOOD)
    assert(ask())
    local path, query = server:requests()[1].path:match("^(.-)%?(.*)$")
    assert.equal("/federation/credentials", path)
    local parts = {}
    for part in query:gmatch("[^&]+") do parts[#parts + 1] = part end
    table.sort(parts)
    assert.same({ "account_id=111122223333",
      "role_name=Ops%2BRead%3Donly%2Ca%40b.c-_~%C3%A9%20%2F%26%23%25" }, parts)
  end)

  it("asks in the region of the portal, not in the client's", function()
    set_up(SESSION, TOKEN)
    serve("return {status = 403}") -- to a proxy, which is told the host
    cached.refusal(place, { HTTPS_PROXY = server.url, AWS_MAX_ATTEMPTS = "1" })
    assert.equal("portal.sso.eu-west-1.amazonaws.com:443", server:requests()[1].path)
  end)

  it("keeps the path of an endpoint", function()
    set_up(SESSION, TOKEN)
    serve(GOOD)
    assert(cached.ask(place, { AWS_ENDPOINT_URL_SSO = server.url .. "/sso/" }))
    assert.matches("^/sso/federation/credentials%?", server:requests()[1].path)
  end)

  it("names itself, its profile and nothing secret in the explanation", function()
    set_up(SESSION, TOKEN)
    serve(GOOD)
    local steps, text = place:explain(environment())
    assert.equal("used", steps["IAM Identity Center"].state)
    assert.is_nil(text:find("Canary", 1, true))
  end)

  -- The letters that AWS's SDKs have agreed on for the User-Agent.
  for _, row in ipairs{ { "session", SESSION, BY_SESSION, { "r", "s" } }, { "start address", LEGACY, BY_URL,
    { "t", "u" } } } do
    it(("is said in the User-Agent of calls: by a %s"):format(row[1]), function()
      set_up(row[2], TOKEN, row[3])
      serve(GOOD)
      local letters = "," .. cached.features(place, environment(), server) .. ","
      for _, letter in ipairs(row[4]) do assert.matches("," .. letter .. ",", letters) end
    end)
  end

  it("accepts start address and region in the profile besides the session when they are equal", function()
    set_up((SESSION:gsub("%[sso", "sso_start_url = " .. START_URL .. "\nsso_region = eu-west-1\n%0", 1)), TOKEN)
    serve(GOOD)
    assert(ask())
  end)

  -- What is configured, and what the refusal must name.
  local wrong = {
    { "a start address that differs from the session's",
      (SESSION:gsub("%[sso", "sso_start_url = https://other.awsapps.com/start\n%0", 1)),
      { "sso_start_url", "my%-sso" } },
    { "a region that differs from the session's", (SESSION:gsub("%[sso", "sso_region = us-east-1\n%0", 1)),
      { "sso_region", "my%-sso" } },
    { "a session that is not there", (SESSION:gsub("%[sso%-session my%-sso%]", "[sso-session other]")),
      { "sso%-session", "my%-sso" } },
    { "no account", (SESSION:gsub("sso_account_id[^\n]*\n", "")), { "sso_account_id" } },
    { "no role", (SESSION:gsub("sso_role_name[^\n]*\n", "")), { "sso_role_name" } },
    { "a session without a region", (SESSION:gsub("sso_region[^\n]*\n", "")), { "sso_region", "my%-sso" } },
    { "a session without a start address", (SESSION:gsub("sso_start_url[^\n]*\n", "")),
      { "sso_start_url", "my%-sso" } },
    { "no region", (LEGACY:gsub("sso_region[^\n]*\n", "")), { "sso_region" } },
    { "no account and no session", (LEGACY:gsub("sso_account_id[^\n]*\n", "")), { "sso_account_id" } },
    { "no role and no session", (LEGACY:gsub("sso_role_name[^\n]*\n", "")), { "sso_role_name" } },
  }
  for _, row in ipairs(wrong) do
    it("refuses " .. row[1] .. ", and asks nobody", function()
      set_up(row[2], TOKEN)
      place:write(BY_URL, cjson.encode(TOKEN))
      serve(GOOD)
      local text = refusal()
      for _, name in ipairs(row[3]) do assert.matches(name, text) end
      assert.matches("default", text)
      assert.same({}, server:requests())
    end)
  end

  -- Token files that cannot be used: what to do is to log in again.
  local files = {
    { "there is none", nil },
    { "it is empty", "" },
    { "it is not JSON", '{"accessToken": "Canary-access-token", ' },
    { "it is a list", "[]" },
    { "it has no token", cached.with(TOKEN, { accessToken = false }) },
    { "the token is a number", cached.with(TOKEN, { accessToken = 5 }) },
    { "it has no end", cached.with(TOKEN, { expiresAt = false }) },
    { "its end is no time", cached.with(TOKEN, { expiresAt = "Canary-tomorrow" }) },
    { "it has expired", cached.with(TOKEN, { expiresAt = cached.time(-1) }) },
    { "it has expired by an old file's time", cached.with(TOKEN, { expiresAt = "2020-01-02T03:04:05UTC" }) },
    { "the token would end its header", cached.with(TOKEN, { accessToken = "Canary\r\nx-evil: 1" }) },
  }
  for _, form in ipairs{ { "session", SESSION, BY_SESSION }, { "start address", LEGACY, BY_URL } } do
    for _, row in ipairs(files) do
      it(("says to log in when of the %s's token file %s"):format(form[1], row[1]), function()
        set_up(form[2], row[2], form[3])
        serve(GOOD)
        local text = refusal()
        assert.matches("IAM Identity Center", text)
        assert.matches("aws sso login", text)
        assert.same({}, server:requests())
      end)
    end
  end

  it("says which token file is missing", function()
    set_up(SESSION)
    serve(GOOD)
    assert.matches("/%.aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c%.json", refusal())
  end)

  it("says to log in to the session, and without one with the profile", function()
    set_up(SESSION)
    serve(GOOD)
    assert.matches("aws sso login %-%-sso%-session my%-sso", refusal())
    place:write(".aws/config", (LEGACY:gsub("%[default%]", "[profile dev]")))
    assert.matches("aws sso login %-%-profile dev", refusal{ "--profile", "dev" })
  end)

  it("uses a token whose end is written as old files do", function()
    set_up(SESSION, cached.with(TOKEN, { expiresAt = cached.time(7200):gsub("Z", "UTC") }))
    serve(GOOD)
    assert(ask())
  end)

  it("does not go on to another source when it is broken", function()
    set_up(SESSION .. "[default]\ncredential_process = /bin/false\n")
    place:write(".aws/credentials", "[default]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = Canary-other\n")
    serve(GOOD)
    refusal()
    local steps, text = place:explain(environment())
    assert.equal("broken", steps["IAM Identity Center"].state)
    assert.equal("not asked", steps["credentials file"].state)
    assert.is_nil(text:find("Canary", 1, true))
  end)
end)
