-- SPDX-License-Identifier: MIT
-- The token of IAM Identity Center: when it is renewed, how, and what is kept in its file.
-- facts/credentials.md, section 7; the members of the file as AWS's Python SDK writes them.
local cached = require "spec.support.cached"
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local FOLDER = ".aws/sso/cache/"
local BY_SESSION = FOLDER .. "0ad374308c5a4e22f723adf10145eafad7c4031c.json"
local BY_URL = FOLDER .. "40a89917e3175433e361b710a9d43528d7f1890a.json"

local ROLE = "[default]\nsso_account_id = 111122223333\nsso_role_name = Reader\n"
local PLACE = "sso_region = eu-west-1\nsso_start_url = https://d-abc123.awsapps.com/start\n"
local SESSION = ROLE .. "sso_session = my-sso\n[sso-session my-sso]\n" .. PLACE
local LEGACY = ROLE .. PLACE

local TOKEN = { accessToken = "Canary-old-token", expiresAt = cached.time(600), refreshToken = "Canary-refresh",
  clientId = "client-1", clientSecret = "Canary-client-secret", registrationExpiresAt = cached.time(86400),
  startUrl = "https://d-abc123.awsapps.com/start", region = "eu-west-1" }
local EXPIRED = cached.with(TOKEN, { expiresAt = cached.time(-60) })

local RENEWED = { accessToken = "Canary-new-token", expiresIn = 28800, refreshToken = "Canary-next",
  tokenType = "Bearer" }

local PORTAL = [[{"roleCredentials":{"accessKeyId":"ASIAOFTHEPORTAL","secretAccessKey":"Canary-secret",]]
  .. [["sessionToken":"Canary-session","expiration":4102444800000}}]]

local function answer(changes)
  return ("return {body = %q}"):format(cjson.encode(cached.with(RENEWED, changes)))
end

--- A refusal of OpenID Connect's.
local function fault(status, code)
  return ("return {status = %d, body = %q}"):format(status,
    cjson.encode{ error = code, error_description = "the service says no" })
end

