-- SPDX-License-Identifier: MIT
-- What a request of the credential sources may ask for beyond an operation's: a sink for documents, secrets in
-- headers and body, no proxy, a User-Agent of its own.
local core = require "ecr.core"
local process = require "spec.support.process"

--- Answers with what the path names, and quotes what came where it says "echo".
local HANDLER = [[
local answers = {
  ["/container"] = {body = '{"AccessKeyId":"ASIA","SecretAccessKey":"canary-key","Expiration":"2026-01-02T03:04:05Z"}'},
  ["/sts"] = {body = "<AResponse><AResult><Credentials><SessionToken>canary&#45;token</SessionToken></Credentials>"
    .. "</AResult></AResponse>"},
  ["/sts-denied"] = {status = 403, body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
    .. "<Message>not &quot;you&quot;</Message></Error><RequestId>c6104cbe</RequestId></ErrorResponse>"},
  ["/sts-json"] = {status = 403, body = '{"message":"no"}'},
  ["/page"] = {status = 503, body = "<html><body>busy</body></html>"},
  ["/number"] = {body = '{"SecretAccessKey":1}'},
  ["/denied"] = {status = 403, body = '{"code":"InvalidToken","message":"no"}'},
  ["/most"] = {body = '{"a":"' .. ("x"):rep(262136) .. '"}'},
  ["/more"] = {body = '{"a":"' .. ("x"):rep(262137) .. '"}'},
}
return function(request)
  if request.path == "/echo" or request.path == "/echo-json" then
    local quoted = request.body .. "|" .. (request.headers.authorization or "") .. "|"
      .. (request.headers["x-plain"] or "")
    if request.path == "/echo-json" then quoted = require("cjson").encode{message = quoted} end
    return {status = 400, body = quoted}
  elseif request.path == "/echo-xml" then
    local token = request.body:match("Token=([^&]*)"):gsub("%%(%x%x)", function(hex)
      return "&#x" .. hex .. ";"
    end)
    return {status = 400, body = "<ErrorResponse><Error><Message>bad " .. token .. "</Message></Error></ErrorResponse>"}
  end
  return answers[request.path] or {body = request.path}
end]]

local server, http

