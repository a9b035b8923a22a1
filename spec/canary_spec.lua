-- SPDX-License-Identifier: MIT
-- Recognisable secrets in every source of credentials, everything logged and recorded, and servers that refuse
-- with the whole request quoted back in all the ways that servers have: none of the secrets is ever shown.
local cjson = require "cjson"
local cloud = require "spec.support.cloud"
local home = require "spec.support.home"
local process = require "spec.support.process"

local L = cloud.LINES

--- Asks for the explanation and calls ECR; prints each error with all that hangs on it.
local WORK = [[
local ecr = require "ecr"
local seen = {}
local function show(value, name)
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for key, item in pairs(value) do show(item, name .. "." .. tostring(key)) end
  end
  print(name, tostring(value))
end
local client, err = ecr.client{}
if not client then return print("refused", err) end
show(client:explain_credentials(), "steps")
print(client:explain_credentials())
print(client:explain_config())
show(select(2, client:call("DescribeRepositories", {})) or "fine", "error")
show(select(2, client.auth:get_token()) or "fine", "error")
local creds, problem = client:credentials()
print(creds)
show(problem, "problem")
if problem then error(problem) end
]]

--- Ways to quote a request: Lua text that sees `whole` (as it came), `decoded` (percent-decoded), `one` (one line).
local QUOTES = {
  ["JSON"] = [[return {status = 403, headers = {["content-type"] = "application/json"}, body = cjson.encode{
    __type = "AccessDeniedException", message = whole, error = whole, error_description = decoded}}]],
  ["JSON without escaped slashes"] = [[return {status = 403, body = (cjson.encode{message = decoded, code = whole,
    Code = decoded}:gsub("\\/", "/"))}]],
  ["XML"] = [[return {status = 403, headers = {["content-type"] = "text/xml"}, body = "<ErrorResponse><Error>"
    .. "<Type>Sender</Type><Code>AccessDenied</Code><Message>" .. escaped(whole) .. "</Message></Error>"
    .. "<RequestId>1</RequestId></ErrorResponse>"}]],
  ["XML, decoded"] = [[return {status = 400, headers = {["content-type"] = "text/xml"}, body = "<ErrorResponse>"
    .. "<Error><Code>" .. escaped(decoded) .. "</Code><Message>" .. escaped(decoded):gsub("[/+=]", function(c)
      return "&#" .. c:byte() .. ";" end) .. "</Message></Error></ErrorResponse>"}]],
  ["a page"] = [[return {status = 403, headers = {["content-type"] = "text/html"},
    body = "<html>" .. decoded .. whole .. "</html>"}]],
  ["a server error"] = [[return {status = 501, body = decoded}]],
  ["headers"] = [[return {status = 403, headers = {["x-amzn-errortype"] = one, ["x-amzn-requestid"] = one,
    ["x-amz-request-id"] = one, ["x-amzn-error-message"] = one}, body = "{}"}]],
  ["a redirect"] = [[return {status = 302, headers = {location = "http://127.0.0.1:9/?" .. one}}]],
  ["a status line"] = [[connection:send("HTTP/1.1 403 " .. one .. "\r\nContent-Length: 0\r\n\r\n")
    return false]],
}

