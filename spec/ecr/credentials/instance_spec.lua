-- SPDX-License-Identifier: MIT
-- Credentials of an EC2 instance's role. Expected values: AWS SDKs and Tools Reference Guide, "IMDS credential
-- provider"; EC2 User Guide, "Use the Instance Metadata Service"; botocore 1.43, utils.InstanceMetadataFetcher.
local home = require "spec.support.home"
local process = require "spec.support.process"

local ROLES = "/latest/meta-data/iam/security-credentials"
local ID, KEY, SESSION = "ASIAINSTANCEEXAMPLE0", "canaryInstanceKey/7MDENGbPxRfiCYEXAMPLEK", "canaryInstanceSession=="

--- The metadata service. `special` (Lua text) is asked first; it sees `request`, `connection`, `keys` (the right
--- answer), `count` (how often this method and path were asked), `PATH` (of the roles).
local SERVICE = [[
local PATH, tokens, counts = %q, 0, {}
local keys = '{"Code":"Success","LastUpdated":"2026-01-01T00:00:00Z","Type":"AWS-HMAC","AccessKeyId":"%s",'
  .. '"SecretAccessKey":"%s","Token":"%s","Expiration":"2099-01-02T03:04:05Z","AccountId":"123456789012"}'
local function special(request, connection, count) %s end
return function(request, connection)
  local path = request.path
  counts[request.method .. path] = (counts[request.method .. path] or 0) + 1
  local answer = special(request, connection, counts[request.method .. path])
  if answer then return answer end
  if request.method == "PUT" and path == "/latest/api/token" then
    tokens = tokens + 1
    return {body = "canaryImdsToken" .. tokens .. "=="}
  elseif path == PATH .. "-extended/" or path == PATH .. "/" then
    return {body = "the-role\nanother"}
  elseif path == PATH .. "-extended/the-role" or path == PATH .. "/the-role" then
    return {body = path:find("extended") and keys or keys:gsub(',"AccountId":"%%d+"', "")}
  end
  return {status = 404, body = "<html>not found</html>"}
end]]

local NOT_EXTENDED = "if request.path:find('extended', 1, true) then return {status = 404} end "

local place, server

local function serve(special)
  server = process.serve(SERVICE:format(ROLES, ID, KEY, SESSION, special or ""))
  return server
end

--- The environment of an instance whose metadata service is the server; with more.
local function here(more)
  local environment = { AWS_EC2_METADATA_DISABLED = "false", AWS_METADATA_SERVICE_TIMEOUT = "0.5",
    AWS_EC2_METADATA_SERVICE_ENDPOINT = server.url .. "/" }
  for name, value in pairs(more or {}) do environment[name] = value end
  return environment
end

local function credentials(more)
  return place:credentials(here(more))
end

--- The explanation of this source, checked for canaries.
local function explained(more)
  local steps, text = place:explain(here(more))
  assert.not_matches("canary", text)
  return steps["instance metadata"], text
end

--- What was asked, as "METHOD path".
local function asked()
  local list = {}
  for i, request in ipairs(server:requests()) do list[i] = request.method .. " " .. request.path end
  return list
end

local function tapped(more)
  more = here(more)
  more.ANSWERED_BY = server.url
  if more.AWS_EC2_METADATA_SERVICE_ENDPOINT == server.url .. "/" then more.AWS_EC2_METADATA_SERVICE_ENDPOINT = "" end
  return place:ecrlua({ "spec/support/tapped.lua" }, more).output
end