--- What the server was asked last.
local function last()
  local requests = server:requests()
  return requests[#requests]
end

--- Long enough for a token, with what base64 has besides letters.
local TOKEN = "canary/0123456789+abcdefghijklmnopqrstuvw=="

local function ask(fields)
  fields.kind, fields.method = "http", fields.method or "GET"
  fields.url = server.url .. fields.url
  local ticket = assert(http:submit(fields))
  local events
  repeat events = http:poll(20) until #events > 0
  assert.equal(ticket, events[1].ticket)
  return events[1]
end

describe("a request of a credential source", function()
  setup(function() server = process.serve(HANDLER) end)
  teardown(function() server:stop() end)
  before_each(function() http = core.http{ proxy = "" } end)
  after_each(function() http:close() end)

  it("has its answer decoded along a document, secrets sealed", function()
    local event = ask{ url = "/container", sink = "creds:container" }
    assert.equal(200, event.status)
    assert.same({ "ASIA", "canary-key", 1767323045 }, { event.value.access_key_id,
      event.value.secret_access_key:reveal(), event.value.expiration })
  end)

  it("fails where the answer is no such document", function()
    local event = ask{ url = "/number", sink = "creds:container" }
    assert.same({ "protocol", "shape" }, { event.failure.kind, event.failure.code })
    assert.is_nil(event.value)
  end)

  it("has a refusal without a document", function()
    local event = ask{ url = "/denied", sink = "creds:container" }
    assert.equal(403, event.status)
    assert.same({ code = "InvalidToken", message = "no" }, event.value)
  end)

  it("has an answer in XML decoded, and a refusal with its code", function()
    local event = ask{ url = "/sts", sink = "creds:sts" }
    assert.equal("canary-token", event.value.credentials.session_token:reveal())
    event = ask{ url = "/sts-denied", sink = "creds:sts" }
    assert.equal(403, event.status)
    assert.same({ Code = "AccessDenied", Message = 'not "you"', RequestId = "c6104cbe" }, event.value)
    assert.equal("xml", ask{ url = "/container", sink = "creds:sts" }.failure.code)
  end)

  it("has a refusal of somebody in between as it is", function()
    assert.same({ message = "no" }, ask{ url = "/sts-json", sink = "creds:sts" }.value)
    for _, document in ipairs{ "sts", "container" } do
      local event = ask{ url = "/page", sink = "creds:" .. document }
      assert.same({ 503, "<html><body>busy</body></html>" }, { event.status, event.text })
    end
  end)

  it("takes at most 256 KiB", function()
    assert.equal(262136, #ask{ url = "/most", sink = "creds:container" }.value.a)
    local failure = ask{ url = "/more", sink = "creds:container" }.failure
    assert.same({ "protocol", "too_large" }, { failure.kind, failure.code })
  end)

  it("is refused for a document that the model does not have", function()
    assert.has_error(function() ask{ url = "/", sink = "creds:letter" } end, "the model has no document letter")
  end)

  it("sends secrets in headers and body as they are", function()
    ask{ method = "POST", url = "/raw", sink = "raw:100", body = core.join{ "a=", core.secret("canary\0body") },
      headers = { Authorization = core.secret("Bearer canary-header"), ["X-Plain"] = "plain",
        ["X-Empty"] = core.secret("") } }
    local request = last()
    assert.same({ "a=canary\0body", "Bearer canary-header", "plain", "" }, { request.body,
      request.headers.authorization, request.headers["x-plain"], request.headers["x-empty"] })
  end)

  it("signs a secret in a header and in the body as it signs text", function()
    local function signature(wrap)
      local creds <close> = core.creds{ id = "AKID", key = "key", source = "spec" }
      ask{ method = "POST", url = "/raw", sink = "raw:100", body = wrap("a=b"), headers = { ["X-Meta"] = wrap("c") },
        creds = creds, region = "us-east-1", service = "sts" }
      local headers = last().headers
      return headers.authorization, headers["x-amz-date"]
    end
    local sealed, sealed_date = signature(core.secret)
    local plain, plain_date = signature(function(text) return text end)
    assert.matches("SignedHeaders=host;x%-amz%-date;x%-meta", sealed)
    if sealed_date == plain_date then assert.equal(plain, sealed) end
  end)

  it("takes no secret with a line break or a zero byte into a header, and does not show it", function()
    for _, text in ipairs{ "canary\n", "canary\r\nX-Other: 1", "canary\0" } do
      local ticket, failure = http:submit{ kind = "http", method = "GET", url = server.url, sink = "raw:1",
        headers = { Authorization = core.secret(text) } }
      assert.is_nil(ticket)
      assert.same({ "input", "header" }, { failure.kind, failure.code })
      assert.matches("Authorization", failure.message)
      assert.is_nil(failure.message:find("canary", 1, true))
    end
    assert.has_error(function()
      http:submit{ kind = "http", method = "GET", url = server.url, sink = "raw:1", headers = { A = 1 } }
    end, "request.headers must map strings to strings or secrets")
    assert.has_error(function()
      http:submit{ kind = "http", method = "POST", url = server.url, sink = "raw:1", body = {} }
    end, "request.body must be a string or a secret")
    local closed = core.secret("x")
    closed:close()
    assert.has_error(function()
      http:submit{ kind = "http", method = "POST", url = server.url, sink = "raw:1", body = closed }
    end, "secret is closed")
  end)

  it("reads no secret of its own back from a refusal, whole or in part", function()
    for _, path in ipairs{ "/echo", "/echo-json" } do
      local event = ask{ method = "POST", url = path, sink = "creds:container",
        body = core.join{ "Action=GetToken&Token=", core.secret(TOKEN) },
        headers = { Authorization = core.secret("Bearer " .. TOKEN), ["X-Plain"] = "plain " .. TOKEN } }
      local text = event.text or event.value.message
      assert.is_nil(text:find("canary", 1, true), text)
      assert.matches("plain", text)
    end
  end)

  it("reads no secret back that XML spells in another way", function()
    local encoded = TOKEN:gsub("[/+=]", function(char) return ("%%%02X"):format(char:byte()) end)
    local event = ask{ method = "POST", url = "/echo-xml", sink = "creds:sts",
      body = core.secret("Action=GetToken&Token=" .. encoded .. "&Version=1") }
    assert.equal("bad " .. ("*"):rep(#TOKEN), event.value.Message)
  end)

  it("goes through no proxy where it must go directly", function()
    http:close()
    http = core.http{ proxy = server.url }
    assert.equal(server.url .. "/far", ask{ url = "/far", sink = "raw:100" }.value)
    assert.equal("/near", ask{ url = "/near", sink = "raw:100", direct = true }.value)
  end)

  it("has a User-Agent of its own, which is not signed", function()
    http:close()
    http = core.http{ proxy = "", user_agent = "handle/1" }
    ask{ url = "/a", sink = "raw:100" }
    assert.equal("handle/1", last().headers["user-agent"])
    local creds <close> = core.creds{ id = "AKID", key = "key", source = "spec" }
    ask{ url = "/a", sink = "raw:100", user_agent = "request/2 m/g", creds = creds, region = "us-east-1",
      service = "sts" }
    assert.equal("request/2 m/g", last().headers["user-agent"])
    assert.is_nil(last().headers.authorization:find("user-agent", 1, true))
    assert.has_error(function() ask{ url = "/a", sink = "raw:100", user_agent = "a\r\nb: c" } end,
      "request.user_agent holds a line break or a zero byte")
  end)
end)
