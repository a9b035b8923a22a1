-- SPDX-License-Identifier: MIT
-- Renewing a session of `aws login`: the request with its proof of possession, checked by the openssl command,
-- and the file, in which the next refresh token must never be lost. facts/credentials.md, section 9.
local cached = require "spec.support.cached"
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local FOLDER = ".aws/login/cache/"
local FILE = FOLDER .. "b7d71d383b9557a9bad4c3346c50365819226484c6824a0fdef66637be339db0.json"
local CONFIG = "[default]\nlogin_session = arn:aws:iam::123456789012:user/alice\n"

local OLD = { accessKeyId = "ASIAOLD", secretAccessKey = "Canary-old", sessionToken = "Canary-old-session",
  accountId = "123456789012", expiresAt = cached.time(240) }
local NEW = { accessToken = { accessKeyId = "ASIANEW", secretAccessKey = "Canary-new",
  sessionToken = "Canary-new-session" }, tokenType = "aws_sigv4", expiresIn = 900, refreshToken = "Canary-next" }

local function answer(changes, keys)
  local made = cached.with(NEW, { accessToken = cached.with(NEW.accessToken, keys) })
  return ("return {body = %q}"):format(cjson.encode(cached.with(made, changes)))
end

--- A refusal: the code in a member, as the model has it.
local function fault(status, code, kind)
  return ("return {status = %d, headers = {['x-amzn-ErrorType'] = %q}, body = %q}"):format(status,
    kind or "AccessDeniedException", cjson.encode{ error = code, message = "the service says no" })
end

local function shell(command, ...)
  for i, word in ipairs{ ... } do command = command:gsub("$" .. i, (process.quote(word):gsub("%%", "%%%%"))) end
  local result = process.run("{ " .. command .. "; }")
  assert(result.code == 0, result.errors)
  return result.output
end

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function unbase64url(text)
  assert(text:find("^[%w_-]+$"), text)
  local padded = text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" }) .. ("="):rep(-#text % 4)
  return shell("printf %s $1 | openssl base64 -d -A", padded)
end

--- Checks a signature of r and s with openssl, which wants ASN.1.
local function verify(place, raw, signed)
  local form = ("asn1=SEQUENCE:both\n[both]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n"):format(hex(raw:sub(1, 32)),
    hex(raw:sub(33)))
  place:write("proof/form", form)
  place:write("proof/signed", signed)
  return shell([[cd $1 && openssl asn1parse -genconf proof/form -noout -out proof/signature >&2 &&
    openssl ec -in key.pem -pubout -out proof/public.pem 2>/dev/null &&
    openssl dgst -sha256 -verify proof/public.pem -signature proof/signature proof/signed]], place.path)
end

