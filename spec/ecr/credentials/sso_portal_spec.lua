-- SPDX-License-Identifier: MIT
-- What the portal of IAM Identity Center answers when it does not answer well. Errors as in
-- facts/credentials.md, section 7: REST-JSON, the code in x-amzn-ErrorType.
local cached = require "spec.support.cached"
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local CONFIG = [[
[default]
sso_session = my-sso
sso_account_id = 111122223333
sso_role_name = Reader
[sso-session my-sso]
sso_region = eu-west-1
sso_start_url = https://d-abc123.awsapps.com/start
]]

local KEYS = { accessKeyId = "ASIAOFTHEPORTAL", secretAccessKey = "Canary-secret", sessionToken = "Canary-session",
  expiration = 4102444800000 }

local function answer(changes)
  return ("return {body = %q}"):format(cjson.encode{ roleCredentials = cached.with(KEYS, changes) })
end

--- An error as the portal gives it.
local function fault(status, code, message)
  return ("return {status = %d, body = %q, headers = {['x-amzn-ErrorType'] = %q, ['x-amzn-RequestId'] = 'r-9'}}")
    :format(status, cjson.encode{ message = message, __type = "com.amazonaws.switchboard.portal#" .. code }, code)
end

describe("the portal of IAM Identity Center", function()
  local place, server

  before_each(function()
    place = home.new{ config = CONFIG }
    place:write(".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json",
      cjson.encode{ accessToken = "Canary-access-token", expiresAt = cached.time(7200) })
  end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  local function serve(body)
    server = process.serve("return function(request, connection) " .. body .. " end")
  end

  local function ask(options) return cached.ask(place, { AWS_ENDPOINT_URL_SSO = server.url }, options) end

  local function refusal(options)
    return cached.refusal(place, { AWS_ENDPOINT_URL_SSO = server.url }, options or { "--retries", "0" })
  end

  it("that does not know the token any more makes it say to log in again", function()
    serve(fault(401, "UnauthorizedException", "Session token not found or invalid"))
    local text = refusal()
    assert.matches("IAM Identity Center", text)
    assert.matches("aws sso login", text)
    assert.matches("Session token not found or invalid", text)
  end)

  it("that refuses the role is quoted, with the account and the role", function()
    serve(fault(403, "ForbiddenException", "No access"))
    local text = refusal()
    assert.matches("IAM Identity Center", text)
    assert.matches("No access", text)
    assert.matches("ForbiddenException", text)
    assert.matches("111122223333", text)
    assert.matches("Reader", text)
  end)

  it("that does not know the role is quoted", function()
    serve(fault(404, "ResourceNotFoundException", "The role was not found"))
    local text = refusal()
    assert.matches("IAM Identity Center", text)
    assert.matches("The role was not found", text)
    assert.matches("Reader of account 111122223333", text)
  end)

  it("is not asked again after a refusal", function()
    serve(fault(403, "ForbiddenException", "No access"))
    refusal{}
    assert.equal(1, #server:requests())
  end)

  for _, row in ipairs{ { 429, "TooManyRequestsException" }, { 500, "InternalServerException" } } do
    it(("is asked again after %d"):format(row[1]), function()
      serve("if request.count == 1 then " .. fault(row[1], row[2], "later") .. " end " .. answer())
      assert.equal("ASIAOFTHEPORTAL", ask().AccessKeyId)
      assert.equal(2, #server:requests())
    end)

    it(("that always answers %d is named with its error"):format(row[1]), function()
      serve(fault(row[1], row[2], "later"))
      local text = refusal()
      assert.matches("IAM Identity Center", text)
      assert.matches(row[2], text)
      assert.is_nil(text:find("log in", 1, true)) -- that would not help
      assert.equal(1, #server:requests())
    end)
  end

  -- Answers that are no credentials.
  local wrong = {
    { "with nothing", "return {body = ''}" },
    { "with half a document", [[return {body = '{"roleCredentials":{"secretAccessKey":"Canary'}]] },
    { "with a page", "return {headers = {['content-type'] = 'text/html'}, body = '<html>Canary</html>'}" },
    { "with a list", "return {body = '[]'}" },
    { "without credentials", "return {body = '{}'}" },
    { "with null", [[return {body = '{"roleCredentials":null}'}]] },
    { "without a key id", answer{ accessKeyId = false } },
    { "without a secret", answer{ secretAccessKey = false } },
    { "without a session token", answer{ sessionToken = false } },
    { "with an empty secret", answer{ secretAccessKey = "" } },
    { "with a number for a secret", answer{ secretAccessKey = 5 } },
    { "with a text for its end", answer{ expiration = "Canary" } },
    { "with keys that have expired", answer{ expiration = 1577934245000 } },
    { "with an end that is no time", answer{ expiration = 1e300 } },
    { "cut off", [[connection:send("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"roleCredentials\":{")
      connection:close()]] },
    { "without end", [[connection:send("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{\"a\":\"")
      for _ = 1, 9000 do if not connection:send(("Canary"):rep(2000)) then break end end]] },
    { "with a redirect", "return {status = 302, headers = {location = 'http://127.0.0.1:1/'}}" },
    { "with something that is no HTTP", [[connection:send("SSH-2.0-Canary\r\n") connection:close()]] },
  }
  for _, row in ipairs(wrong) do
    it(("that answers %s is named in the refusal"):format(row[1]), function()
      serve(row[2])
      assert.matches("IAM Identity Center", refusal())
    end)
  end

  it("that says nothing is given up in time", function()
    serve("connection:sleep(30)")
    local before = os.time()
    assert.matches("IAM Identity Center", refusal{ "--retries", "0", "--timeout", "0.3" })
    assert.is_true(os.time() - before < 3)
  end)

  it("that quotes the token does not show it", function()
    serve([[return {status = 403, headers = {['x-amzn-ErrorType'] = 'ForbiddenException'},
      body = '{"message":"no access with ' .. request.headers["x-amz-sso_bearer_token"] .. '"}'}]])
    assert.matches("no access with %*+", refusal())
  end)

  it("that nobody can reach is named with its address", function()
    serve("")
    server:stop()
    local text = refusal()
    assert.matches("IAM Identity Center", text)
    assert.matches("127%.0%.0%.1", text)
  end)

  it("is told apart from a control character's mischief", function()
    serve(fault(403, "ForbiddenException", "no\27[2Jaccess\nnot here"))
    assert.matches("no %[2Jaccess not here", refusal())
  end)
end)