describe("the token of IAM Identity Center", function()
  local place, server

  after_each(function()
    if server then server:stop() end
    if place then place:remove() end
    server, place = nil, nil
  end)

  --- A home with this token, and a server whose CreateToken is `body`.
  local function set_up(token, body, config)
    place = home.new{ config = config or SESSION }
    place:write(config == LEGACY and BY_URL or BY_SESSION, type(token) == "table" and cjson.encode(token) or token)
    server = process.serve(([[return function(request, connection)
      if request.path:find("^/federation/") then return {body = %q} end
      %s
    end]]):format(PORTAL, body or answer()))
  end

  local function environment()
    return { AWS_ENDPOINT_URL_SSO = server.url, AWS_ENDPOINT_URL_SSO_OIDC = server.url }
  end

  local function ask(options) return cached.ask(place, environment(), options or { "--retries", "0" }) end

  local function refusal() return cached.refusal(place, environment(), { "--retries", "0" }) end

  --- The requests to this path.
  local function requests(path)
    local list = {}
    for _, request in ipairs(server:requests()) do
      if request.path:find(path, 1, true) == 1 then list[#list + 1] = request end
    end
    return list
  end

  local function token_at_portal()
    return requests("/federation/")[1].headers["x-amz-sso_bearer_token"]
  end

  local function file() return cjson.decode(place:read(BY_SESSION)) end

  it("is used as it is while it lives for more than a quarter of an hour", function()
    set_up(cached.with(TOKEN, { expiresAt = cached.time(960) }))
    assert(ask())
    assert.same({}, requests("/token"))
    assert.equal("Canary-old-token", token_at_portal())
  end)

  it("is renewed when it lives for less, and the new one is used", function()
    set_up(cached.with(TOKEN, { expiresAt = cached.time(840) }))
    assert(ask())
    assert.equal(1, #requests("/token"))
    assert.equal("Canary-new-token", token_at_portal())
  end)

  it("is renewed when it has expired", function()
    set_up(EXPIRED)
    assert(ask())
    assert.equal("Canary-new-token", token_at_portal())
  end)

  it("is renewed when its times are written as old files do", function()
    set_up(cached.with(TOKEN, { expiresAt = EXPIRED.expiresAt:gsub("Z", "UTC"),
      registrationExpiresAt = TOKEN.registrationExpiresAt:gsub("Z", "UTC") }))
    assert(ask())
    assert.equal("Canary-new-token", token_at_portal())
  end)

  it("is asked for with what the file says, unsigned", function()
    set_up(TOKEN)
    assert(ask())
    local request = requests("/token")[1]
    assert.equal("POST", request.method)
    assert.equal("/token", request.path)
    assert.equal("application/json", request.headers["content-type"])
    assert.is_nil(request.headers.authorization)
    assert.same({ grantType = "refresh_token", clientId = "client-1", clientSecret = "Canary-client-secret",
      refreshToken = "Canary-refresh" }, cjson.decode(request.body))
  end)

  it("is asked for in the region of the session", function()
    set_up(EXPIRED, "return {status = 403}") -- a proxy, which is told the host
    cached.refusal(place, { HTTPS_PROXY = server.url, AWS_MAX_ATTEMPTS = "1" })
    assert.equal("oidc.eu-west-1.amazonaws.com:443", server:requests()[1].path)
  end)

  it("is written back with its new end and the next refresh token, all else kept", function()
    set_up(TOKEN)
    assert(ask())
    local kept = file()
    local life = cached.seconds(kept.expiresAt)
    assert.is_true(life > 28780 and life <= 28800, kept.expiresAt)
    assert.same(cached.with(TOKEN, { accessToken = "Canary-new-token", refreshToken = "Canary-next",
      expiresAt = kept.expiresAt }), kept)
  end)

  it("keeps members of its file that nobody here knows", function()
    set_up(cached.with(TOKEN, { future = { list = { 1, "two", cjson.null }, deep = { yes = true, no = false } },
      number = 12345678901, fraction = 0.25, text = "a\"\\\n\u{1F600}/é" }))
    assert(ask())
    local kept = file()
    assert.same({ list = { 1, "two", cjson.null }, deep = { yes = true, no = false } }, kept.future)
    assert.same({ 12345678901, 0.25, "a\"\\\n\u{1F600}/é" }, { kept.number, kept.fraction, kept.text })
  end)

  for _, member in ipairs{ '"list":[]', '"object":{}', '"null":null', '"huge":1e999', '"least":-1e999',
    '"long":0.30000000000000004', '"whole":9007199254740993', '"items":[null,[],{}]' } do
    it(("keeps %s in its file as it is"):format(member), function()
      set_up((cjson.encode(TOKEN):gsub("}$", "," .. member .. "}")))
      assert(ask())
      assert.matches(member, place:read(BY_SESSION):gsub("%s", ""), 1, true)
    end)
  end

  it("counts a null in its file as absent", function()
    set_up((cjson.encode(TOKEN):gsub('"Canary%-refresh"', "null")))
    assert(ask())
    assert.same({}, requests("/token"))
  end)

  it("keeps its refresh token when it gets no other", function()
    set_up(TOKEN, answer{ refreshToken = false })
    assert(ask())
    assert.equal("Canary-refresh", file().refreshToken)
  end)

  it("is kept in a file of its owner's, put in the place of the old one whole", function()
    set_up(TOKEN)
    os.execute("chmod 644 " .. place.path .. "/" .. BY_SESSION)
    local _, number = cached.mode(place.path .. "/" .. BY_SESSION)
    assert(ask())
    local mode, next_number = cached.mode(place.path .. "/" .. BY_SESSION)
    assert.equal("600", mode)
    assert.not_equal(number, next_number)
    assert.same({ "0ad374308c5a4e22f723adf10145eafad7c4031c.json" }, cached.names(place.path .. "/" .. FOLDER))
  end)

  it("is the next process's too", function()
    set_up(TOKEN)
    assert(ask())
    assert(ask())
    assert.equal(1, #requests("/token"))
  end)

  it("is renewed once for many that want it at the same time", function()
    set_up(TOKEN, "connection:sleep(0.1) " .. answer())
    local result = place:ecrlua({ "-e", [[local ecr = require "ecr"
      local client, calls = assert(ecr.client{}), {}
      for i = 1, 20 do calls[i] = function() return assert(client:credentials()) end end
      print(#ecr.all(calls))]] }, environment())
    assert.equal("20\n", result.output)
    assert.same({ 1, 1 }, { #requests("/token"), #requests("/federation/") })
  end)

  it("is used although it could not be kept, with a warning", function()
    set_up(EXPIRED)
    os.execute("chmod 500 " .. place.path .. "/" .. FOLDER)
    local creds, errors = cached.unprivileged(ask)
    os.execute("chmod 700 " .. place.path .. "/" .. FOLDER)
    assert.equal("ASIAOFTHEPORTAL", creds.AccessKeyId)
    assert.equal("Canary-new-token", token_at_portal())
    assert.matches("warn: IAM Identity Center[^\n]*0ad374308c5a", errors)
    assert.equal("Canary-old-token", file().accessToken)
  end)

  it("of the older form is never renewed", function()
    set_up(TOKEN, nil, LEGACY)
    assert(ask())
    assert.same({}, requests("/token"))
    assert.equal("Canary-old-token", token_at_portal())
  end)

  it("of the older form is not renewed either when it has expired", function()
    set_up(EXPIRED, nil, LEGACY)
    assert.matches("IAM Identity Center.*expired.*aws sso login", refusal())
    assert.same({}, server:requests())
  end)

  -- Without these nobody can be asked for a new one.
  local lacks = {
    { "a refresh token", { refreshToken = false } },
    { "a client's id", { clientId = false } },
    { "a client's secret", { clientSecret = false } },
    { "the end of its registration", { registrationExpiresAt = false } },
    { "a registration that is still valid", { registrationExpiresAt = cached.time(-1) } },
  }
  for _, row in ipairs(lacks) do
    it(("without %s is used on while it is valid"):format(row[1]), function()
      set_up(cached.with(TOKEN, row[2]))
      assert(ask())
      assert.same({}, requests("/token"))
      assert.equal("Canary-old-token", token_at_portal())
    end)

    it(("without %s says to log in when it has expired"):format(row[1]), function()
      set_up(cached.with(EXPIRED, row[2]))
      local text = refusal()
      assert.matches("IAM Identity Center.*expired", text)
      assert.matches("aws sso login %-%-sso%-session my%-sso", text)
      assert.same({}, server:requests())
    end)
  end

  -- What comes instead of a new token.
  local fails = {
    { "the grant is refused", fault(400, "invalid_grant") },
    { "the client is refused", fault(401, "invalid_client") },
    { "the service fails", fault(500, "server_error") },
    { "the answer has no token", answer{ accessToken = false } },
    { "the answer has no life", answer{ expiresIn = false } },
    { "the answer's life is over", answer{ expiresIn = 0 } },
    { "the answer is a page", "return {body = '<html>'}" },
    { "the answer is empty", "return {body = ''}" },
    { "the answer is null", "return {body = 'null'}" },
    { "the answer redirects", "return {status = 302, headers = {location = 'http://127.0.0.1:1/'}}" },
    { "there is none", "connection:close()" },
  }
  for _, row in ipairs(fails) do
    it(("is used on while it is valid when %s"):format(row[1]), function()
      set_up(TOKEN, row[2])
      assert(ask())
      assert.equal(1, #requests("/token"))
      assert.equal("Canary-old-token", token_at_portal())
      assert.same(TOKEN, file())
    end)

    it(("says to log in when it has expired and %s"):format(row[1]), function()
      set_up(EXPIRED, row[2])
      local text = refusal()
      assert.matches("IAM Identity Center", text)
      assert.matches("aws sso login %-%-sso%-session my%-sso", text)
      assert.same({}, requests("/federation/"))
      assert.same(EXPIRED, file())
    end)
  end

  it("is not asked for again within half a minute after a refusal", function()
    set_up(TOKEN, ("if request.method == 'POST' then %s end return {body = (%q):gsub('4102444800000', %s)}"):format(
      fault(400, "invalid_grant"), PORTAL, "('%d'):format(require('socket').gettime() * 1000 // 1 + 500)"))
    local result = place:ecrlua({ "-e", [[local ecr = require "ecr"
      local client = assert(ecr.client{})
      assert(client:credentials())
      ecr.sleep(0.6) -- those of the portal have expired
      assert(client:credentials()) print "twice"]] },
      cached.with(environment(), { AWS_ENDPOINT_URL_SSO = server.url .. "/short-lived" }))
    assert.equal("twice\n", result.output, result.errors)
    assert.same({ 1, 2 }, { #requests("/token"), #requests("/short-lived/federation/") })
  end)

  it("says why it could not be renewed", function()
    set_up(EXPIRED, fault(400, "invalid_grant"))
    local text = refusal()
    assert.matches("the service says no", text)
  end)

  it("shows nothing of what a refusal quotes", function()
    set_up(EXPIRED, [[return {status = 400, body = '{"error":"invalid_grant","error_description":"'
      .. request.body:gsub('[{}"]', "") .. '"}'}]])
    refusal() -- that looks for canaries
  end)
end)
