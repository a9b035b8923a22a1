-- SPDX-License-Identifier: MIT
-- What becomes of an answer with credentials, and what goes out with secrets in it. Documents as AWS's
-- services write them (AWS SDKs and Tools Reference Guide; AWS STS API Reference).
local core = require "ecr.core"
local process = require "spec.support.process"

local TIME <const> = 1767323045 -- 2026-01-02T03:04:05Z
local TOKEN <const> = "canary/token+with=every&kind<of>\"character\\%"

local server, http

--- The one event of a request to the server; what it is asked is up to `fields`.
local function ask(fields)
  local request = { kind = "http", method = "POST", url = server.url .. "/", sink = "raw:1000", timeout = 20 }
  for name, value in pairs(fields) do request[name] = value end
  assert(http:submit(request))
  local events
  repeat events = http:poll(20) until #events > 0
  return events[1]
end

--- A server that answers so, whatever it is asked.
local function answers(body, status)
  server = process.serve(("return function() return {status = %d, body = %q} end"):format(status or 200, body))
end

--- One that answers with what the handler makes of `request`.
local function handles(text)
  server = process.serve("return function(request, connection) " .. text .. " end")
end

--- The table with its secrets as "<text>".
local function opened(value)
  if type(value) == "userdata" then return "<" .. value:reveal() .. ">" end
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, member in pairs(value) do copy[name] = opened(member) end
  return copy
end

local function before()
  http = core.http{ proxy = "", user_agent = "handle/1" }
end

local function after()
  if server then server:stop() end
  server = nil
  http:close()
end

local USER <const> = "arn:aws:sts::123456789012:assumed-role/r/me"
local DOCUMENTS <const> = {
  container = { [[{"RoleArn":"arn:r","AccessKeyId":"A","SecretAccessKey":"S","Token":"T",
    "Expiration":"2026-01-02T03:04:05Z","AccountId":"1"}]],
    { role_arn = "arn:r", access_key_id = "A", secret_access_key = "<S>", token = "<T>", expiration = TIME,
      account_id = "1" } },
  imds = { [[{"Code":"Success","LastUpdated":"2026-01-02T02:00:00Z","Type":"AWS-HMAC","AccessKeyId":"A",
    "SecretAccessKey":"S","Token":"T","Expiration":"2026-01-02T03:04:05Z"}]],
    { code = "Success", last_updated = "2026-01-02T02:00:00Z", type = "AWS-HMAC", access_key_id = "A",
      secret_access_key = "<S>", token = "<T>", expiration = TIME } },
  process = { [[{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","SessionToken":"T",
    "Expiration":"2026-01-02T03:04:05UTC","AccountId":"1"}]],
    { version = 1, access_key_id = "A", secret_access_key = "<S>", session_token = "<T>", expiration = TIME,
      account_id = "1" } },
  sso = { [[{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"S","sessionToken":"T",
    "expiration":1767323045000}}]],
    { role_credentials = { access_key_id = "A", secret_access_key = "<S>", session_token = "<T>",
      expiration = 1767323045000 } } },
  oidc = { [[{"accessToken":"A","expiresIn":28800,"idToken":"I","refreshToken":"R","tokenType":"Bearer"}]],
    { access_token = "<A>", expires_in = 28800, id_token = "<I>", refresh_token = "<R>",
      token_type = "Bearer" } },
  login = { [[{"accessToken":{"accessKeyId":"A","secretAccessKey":"S","sessionToken":"T"},"refreshToken":"R",
    "idToken":"I","tokenType":"aws_sigv4","expiresIn":900}]],
    { access_token = { access_key_id = "A", secret_access_key = "<S>", session_token = "<T>" },
      refresh_token = "<R>", id_token = "<I>", token_type = "aws_sigv4", expires_in = 900 } },
  sso_token = { [[{"accessToken":"A","expiresAt":"2026-01-02T03:04:05UTC","refreshToken":"R","clientId":"C",
    "clientSecret":"S","registrationExpiresAt":"2026-01-02T03:04:05Z","startUrl":"https://a","region":"r"}]],
    { access_token = "<A>", expires_at = TIME, refresh_token = "<R>", client_id = "C", client_secret = "<S>",
      registration_expires_at = TIME, start_url = "https://a", region = "r" } },
  login_token = { [[{"accessToken":{"accessKeyId":"A","secretAccessKey":"S","sessionToken":"T",
    "accountId":"1","expiresAt":"2026-01-02T03:04:05Z"},"refreshToken":"R","clientId":"C","dpopKey":"D",
    "idToken":"I","tokenType":"aws_sigv4"}]],
    { access_token = { access_key_id = "A", secret_access_key = "<S>", session_token = "<T>",
      account_id = "1", expires_at = TIME }, refresh_token = "<R>", client_id = "C", dpop_key = "<D>",
      id_token = "<I>", token_type = "aws_sigv4" } },
  sts = { [[<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
    <AssumedRoleUser><Arn>]] .. USER .. [[</Arn><AssumedRoleId>I:me</AssumedRoleId></AssumedRoleUser>
    <Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S&amp;&#47;</SecretAccessKey>
    <SessionToken>T</SessionToken><Expiration>2026-01-02T03:04:05Z</Expiration></Credentials>
    </AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleResponse>]],
    { assumed_role_user = { arn = USER, assumed_role_id = "I:me" },
      credentials = { access_key_id = "A", secret_access_key = "<S&/>", session_token = "<T>",
        expiration = TIME } } },
}

