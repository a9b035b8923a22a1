-- SPDX-License-Identifier: MIT
-- `aws login`: the session's file, and when its keys are used without asking anybody. Renewing is
-- login_renewal_spec.lua's. facts/credentials.md, section 9.
local cached = require "spec.support.cached"
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local NAME = "b7d71d383b9557a9bad4c3346c50365819226484c6824a0fdef66637be339db0.json"
local FILE = ".aws/login/cache/" .. NAME
local CONFIG = "[default]\nlogin_session = arn:aws:iam::123456789012:user/alice\n"

local KEYS = { accessKeyId = "ASIAOFTHELOGIN", secretAccessKey = "Canary-secret", sessionToken = "Canary-session",
  accountId = "123456789012", expiresAt = cached.time(600) }

--- A session with some members of its keys, or of itself, changed; without what renewing takes.
local function session(keys, changes)
  return cached.with({ accessToken = cached.with(KEYS, keys), clientId = "arn:aws:signin:::devtools/same-device",
    tokenType = "aws_sigv4", refreshToken = "Canary-refresh" }, changes)
end

describe("aws login", function()
  local place, server

  after_each(function()
    if server then server:stop() end
    if place then place:remove() end
    server, place = nil, nil
  end)

  --- A home with this session, and a server that would answer.
  local function set_up(content, config)
    place = home.new{ config = config or CONFIG }
    if content then place:write(FILE, type(content) == "table" and cjson.encode(content) or content) end
    server = process.serve("return function() return {body = '{}'} end")
  end

  local function environment(more)
    return cached.with({ AWS_ENDPOINT_URL_SIGNIN = server.url }, more)
  end

  local function refusal(options)
    return cached.refusal(place, environment(), options or { "--retries", "0" })
  end

  it("gives the keys of its file as long as they live for more than five minutes", function()
    set_up(session{ expiresAt = "2100-01-02T03:04:05Z" })
    assert.same({ Version = 1, AccessKeyId = "ASIAOFTHELOGIN", SecretAccessKey = "Canary-secret",
      SessionToken = "Canary-session", Expiration = "2100-01-02T03:04:05+00:00", AccountId = "123456789012" },
      (cached.ask(place, environment())))
    assert.same({}, server:requests())
  end)

  it("asks nobody with six minutes left", function()
    set_up(session{ expiresAt = cached.time(360) })
    assert(cached.ask(place, environment()))
    assert.same({}, server:requests())
  end)

  it("leaves its file as it is when nothing is renewed", function()
    set_up(session())
    local before = place:read(FILE)
    assert(cached.ask(place, environment()))
    assert.equal(before, place:read(FILE))
  end)

  it("needs no account", function()
    set_up(session{ accountId = false })
    assert.is_nil(cached.ask(place, environment()).AccountId)
  end)

  it("looks in AWS_LOGIN_CACHE_DIRECTORY when that is set", function()
    set_up()
    place:write("elsewhere/" .. NAME, cjson.encode(session()))
    assert(cached.ask(place, environment{ AWS_LOGIN_CACHE_DIRECTORY = place.path .. "/elsewhere" }))
  end)

  it("looks nowhere else then", function()
    set_up(session())
    local text = cached.refusal(place, environment{ AWS_LOGIN_CACHE_DIRECTORY = place.path .. "/elsewhere" })
    assert.matches("aws login", text)
    assert.matches("/elsewhere/" .. NAME, text, 1, true)
  end)

  it("explains itself without a secret", function()
    set_up(session())
    local steps, text = place:explain(environment())
    assert.equal("used", steps["aws login"].state)
    assert.is_nil(text:find("Canary", 1, true))
  end)

  it("is said in the User-Agent of calls", function()
    set_up(session())
    local letters = "," .. cached.features(place, environment(), server) .. ","
    for _, letter in ipairs{ "AC", "AD" } do assert.matches("," .. letter .. ",", letters) end
  end)

  -- Files that give nothing.
  local files = {
    { "there is none", nil },
    { "it is empty", "" },
    { "it is not JSON", '{"accessToken": {"secretAccessKey": "Canary' },
    { "it is a list", "[]" },
    { "it has no keys", session(nil, { accessToken = false }) },
    { "its keys are a text", session(nil, { accessToken = "Canary" }) },
    { "it has no key id", session{ accessKeyId = false } },
    { "it has no secret", session{ secretAccessKey = false } },
    { "it has no session token", session{ sessionToken = false } },
    { "it has no end", session{ expiresAt = false } },
    { "its end is no time", session{ expiresAt = "Canary" } },
    { "its keys have expired and there is no refresh token", session({ expiresAt = cached.time(-1) },
      { refreshToken = false }) },
    { "its keys have expired and there is no client", session({ expiresAt = cached.time(-1) }, { clientId = false }) },
    { "its keys have expired and there is no DPoP key", session{ expiresAt = cached.time(-1) } },
    { "its keys have expired and the DPoP key is none", session({ expiresAt = cached.time(-1) },
      { dpopKey = "-----BEGIN EC PRIVATE KEY-----\nCanary\n-----END EC PRIVATE KEY-----\n" }) },
  }
  for _, row in ipairs(files) do
    it("says to log in, and asks nobody, when of the session's file " .. row[1], function()
      set_up(row[2])
      local text = refusal()
      assert.matches("aws login session of profile default", text)
      assert.matches("run: aws login", text)
      assert.same({}, server:requests())
    end)
  end

  for _, name in ipairs{ "refreshToken", "clientId", "dpopKey" } do
    it(("uses keys in their last minutes that cannot be renewed for want of a %s"):format(name), function()
      set_up(session({ expiresAt = cached.time(240) }, { dpopKey = "none", [name] = false }))
      assert.equal("ASIAOFTHELOGIN", cached.ask(place, environment()).AccessKeyId)
      assert.same({}, server:requests())
    end)
  end

  it("says which file is missing", function()
    set_up()
    assert.matches("/.aws/login/cache/" .. NAME, refusal(), 1, true)
  end)

  it("names a damaged file whole", function()
    set_up("[]")
    assert.matches("/.aws/login/cache/" .. NAME, refusal(), 1, true)
  end)

  it("says with which profile to log in", function()
    set_up(nil, (CONFIG:gsub("default", "profile dev")))
    assert.matches("run: aws login %-%-profile dev", refusal{ "--profile", "dev" })
  end)

  it("does not go on to another source when it is broken", function()
    set_up(nil, CONFIG .. "credential_process = /bin/false\n")
    local steps = place:explain(environment())
    assert.equal("broken", steps["aws login"].state)
    assert.equal("not asked", steps.credential_process.state)
  end)
end)