describe("instance metadata", function()
  before_each(function()
    place, server = home.new(), nil
  end)

  after_each(function()
    if server then server:stop() end
    place:remove()
  end)

  it("gives the credentials of the role, with the account", function()
    serve()
    assert.same({ Version = 1, AccessKeyId = ID, SecretAccessKey = KEY, SessionToken = SESSION,
      Expiration = "2099-01-02T03:04:05+00:00", AccountId = "123456789012" }, credentials())
  end)

  it("is asked for a token, the role, and the role's keys", function()
    serve()
    credentials()
    assert.same({ "PUT /latest/api/token", "GET " .. ROLES .. "-extended/", "GET " .. ROLES .. "-extended/the-role" },
      asked())
  end)

  it("is asked for a token of six hours, and with that token from then on", function()
    serve()
    credentials()
    local requests = server:requests()
    assert.equal("21600", requests[1].headers["x-aws-ec2-metadata-token-ttl-seconds"])
    assert.is_nil(requests[1].headers["x-aws-ec2-metadata-token"])
    for i = 2, 3 do assert.equal("canaryImdsToken1==", requests[i].headers["x-aws-ec2-metadata-token"]) end
  end)

  it("is asked on the older path where the newer is not there, with the same token", function()
    serve(NOT_EXTENDED)
    local creds = credentials()
    assert.same({ ID, nil }, { creds.AccessKeyId, creds.AccountId })
    assert.same({ "PUT /latest/api/token", "GET " .. ROLES .. "-extended/", "GET " .. ROLES .. "/",
      "GET " .. ROLES .. "/the-role" }, asked())
  end)

  it("is asked for a new token once when the token is refused", function()
    serve("if request.path == PATH .. '-extended/the-role' and count == 1 then return {status = 401} end")
    assert.equal(ID, credentials().AccessKeyId)
    local requests = server:requests()
    assert.equal("canaryImdsToken2==", requests[#requests].headers["x-aws-ec2-metadata-token"])
  end)

  it("is an error when the new token is refused too", function()
    serve("if request.method == 'GET' then return {status = 401} end")
    local creds, errors = credentials()
    assert.is_nil(creds)
    assert.matches("instance metadata", errors)
    assert.same({ "PUT /latest/api/token", "GET " .. ROLES .. "-extended/", "PUT /latest/api/token",
      "GET " .. ROLES .. "-extended/" }, asked())
  end)

  for _, status in ipairs{ 403, 404, 405 } do
    local refuse = ("if request.method == 'PUT' then return {status = %d} end"):format(status)

    it(("is not asked without a token when there is none for %d"):format(status), function()
      serve(refuse)
      local step = explained()
      assert.equal("passed over", step.state)
      assert.matches(("HTTP status %d"):format(status), step.detail)
      assert.matches("ec2_metadata_v1", step.detail)
      assert.same({ "PUT /latest/api/token" }, asked())
    end)

    it(("is asked without a token for %d where code allows it"):format(status), function()
      serve(refuse)
      assert.matches("\ngot instance\n", tapped{ FIRST_VERSION = "true" })
      for _, request in ipairs(server:requests()) do assert.is_nil(request.headers["x-aws-ec2-metadata-token"]) end
    end)
  end

  it("is not asked without a token where the environment forbids it, whatever code allows", function()
    serve("if request.method == 'PUT' then return {status = 404} end")
    assert.not_matches("got instance", tapped{ FIRST_VERSION = "true", AWS_EC2_METADATA_V1_DISABLED = "true" })
    assert.same({ "PUT /latest/api/token" }, asked())
  end)

  it("is not asked without a token where the profile forbids it, whatever code allows", function()
    serve("if request.method == 'PUT' then return {status = 404} end")
    place:write(".aws/config", "[default]\nec2_metadata_v1_disabled = true\n")
    assert.not_matches("got instance", tapped{ FIRST_VERSION = "true" })
  end)

  it("is asked without a token when no token comes and code allows it", function()
    serve("if request.method == 'PUT' then connection:sleep(2) end")
    assert.matches("\ngot instance\n", tapped{ FIRST_VERSION = "true", AWS_METADATA_SERVICE_TIMEOUT = "0.2" })
  end)

  it("is an error when the token is refused as wrong, also where version 1 is allowed", function()
    serve("if request.method == 'PUT' then return {status = 400} end")
    assert.matches("error %a+ instance metadata", tapped{ FIRST_VERSION = "true" })
    assert.same({ "PUT /latest/api/token" }, asked())
  end)

  local NO_TOKENS = { empty = "", ["of two lines"] = "canary1\r\nX-Evil: canary2", huge = ("x"):rep(9999) }
  for name, body in pairs(NO_TOKENS) do
    it("is not asked on with a token that is " .. name, function()
      serve(("if request.method == 'PUT' then return {body = %q} end"):format(body))
      assert.not_equal("used", explained().state)
      assert.same({ "PUT /latest/api/token" }, asked())
    end)
  end

  it("says the hop limit when no token comes in time, and passes on", function()
    serve("connection:sleep(2)")
    local step = explained{ AWS_METADATA_SERVICE_TIMEOUT = "0.2" }
    assert.equal("passed over", step.state)
    assert.matches("hop limit of 2", step.detail)
    assert.matches("modify-instance-metadata-options", step.detail, nil, true)
  end)

  it("passes on where nobody listens", function()
    serve():stop()
    local step = explained()
    assert.same({ state = "passed over", detail = "not reachable" }, step)
  end)

  it("is the last: there are no credentials where it is not reachable, and the error says so", function()
    serve():stop()
    local creds, errors, code = credentials()
    assert.is_nil(creds)
    assert.equal(3, code)
    assert.matches("no AWS credentials", errors)
    assert.matches("instance metadata: not reachable", errors)
  end)

  it("never goes through a proxy", function()
    serve()
    local dead = "http://127.0.0.1:9"
    assert.equal(ID, credentials{ http_proxy = dead, HTTP_PROXY = dead, all_proxy = dead, ALL_PROXY = dead,
      no_proxy = "", NO_PROXY = "" }.AccessKeyId)
  end)

  it("never follows a redirect", function()
    serve("if request.path:find('the-role', 1, true) and count == 1 then return {status = 302, "
      .. "headers = {location = request.path .. '?'}} end")
    assert.equal("broken", explained().state)
    assert.equal(3, #asked())
  end)

  -- --- what it may not have ------------------------------------------------------------------------

  it("passes on where the instance has no role", function()
    serve("if request.method == 'GET' then return {status = 404} end")
    local step = explained()
    assert.same({ state = "passed over", detail = "the instance has no role" }, step)
  end)

  for name, body in pairs{ empty = "", ["no role's name"] = "../../user-data", ["a page"] = "<html>hi</html>" } do
    it("passes on where the list of roles is " .. name, function()
      serve(("if request.path:sub(-1) == '/' then return {body = %q} end"):format(body))
      assert.equal("passed over", explained().state)
      assert.equal(2, #asked())
    end)
  end

  it("passes on with the service's words where it has no success", function()
    serve([[if request.path:find("the-role", 1, true) then
      return {body = '{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role the-role."}'} end]])
    local step = explained()
    assert.equal("passed over", step.state)
    assert.matches("EC2 cannot assume the role the-role.", step.detail, nil, true)
  end)

  local BROKEN = {
    ["HTML"] = "<html>canary</html>", ["half an answer"] = "keys:sub(1, 150)", ["nothing"] = "",
    ["an answer without a key"] = "keys:gsub('SecretAccessKey', 'Other')",
    ["a wrong date"] = "keys:gsub('2099', 'soon')",
  }
  for name, body in pairs(BROKEN) do
    it("gives no credentials where the keys are " .. name, function()
      serve(([[local function answer() return %s end
        if request.path:find("the-role", 1, true) then return {body = (answer())} end]]):format(
        body:find("^keys") and body or ("%q"):format(body)))
      local step = explained()
      assert.is_true(step.state == "broken" or step.state == "passed over")
      assert.is_true(#step.detail > 10)
    end)
  end

  it("is an error where it fails, and is asked as often as the settings say", function()
    serve("if request.path:sub(-1) == '/' then return {status = 500} end")
    local step = explained()
    assert.equal("broken", step.state)
    assert.matches("instance metadata: HTTP status 500", step.detail)
    assert.equal(2, #asked())
  end)

  it("is asked again where the settings say two attempts", function()
    serve("if request.path:sub(-1) == '/' and count == 1 then return {status = 500} end")
    assert.equal(ID, credentials{ AWS_METADATA_SERVICE_NUM_ATTEMPTS = "2" }.AccessKeyId)
  end)

  -- --- static stability ----------------------------------------------------------------------------

  for name, expiry in pairs{ ["have expired"] = -3600, ["are about to expire"] = 5 } do
    it("gives credentials that " .. name, function()
      serve(([[local ends = os.date("!%%Y-%%m-%%dT%%H:%%M:%%SZ", os.time() + %d)
        if request.path:find("the-role", 1, true) then return {body = (keys:gsub("2099.-Z", ends))} end
        ]]):format(expiry))
      assert.equal(ID, credentials().AccessKeyId)
    end)
  end

  -- --- settings ------------------------------------------------------------------------------------

  for _, text in ipairs{ "true", "TRUE", "True", "tRuE" } do
    it("is not asked where AWS_EC2_METADATA_DISABLED is " .. text, function()
      serve()
      local step = explained{ AWS_EC2_METADATA_DISABLED = text }
      assert.equal("passed over", step.state)
      assert.matches("AWS_EC2_METADATA_DISABLED", step.detail)
      assert.same({}, asked())
    end)
  end

  it("is asked where AWS_EC2_METADATA_DISABLED is empty or False", function()
    serve()
    assert.equal(ID, credentials{ AWS_EC2_METADATA_DISABLED = "" }.AccessKeyId)
    assert.equal(ID, credentials{ AWS_EC2_METADATA_DISABLED = "False" }.AccessKeyId)
  end)

  it("is at its link-local address", function()
    serve()
    assert.matches("^asked PUT http://169%.254%.169%.254/latest/api/token\n", tapped())
  end)

  for _, mode in ipairs{ "IPv6", "ipv6", "IPV6" } do
    it(("is at its IPv6 address in the mode %s"):format(mode), function()
      serve()
      assert.matches("^asked PUT http://%[fd00:ec2::254%]/latest/api/token\n",
        tapped{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = mode })
    end)
  end

  it("is at the IPv6 address where the profile says so", function()
    serve()
    place:write(".aws/config", "[default]\nec2_metadata_service_endpoint_mode = IPv6\n")
    assert.matches("^asked PUT http://%[fd00:ec2::254%]/", tapped())
  end)

  it("is at the endpoint that is set, whatever the mode", function()
    serve()
    assert.matches("^asked PUT http://10%.0%.0%.7:8080/latest/api/token\n", tapped{
      AWS_EC2_METADATA_SERVICE_ENDPOINT = "http://10.0.0.7:8080", AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv6" })
  end)

  it("is at the endpoint that the profile says", function()
    serve()
    place:write(".aws/config", "[default]\nec2_metadata_service_endpoint = " .. server.url .. "\n")
    assert.equal(ID, credentials{ AWS_EC2_METADATA_SERVICE_ENDPOINT = "" }.AccessKeyId)
  end)

  it("refuses a mode that there is not", function()
    serve()
    local _, errors = credentials{ AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv5" }
    assert.matches("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", errors)
  end)

  it("refuses an endpoint that is no URL, and names the variable", function()
    serve()
    local _, errors = credentials{ AWS_EC2_METADATA_SERVICE_ENDPOINT = "http://user:canaryPassword@here/" }
    assert.matches("instance metadata", errors)
    assert.matches("AWS_EC2_METADATA_SERVICE_ENDPOINT", errors)
    assert.not_matches("canary", errors)
  end)

  it("is not asked for the role where it is named", function()
    serve()
    assert.equal(ID, credentials{ AWS_EC2_INSTANCE_PROFILE_NAME = "the-role" }.AccessKeyId)
    assert.same({ "PUT /latest/api/token", "GET " .. ROLES .. "-extended/the-role" }, asked())
  end)

  it("is asked on the older path for a role that is named, where the newer is not there", function()
    serve(NOT_EXTENDED)
    place:write(".aws/config", "[default]\nec2_instance_profile_name = the-role\n")
    assert.equal(ID, credentials().AccessKeyId)
  end)

  it("names the role that is named and not there", function()
    serve()
    local step = explained{ AWS_EC2_INSTANCE_PROFILE_NAME = "no-such-role" }
    assert.not_equal("used", step.state)
    assert.matches("no%-such%-role", step.detail)
  end)

  it("refuses a role's name that is another path, and names the variable", function()
    serve()
    local step = explained{ AWS_EC2_INSTANCE_PROFILE_NAME = "../../user-data?x" }
    assert.equal("broken", step.state)
    assert.matches("AWS_EC2_INSTANCE_PROFILE_NAME", step.detail)
    assert.same({}, asked())
  end)
end)