describe("renewing a session of aws login", function()
  local place, server, pem

  before_each(function()
    place = home.new{ config = CONFIG }
    shell("openssl ecparam -genkey -name prime256v1 -noout -out $1", place.path .. "/key.pem")
    pem = place:read("key.pem")
  end)

  after_each(function()
    if server then server:stop() end
    place:remove()
    server = nil
  end)

  local function session(keys, changes)
    return cached.with({ accessToken = cached.with(OLD, keys), tokenType = "aws_sigv4", dpopKey = pem,
      clientId = "arn:aws:signin:::devtools/same-device", refreshToken = "Canary-refresh" }, changes)
  end

  --- Writes the session and starts a server with this handler.
  local function set_up(made, body)
    place:write(FILE, type(made) == "table" and cjson.encode(made) or made)
    server = process.serve("return function(request, connection) " .. (body or answer()) .. " end")
  end

  local function environment() return { AWS_ENDPOINT_URL_SIGNIN = server.url } end

  local function ask(options) return cached.ask(place, environment(), options or { "--retries", "0" }) end

  local function refusal() return cached.refusal(place, environment(), { "--retries", "0" }) end

  local function file() return cjson.decode(place:read(FILE)) end

  it("happens in the last five minutes, and gives the new keys", function()
    set_up(session{ expiresAt = cached.time(280) })
    local creds = ask()
    assert.same({ "ASIANEW", "Canary-new", "Canary-new-session", "123456789012" },
      { creds.AccessKeyId, creds.SecretAccessKey, creds.SessionToken, creds.AccountId })
    local life = cached.seconds((creds.Expiration:gsub("%+00:00$", "Z")))
    assert.is_true(life > 880 and life <= 900, creds.Expiration)
  end)

  it("happens when the keys have expired", function()
    set_up(session{ expiresAt = cached.time(-1000) })
    assert.equal("ASIANEW", ask().AccessKeyId)
  end)

  it("asks with what the file says, unsigned", function()
    set_up(session())
    assert(ask())
    assert.equal(1, #server:requests())
    local request = server:requests()[1]
    assert.same({ "POST", "/v1/token", "application/json" },
      { request.method, request.path, request.headers["content-type"] })
    assert.is_nil(request.headers.authorization)
    assert.same({ clientId = "arn:aws:signin:::devtools/same-device", grantType = "refresh_token",
      refreshToken = "Canary-refresh" }, cjson.decode(request.body))
  end)

  it("proves that it has the key", function()
    set_up(session())
    assert(ask())
    local signed, signature = server:requests()[1].headers.dpop:match("^([^.]+%.[^.]+)%.([^.]+)$")
    local raw = unbase64url(signature)
    assert.equal(64, #raw)
    assert.equal("Verified OK\n", verify(place, raw, signed))
  end)

  it("says in the proof whose key it is, for which request, and when", function()
    set_up(session())
    assert(ask())
    local header, payload = server:requests()[1].headers.dpop:match("^([^.]+)%.([^.]+)%.")
    local point = shell("openssl ec -in $1 -pubout -outform DER | tail -c 64 | od -An -v -tx1 | tr -d ' \n'",
      place.path .. "/key.pem")
    header = cjson.decode(unbase64url(header))
    assert.equal(point, hex(unbase64url(header.jwk.x)) .. hex(unbase64url(header.jwk.y)))
    assert.same({ typ = "dpop+jwt", alg = "ES256", jwk = { kty = "EC", crv = "P-256", x = header.jwk.x,
      y = header.jwk.y } }, header)
    payload = cjson.decode(unbase64url(payload))
    assert.matches("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$", payload.jti)
    assert.is_true(math.abs(payload.iat - os.time()) < 10 and payload.iat == payload.iat // 1)
    assert.same({ htm = "POST", htu = server.url .. "/v1/token", iat = payload.iat, jti = payload.jti }, payload)
  end)

  for region, host in pairs{ ["eu-central-1"] = "eu-central-1.signin.aws.amazon.com:443",
    ["cn-north-1"] = "cn-north-1.signin.amazonaws.cn:443" } do
    it("asks the sign-in host of " .. region, function()
      set_up(session{ expiresAt = cached.time(-1) }, "return {status = 403}") -- a proxy, which is told the host
      cached.refusal(place, { HTTPS_PROXY = server.url, AWS_MAX_ATTEMPTS = "1", AWS_REGION = region })
      assert.equal(host, server:requests()[1].path)
    end)
  end

  it("keeps the new keys, the next refresh token and all else", function()
    set_up(session(nil, { idToken = "Canary-id", futureThing = { list = { 1, cjson.null } } }))
    assert(ask())
    local kept = file()
    local life = cached.seconds(kept.accessToken.expiresAt)
    assert.is_true(life > 880 and life <= 900, kept.accessToken.expiresAt)
    assert.same(session(nil, { idToken = "Canary-id", futureThing = { list = { 1, cjson.null } },
      refreshToken = "Canary-next", accessToken = { accessKeyId = "ASIANEW", secretAccessKey = "Canary-new",
        sessionToken = "Canary-new-session", accountId = "123456789012", expiresAt = kept.accessToken.expiresAt } }),
      kept)
  end)

  it("keeps them in a file of its owner's, put in the place of the old one whole", function()
    set_up(session())
    shell("chmod 644 $1", place.path .. "/" .. FILE)
    local _, number = cached.mode(place.path .. "/" .. FILE)
    assert(ask())
    local mode, next_number = cached.mode(place.path .. "/" .. FILE)
    assert.equal("600", mode)
    assert.not_equal(number, next_number)
    assert.equal(1, #cached.names(place.path .. "/" .. FOLDER))
  end)

  it("is for the next process too", function()
    set_up(session())
    assert(ask())
    assert.equal("ASIANEW", ask().AccessKeyId)
    assert.equal(1, #server:requests())
  end)

  it("happens once for many that want the keys at the same time", function()
    set_up(session{ expiresAt = cached.time(-1) }, "connection:sleep(0.1) " .. answer())
    local result = place:ecrlua({ "-e", [[local ecr = require "ecr"
      local client, calls = assert(ecr.client{}), {}
      for i = 1, 20 do calls[i] = function() return assert(client:credentials()) end end
      print(#ecr.all(calls))]] }, environment())
    assert.equal("20\n", result.output)
    assert.equal(1, #server:requests())
  end)

  it("is tried again when the service fails", function()
    set_up(session(), "if request.count == 1 then " .. fault(500, "server_error", "InternalServerException") .. " end "
      .. answer())
    assert.equal("ASIANEW", ask{}.AccessKeyId)
  end)

  it("gives the keys that another process got meanwhile, though it was refused itself", function()
    local other = session({ accessKeyId = "ASIAOTHER", expiresAt = cached.time(900) },
      { refreshToken = "Canary-others" })
    set_up(session{ expiresAt = cached.time(-1) }, ("local file = io.open(%q, 'w') file:write(%q) file:close() %s")
      :format(place.path .. "/" .. FILE, cjson.encode(other), fault(400, "TOKEN_EXPIRED")))
    assert.equal("ASIAOTHER", ask().AccessKeyId)
    assert.same(other, file())
  end)

  for _, state in ipairs{ { "valid", 240 }, { "expired", -1 } } do
    it(("asks nobody when the answer could not be kept, keys %s"):format(state[1]), function()
      local made = session{ expiresAt = cached.time(state[2]) }
      set_up(made)
      shell("chmod 500 $1", place.path .. "/" .. FOLDER)
      local creds, errors = cached.unprivileged(ask)
      shell("chmod 700 $1", place.path .. "/" .. FOLDER)
      assert.same({}, server:requests())
      assert.same(made, file())
      assert.equal(state[1] == "valid" and "ASIAOLD" or nil, creds and creds.AccessKeyId)
      if not creds then
        assert.matches("aws login session.*b7d71d383b95.*cannot be written.*run: aws login", errors)
      end
    end)
  end

  it("gives the new keys when the folder closes between asking and keeping, with a warning", function()
    set_up(session{ expiresAt = cached.time(-1) }, ("os.execute(%q) %s"):format(
      "chmod 500 " .. process.quote(place.path .. "/" .. FOLDER), answer()))
    local creds, errors = cached.unprivileged(ask)
    shell("chmod 700 $1", place.path .. "/" .. FOLDER)
    assert.equal("ASIANEW", creds and creds.AccessKeyId)
    assert.matches("warn: aws login session[^\n]*run: aws login", errors)
  end)

  -- What comes instead of new keys.
  local fails = {
    { "the session has ended", fault(400, "TOKEN_EXPIRED") },
    { "the session has ended, by another status", fault(401, "TOKEN_EXPIRED") },
    { "the password was changed", fault(400, "USER_CREDENTIALS_CHANGED") },
    { "permissions are missing", fault(403, "INSUFFICIENT_PERMISSIONS") },
    { "the service fails", fault(500, "server_error", "InternalServerException") },
    { "too many ask", fault(429, "server_error", "TooManyRequestsError") },
    { "the answer has no keys", answer{ accessToken = false } },
    { "the answer has no key id", answer(nil, { accessKeyId = false }) },
    { "the answer has no secret", answer(nil, { secretAccessKey = false }) },
    { "the answer has no session token", answer(nil, { sessionToken = false }) },
    { "the answer has no next token", answer{ refreshToken = false } },
    { "the answer has no life", answer{ expiresIn = false } },
    { "the answer's life is over", answer{ expiresIn = 0 } },
    { "the answer is a page", "return {body = '<html>'}" },
    { "the answer is null", "return {body = 'null'}" },
    { "the answer redirects", "return {status = 302, headers = {location = 'http://127.0.0.1:1/'}}" },
    { "there is none", "connection:close()" },
  }
  for _, row in ipairs(fails) do
    it(("leaves keys in use that are still valid when %s"):format(row[1]), function()
      set_up(session(), row[2])
      assert.equal("ASIAOLD", ask().AccessKeyId)
      assert.equal(1, #server:requests())
      assert.same(session(), file())
    end)

    it(("says to log in when the keys have expired and %s"):format(row[1]), function()
      set_up(session{ expiresAt = cached.time(-1) }, row[2])
      local text = refusal()
      assert.matches("aws login session of profile default", text)
      assert.matches("run: aws login %-%-profile default", text)
      assert.equal("Canary-refresh", file().refreshToken)
    end)
  end

  it("says why the session could not be renewed", function()
    for _, code in ipairs{ "TOKEN_EXPIRED", "USER_CREDENTIALS_CHANGED" } do
      set_up(session{ expiresAt = cached.time(-1) }, fault(400, code))
      assert.matches("the service says no", refusal())
      server:stop()
    end
  end)

  it("shows nothing of what a refusal quotes", function()
    set_up(session{ expiresAt = cached.time(-1) }, [[return {status = 400, body = '{"error":"TOKEN_EXPIRED","message":"'
      .. request.body:gsub('[{}"]', "") .. request.headers.dpop .. '"}'}]])
    local proof = refusal()
    assert.is_nil(proof:find(server:requests()[1].headers.dpop, 1, true))
  end)
end)
