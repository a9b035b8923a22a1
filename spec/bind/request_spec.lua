-- SPDX-License-Identifier: MIT
-- What a request of the credential sources may ask for beyond an operation's: a sink for documents.
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
return function(request) return answers[request.path] end]]

local server, http

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
end)