local WAYS = {}
for way in pairs(QUOTES) do WAYS[#WAYS + 1] = way end
table.sort(WAYS)

--- Refuses the requests whose "METHOD path body" begins with WHEN.
local REFUSE = [[
  local line = request.method .. " " .. request.path .. " " .. request.body
  if line:sub(1, #%q) ~= %q then return nil end
  local parts = {line}
  for name, value in pairs(request.headers) do parts[#parts + 1] = name .. ": " .. value end
  local whole = table.concat(parts, "\n") .. "\n" .. request.body
  local decoded = whole:gsub("%%%%(%%x%%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  local one = whole:gsub("%%c", " ")
  local function escaped(text) return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub("\"", "&quot;")) end
  %s
]]

local SSO_SESSION = "[default]\nsso_session = my-sso\nsso_account_id = 123456789012\nsso_role_name = reader\n"
  .. "[sso-session my-sso]\nsso_region = us-east-1\nsso_start_url = " .. cloud.START_URL .. "\n"

local place, server

local function in_an_hour(hours)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600 * hours)
end

--- A session whose token has expired and can be renewed.
local function write_sso_session()
  place:write(cloud.SSO_SESSION_FILE, cjson.encode{ accessToken = "canarySsoAccessOld/0123", expiresAt = in_an_hour(-1),
    refreshToken = "canarySsoRefresh/0123456789", clientId = "client", clientSecret = "canaryClientSecret/0123",
    registrationExpiresAt = in_an_hour(9), startUrl = cloud.START_URL, region = "us-east-1" })
end

--- A login session that has expired and can be renewed.
local function write_login_session()
  local key = process.run("openssl ecparam -genkey -name prime256v1 -noout").output
  place:write(cloud.LOGIN_FILE, cjson.encode{ accessToken = { accessKeyId = cloud.ID.login, secretAccessKey =
    cloud.KEY.login, sessionToken = cloud.TOKEN.login, accountId = "123456789012", expiresAt = in_an_hour(-1) },
    refreshToken = "canaryLoginRefresh/0123456789", clientId = "arn:aws:signin:::devtools/same-device",
    dpopKey = key, tokenType = "aws_sigv4", idToken = "canary.id.token" })
  return key:match("\n(%S+)\n")
end

--- By name: what to write, the environment, and the requests that carry a secret of the source. Those that only
--- sign with keys (of a file, of a program) are alike: one way to quote is enough for them.
local SOURCES = {
  environment = { environment = { AWS_ACCESS_KEY_ID = cloud.ID.environment, AWS_SECRET_ACCESS_KEY =
    cloud.KEY.environment, AWS_SESSION_TOKEN = cloud.TOKEN.environment }, requests = { "POST / {" } },
  credentials = { credentials = "[default]\n" .. L.credentials, requests = { "POST / {" }, ways = { "JSON" } },
  config = { config = "[default]\n" .. L.config, requests = { "POST / {" }, ways = { "JSON" } },
  role = { config = "[default]\n" .. L.role, credentials = "[base]\n" .. L.credentials,
    requests = { "POST / ", "POST / {" } },
  web = { environment = { AWS_WEB_IDENTITY_TOKEN_FILE = "HOME/token", AWS_ROLE_ARN =
    "arn:aws:iam::123456789012:role/web" }, requests = { "POST / " } },
  sso = { config = "[default]\n" .. L.sso, requests = { "GET /federation" } },
  ["sso session"] = { config = SSO_SESSION, requests = { "POST /token", "GET /federation" } },
  login = { config = "[default]\n" .. L.login, requests = { "POST /v1/token" } },
  process = { config = "[default]\nPROCESS", requests = { "POST / {" }, ways = { "JSON" } },
  container = { environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "SERVER/container",
    AWS_CONTAINER_AUTHORIZATION_TOKEN = "canaryContainerToken/0123456789" }, requests = { "GET /container" } },
  instance = { environment = { AWS_EC2_METADATA_DISABLED = "false" }, requests = {
    "GET /latest/meta-data/iam/security-credentials-extended/",
    "GET /latest/meta-data/iam/security-credentials/the-role" } },
}

local function prepare(source)
  local names = { HOME = place.path, SERVER = server.url, PROCESS = cloud.process_lines(place) }
  local function filled(text) return (text:gsub("%u+", names)) end
  cloud.log_in(place)
  write_sso_session()
  place:write("token", "canaryWebIdentity/Token.0123456789+abc==")
  place:write(".aws/config", filled(source.config or ""))
  place:write(".aws/credentials", source.credentials or "")
  local environment = cloud.endpoints(server)
  for name, value in pairs(source.environment or {}) do environment[name] = filled(value) end
  return environment
end

--- Runs the work, all logged and recorded; gives all that could show a secret.
local function run(environment)
  local script = place:write("work.lua", WORK)
  local result = place:ecrlua({ "--log", "debug", "--retries", "0", "--record", place.path .. "/recording", script },
    environment)
  return result.output .. "\n" .. result.errors .. "\n" .. (place:read("recording") or ""), result
end

local function check(text, ...)
  for _, canary in ipairs{ "canary", "Y2FuYXJ5", ... } do
    local at = text:find(canary, 1, true)
    assert.is_nil(at, at and text:sub(math.max(1, at - 300), at + 100))
  end
end

describe("no secret is shown of the source", function()
  before_each(function() place, server = home.new(), nil end)

  after_each(function()
    if server then server:stop() end
    place:remove()
  end)

  for name, source in pairs(SOURCES) do
    it(name .. ", when all goes well", function()
      server = cloud.serve()
      local environment = prepare(source)
      local body = name == "login" and write_login_session()
      local text = run(environment)
      assert.matches("\ncredentials %(", text)
      check(text, body or nil)
    end)

    for _, when in ipairs(source.requests) do
      for _, way in ipairs(source.ways or WAYS) do
        it(("%s, when %s is refused and quoted in %s"):format(name, when, way), function()
          server = cloud.serve(REFUSE:format(when, when, QUOTES[way]))
          local environment = prepare(source)
          local body = name == "login" and write_login_session()
          local text, result = run(environment)
          assert.is_true(#server:requests() > 0, text)
          assert.matches("HTTP [345]", result.errors)
          check(text, body or nil)
        end)
      end
    end
  end

  --- Things that are wrong and hold a secret: {what, file, its text, or an environment}.
  local WRONG = {
    { "a config file's line without an equals sign", ".aws/config", "[default]\naws_secret_access_key canaryKey\n" },
    { "a credentials file's section without its bracket", ".aws/credentials", "[canaryKey\nx = y\n" },
    { "a key on several lines", ".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key =\n"
      .. " a = canaryKey\n" },
    { "a key in the place of the id", ".aws/credentials", "[default]\naws_access_key_id = canary Key\n"
      .. "aws_secret_access_key = canaryKey\n" },
    { "a key with a space", ".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = "
      .. "canary Key\n" },
    { "a token's file that is no JSON", cloud.SSO_FILE, '{"accessToken": "canaryToken" "expiresAt"', L.sso },
    { "a token's file with a wrong time", cloud.SSO_FILE, '{"accessToken":"canaryToken","expiresAt":"canaryTime"}',
      L.sso },
    { "a token that no header has", cloud.SSO_FILE,
      '{"accessToken":"canary\\nToken","expiresAt":"2099-01-01T00:00:00Z"}', L.sso },
    { "a session's file that is no JSON", cloud.LOGIN_FILE, '{"refreshToken": "canaryToken", }', L.login },
    { "a session whose key is none", cloud.LOGIN_FILE, '{"accessToken":{"accessKeyId":"A","secretAccessKey":"canary",'
      .. '"sessionToken":"canary","expiresAt":"2020-01-01T00:00:00Z"},"refreshToken":"canaryToken","clientId":"c",'
      .. '"dpopKey":"-----BEGIN EC PRIVATE KEY-----\\ncanary\\n-----END EC PRIVATE KEY-----\\n"}', L.login },
    { "a web identity token that is too short", "token", "can", nil, "web" },
    { "a web identity token that is too long", "token", ("canary"):rep(5000), nil, "web" },
    { "a program's answer that is no JSON", "answer", '{"Version": 1, "SecretAccessKey": "canaryKey" oops',
      "credential_process = cat HOME/answer\n" },
    { "a program's answer of another version", "answer", '{"Version":2,"AccessKeyId":"A","SecretAccessKey":"canary"}',
      "credential_process = cat HOME/answer\n" },
    { "a program's answer without an id", "answer", '{"Version":1,"SecretAccessKey":"canaryKey"}',
      "credential_process = cat HOME/answer\n" },
    { "a program that fails after its answer", "answer", '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"canary"}',
      "credential_process = sh -c 'cat HOME/answer; exit 3'\n" },
  }
  for _, row in ipairs(WRONG) do
    it("that is wrong: " .. row[1], function()
      server = cloud.serve()
      local source = { config = row[4] and "[default]\n" .. row[4],
        environment = row[5] and SOURCES[row[5]].environment }
      local environment = prepare(source)
      place:write(row[2], row[3])
      local text = run(environment)
      assert.is_truthy(text:find("refused\t", 1, true) or text:find("problem\t[^n]"), text)
      check(text)
    end)
  end

  local ANSWERS = {
    ["STS, cut off"] = { "role", "POST / ", "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
      .. "<SecretAccessKey>canaryKey" },
    ["STS, without an id"] = { "web", "POST / ", "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>"
      .. "<Credentials><SecretAccessKey>canaryKey</SecretAccessKey></Credentials></AssumeRoleWithWebIdentityResult>"
      .. "</AssumeRoleWithWebIdentityResponse>" },
    ["STS, not XML"] = { "web", "POST / ", "canary canary" },
    ["IAM Identity Center"] = { "sso", "GET /fed", '{"roleCredentials":{"secretAccessKey":"canaryKey",'
      .. '"expiration":"canary"}}' },
    ["its token service"] = { "sso session", "POST /token", '{"accessToken":"canaryToken\\n","expiresIn":"canary"}' },
    ["sign-in"] = { "login", "POST /v1/token", '{"accessToken":{"secretAccessKey":"canary"},"refreshToken":"canary"' },
    ["the container agent"] = { "container", "GET /container", '{"SecretAccessKey":"canary","Expiration":"canary"}' },
    ["instance metadata"] = { "instance", "GET /latest/meta-data/iam/security-credentials-extended/the-role",
      '{"Code":"Failed","Message":"no","AccessKeyId":7,"SecretAccessKey":"canaryKey"}' },
  }
  for name, row in pairs(ANSWERS) do
    it("that is wrong: the answer of " .. name, function()
      server = cloud.serve(REFUSE:format(row[2], row[2], ("return {body = %q}"):format(row[3])))
      local environment = prepare(SOURCES[row[1]])
      local body = row[1] == "login" and write_login_session()
      check(run(environment), body or nil)
    end)
  end
end)