describe("an answer with credentials", function()
  before_each(before)
  after_each(after)

  for name, document in pairs(DOCUMENTS) do
    it("is decoded with what is secret sealed: " .. name, function()
      answers(document[1])
      local event = ask{ sink = "creds:" .. name }
      assert.same(document[2], opened(event.value))
      assert.is_nil(event.text or event.failure)
    end)
  end

  it("fails without a word of it where it is not what it should be", function()
    for body, code in pairs{ ['{"AccessKeyId":"canary","Token":"canary"'] = "json", ["canary canary"] = "json",
      ['{"Token":["canary"]}'] = "shape", ['{"Expiration":"canary"}'] = "shape", [""] = "json" } do
      answers(body)
      local event = ask{ sink = "creds:container" }
      server:stop()
      assert.equal(code, event.failure.code)
      assert.is_nil(event.failure.message:find("canary", 1, true))
      assert.is_nil(event.value or event.text)
    end
  end)

  it("of STS fails without a word of it where it is not what it should be", function()
    for body, code in pairs{ ["<AResponse><AResult><Arn>canary</Arn></AResult>"] = "xml", ["canary"] = "xml",
      ["<!DOCTYPE a><AResponse><AResult/></AResponse>"] = "doctype", ["{}"] = "xml", [""] = "xml",
      ["<ErrorResponse><Error><Code>canary</Code></Error></ErrorResponse>"] = "shape",
      ["<AResponse><AResult><Credentials>canary</Credentials></AResult></AResponse>"] = "shape" } do
      answers(body)
      local event = ask{ sink = "creds:sts" }
      server:stop()
      assert.equal(code, event.failure.code, body)
      assert.is_nil(event.failure.message:find("canary", 1, true))
      assert.is_nil(event.value or event.text)
    end
  end)

  it("is at most 256 KiB", function()
    local head, tail = '{"pad":"', '"}'
    local most = 256 * 1024
    answers(head .. ("x"):rep(most - #head - #tail) .. tail)
    assert.equal(most - #head - #tail, #ask{ sink = "creds:imds" }.value.pad)
    server:stop()
    answers(head .. ("x"):rep(most - #head - #tail + 1) .. tail)
    assert.equal("too_large", ask{ sink = "creds:imds" }.failure.code)
  end)

  it("is at most 256 KiB when its length is not announced, and in XML", function()
    handles([[connection:send("HTTP/1.1 200 OK\r\n\r\n<AResponse><AResult/>")
      connection:send((" "):rep(256 * 1024)) connection:close()]])
    local event = ask{ sink = "creds:sts" }
    assert.same({ "protocol", "too_large" }, { event.failure.kind, event.failure.code })
  end)

  it("can be kept as it is, sealed", function()
    answers("tok\0en")
    local event = ask{ sink = "sealed:6" }
    assert.equal("<secret>", tostring(event.value))
    assert.equal("tok\0en", event.value:reveal())
    assert.equal("too_large", ask{ sink = "sealed:5" }.failure.code)
    server:stop()
    answers("")
    assert.equal("", ask{ sink = "sealed:5" }.value:reveal())
    server:stop()
    answers("page", 404)
    local refusal = ask{ sink = "sealed:5" }
    assert.same({ 404, "page" }, { refusal.status, refusal.text })
  end)

  it("needs a sink that there is", function()
    answers("")
    for _, sink in ipairs{ "creds:", "creds:letter", "creds", "sealed:", "sealed:-1", "sealed:1x", "raw:",
      "raw: 1", "raw:1e3", "raw:9999999999999999" } do
      assert.is_false(pcall(ask, { sink = sink }), sink)
    end
    assert.equal(0, http:in_flight())
  end)
end)

describe("a refusal", function()
  before_each(before)
  after_each(after)

  --- What came of the refusal with the token in it, for a request that hides it.
  local function refused(body, fields)
    answers(body, 403)
    local request = { sink = "creds:container", hide = { core.secret(TOKEN) } }
    for name, value in pairs(fields or {}) do request[name] = value end
    local event = ask(request)
    assert.is_nil(event.failure)
    assert.equal(403, event.status)
    return event
  end

  it("in JSON has no hidden secret, however it spells it", function()
    local json = core.quote(TOKEN)
    assert.is_nil(refused('{"m":' .. json .. ',"b":1}').value.m:find("[^*]"))
    server:stop()
    assert.is_nil(refused('{"m":' .. json:gsub("/", "\\/") .. "}").value.m:find("[^*]"))
    server:stop()
    local escaped = TOKEN:gsub(".", function(byte) return ("\\u%04x"):format(byte:byte()) end)
    assert.is_nil(refused('{"m":"' .. escaped .. '"}').value.m:find("[^*]"))
  end)

  it("in XML has none either, and no more than its code and its message", function()
    local escaped = TOKEN:gsub('[&<>"/+]', function(byte) return ("&#x%x;"):format(byte:byte()) end)
    local event = refused("<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>of "
      .. escaped .. "</Message></Error><RequestId>1</RequestId></ErrorResponse>", { sink = "creds:sts" })
    assert.same({ "InvalidIdentityToken", "1" }, { event.value.Code, event.value.RequestId })
    assert.is_nil(event.value.Message:sub(4):find("[^*]"))
    assert.equal("of *", event.value.Message:sub(1, 4))
  end)

  it("in HTML has none either", function()
    local html = "<p>" .. TOKEN:gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
      ['"'] = "&quot;" }) .. "</p>"
    for _, sink in ipairs{ "creds:container", "creds:sts", "sealed:100", "raw:100" } do
      assert.is_nil(refused(html, { sink = sink }).text:sub(4, -5):find("[^*]"))
      server:stop()
    end
    assert.equal("a=" .. ("*"):rep(#core.secret(TOKEN):percent()), refused("a="
      .. core.secret(TOKEN):percent():reveal()).text)
  end)

  it("has no sealed header", function()
    handles([[return {status = 400, body = "you sent " .. request.headers["x-token"]}]])
    local event = ask{ headers = { ["X-Token"] = core.secret("canary-of-a-header") } }
    assert.equal("you sent " .. ("*"):rep(18), event.text)
    assert.equal("canary-of-a-header", server:requests()[1].headers["x-token"])
  end)

  it("has neither the session token nor the signature", function()
    handles([[return {status = 403, body = request.headers["x-amz-security-token"] .. "|"
      .. request.headers.authorization}]])
    local creds <close> = core.creds{ id = "AKIDEXAMPLE", key = "key", token = "canary-of-a-session", source = "x" }
    local text = ask{ creds = creds, region = "us-east-1", service = "sts" }.text
    assert.is_nil(text:find("[^*|]"))
  end)

  it("that is not XML is the text that came", function()
    answers("<html>busy", 503)
    assert.same({ 503, "<html>busy" }, { ask{ sink = "creds:sts" }.status, ask{ sink = "creds:sts" }.text })
  end)
end)

describe("a request with secrets", function()
  before_each(before)
  after_each(after)

  it("has the body byte for byte", function()
    handles([[return {body = (request.body:gsub(".", function(c) return ("%02x"):format(c:byte()) end))}]])
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local body = table.concat(all)
    local hex = body:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    assert.equal(hex, ask{ body = core.secret(body) }.value)
    assert.equal(hex, ask{ body = body }.value)
    assert.equal("", ask{ body = core.secret("") }.value)
    assert.equal("", ask{}.value)
  end)

  it("keeps its body and its headers when the secrets are closed", function()
    handles([[return {body = request.body .. request.headers["x-a"]}]])
    local body, header = core.secret("body"), core.secret("header")
    assert(http:submit{ kind = "http", method = "POST", url = server.url, sink = "raw:100", body = body,
      headers = { ["X-A"] = header }, hide = { body } })
    body:close()
    header:close()
    local events
    repeat events = http:poll(20) until #events > 0
    assert.equal("bodyheader", events[1].value)
  end)

  it("is a mistake with a header that ends its line, or is none", function()
    answers("")
    for _, value in ipairs{ "a\r\nX: y", "a\nb", "a\r", "a\0b" } do
      assert.has_error(function() ask{ headers = { ["X-A"] = value } } end,
        "request.headers has a line break or a name that is none")
    end
    for _, name in ipairs{ "", "X A", "X:", "X\r\nY", "X\0" } do
      assert.is_false(pcall(ask, { headers = { [name] = "a" } }), name)
    end
    local closed = core.secret("x")
    closed:close()
    for _, fields in ipairs{ { headers = { ["X-A"] = 5 } }, { headers = { "a" } }, { body = 5 }, { body = closed },
      { hide = { "string" } }, { hide = { closed } }, { hide = closed }, { headers = { ["X-A"] = closed } } } do
      assert.is_false(pcall(ask, fields))
    end
    local many = {}
    for i = 1, 5 do many[i] = core.secret("secret" .. i) end
    assert.has_error(function() ask{ hide = many } end, "request.hide has more than 4 secrets")
    assert.equal(0, http:in_flight())
    assert.same({}, server:requests())
  end)

  it("says who sends it in a User-Agent of its own, which is not signed", function()
    answers("")
    local creds <close> = core.creds{ id = "AKIDEXAMPLE", key = "key", source = "static" }
    ask{ creds = creds, region = "us-east-1", service = "sts", user_agent = "request/2 a b" }
    ask{}
    local signed, other = table.unpack(server:requests())
    assert.equal("request/2 a b", signed.headers["user-agent"])
    assert.equal("handle/1", other.headers["user-agent"])
    local names = signed.headers.authorization:match("SignedHeaders=([^,]+),")
    assert.truthy(names:find("host", 1, true))
    assert.is_nil(names:find("user-agent", 1, true))
    for _, text in ipairs{ "a\r\nX: y", "a\nb", "a\0b" } do
      assert.has_error(function() ask{ user_agent = text } end,
        "request.user_agent holds a line break or a zero byte")
    end
    assert.is_false(pcall(core.http, { user_agent = "a\r\nX: y" }))
  end)

  it("goes past a proxy that is dead when it is to go there directly", function()
    answers("here")
    http:close()
    http = core.http{ proxy = "http://127.0.0.1:1" }
    assert.equal("here", ask{ direct = true }.value)
    assert.truthy(ask{}.failure)
    assert.equal("here", ask{ direct = true }.value)
  end)
end)
