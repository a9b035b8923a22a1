-- SPDX-License-Identifier: MIT
-- One loopback server that stands for all services that give credentials: STS, IAM Identity Center with its
-- token service, sign-in, the container agent, instance metadata, and ECR. Shapes: the services' published models.
local process = require "spec.support.process"

local cloud = {}

--- What each source gives here: an id that tells it apart, and canaries.
cloud.SOURCES = { "environment", "role", "web", "sso", "credentials", "login", "process", "config", "container",
  "instance" }
cloud.ID, cloud.KEY, cloud.TOKEN = {}, {}, {}
for _, name in ipairs(cloud.SOURCES) do
  cloud.ID[name] = ("ASIA%sEXAMPLE00000"):format(name:upper()):sub(1, 20)
  cloud.KEY[name] = ("canaryKeyOf%s/7MDENGbPxRfiCY+%sKeyTail"):format(name, name)
  cloud.TOKEN[name] = ("canaryTokenOf%s//IQoJb3JpZ2luX2VjEXAMPLE+%sTokenTail=="):format(name, name)
end

local HANDLER = [==[
local cjson = require "cjson"
local ID, KEY, TOKEN = table.unpack(cjson.decode(%q))
local ENDS = "2099-01-02T03:04:05Z"
local ROLES = "/latest/meta-data/iam/security-credentials/"

local function sts(request, action, of)
  local user = "<AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId>"
    .. "<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>"
  return {headers = {["content-type"] = "text/xml"}, body = ([[
<%%sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%%sResult>%%s<Credentials>
<AccessKeyId>%%s</AccessKeyId><SecretAccessKey>%%s</SecretAccessKey><SessionToken>%%s</SessionToken>
<Expiration>%%s</Expiration></Credentials></%%sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</%%sResponse>]]):format(action, action, user, ID[of], KEY[of], TOKEN[of], ENDS, action, action)}
end

local function document(of, more)
  local made = {AccessKeyId = ID[of], SecretAccessKey = KEY[of], Token = TOKEN[of], Expiration = ENDS}
  for name, value in pairs(more or {}) do made[name] = value end
  return {body = cjson.encode(made)}
end

local ROUTES = {
  {"POST /", "Action=AssumeRoleWithWebIdentity&", function(r) return sts(r, "AssumeRoleWithWebIdentity", "web") end},
  {"POST /", "Action=AssumeRole&", function(r) return sts(r, "AssumeRole", "role") end},
  {"GET /federation/credentials", "", function()
    return {body = cjson.encode{roleCredentials = {accessKeyId = ID.sso, secretAccessKey = KEY.sso,
      sessionToken = TOKEN.sso, expiration = 4070919845000}}} end},
  {"POST /token", "refresh_token", function()
    return {body = '{"accessToken":"canarySsoAccessRenewed/0123456789NewAccessTail","expiresIn":28800,'
      .. '"tokenType":"Bearer","refreshToken":"canarySsoRefreshRenewed/0123456789NewRefreshTail"}'} end},
  {"POST /v1/token", "refresh_token", function()
    return {body = cjson.encode{accessToken = {accessKeyId = ID.login, secretAccessKey = KEY.login,
      sessionToken = TOKEN.login}, expiresIn = 900, tokenType = "aws_sigv4",
      refreshToken = "canaryLoginRefreshRenewed/0123456789NewRefreshTail", idToken = "canary.id.token"}} end},
  {"GET /container", "", function() return document("container") end},
  {"PUT /latest/api/token", "", function() return {body = "canaryImdsToken/0123456789ImdsTokenTail=="} end},
  {"GET " .. ROLES .. "the-role", "", function() return document("instance", {Code = "Success"}) end},
  {"GET " .. ROLES, "", function() return {body = "the-role"} end},
  {"POST /", "", function(r)
    if r.headers["x-amz-target"] and r.headers["x-amz-target"]:find("GetAuthorizationToken") then
      return {body = cjson.encode{authorizationData = {{authorizationToken = "QVdTOmNhbmFyeVJlZ2lzdHJ5VG9rZW4=",
        expiresAt = os.time() + 43200, proxyEndpoint = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com"}}}}
    end
    return {body = '{"repositories":[]}'} end},
}

local function special(request, connection) %s end
local function changed(request, connection, answer) %s return answer end

return function(request, connection)
  local answer = special(request, connection)
  if answer ~= nil then return answer end
  local line = request.method .. " " .. request.path
  for _, route in ipairs(ROUTES) do
    if line:sub(1, #route[1]) == route[1] and request.body:find(route[2], 1, true) then
      return changed(request, connection, route[3](request))
    end
  end
  return {status = 404}
end]==]

--- Starts it. `special` (Lua text) is asked before all else and sees `request` and `connection`; it gives an
--- answer, or false when it has written one to the connection. `change` sees the right `answer` too.
--- With `tls`, a certificate, it speaks https.
function cloud.serve(special, change, tls)
  local given = require "cjson".encode{ cloud.ID, cloud.KEY, cloud.TOKEN }
  return process.serve(HANDLER:format(given, special or "", change or ""), tls)
end

--- The environment in which all services are this server.
function cloud.endpoints(server)
  local environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT = server.url, AWS_METADATA_SERVICE_TIMEOUT = "1" }
  for _, service in ipairs{ "ECR", "STS", "SSO", "SSO_OIDC", "SIGNIN" } do
    environment["AWS_ENDPOINT_URL_" .. service] = server.url
  end
  return environment
end

cloud.START_URL = "https://d-abc123.awsapps.com/start"
cloud.LOGIN_SESSION = "arn:aws:iam::123456789012:user/alice"
--- Names of the caches' files: SHA-1 of the start URL and of "my-sso", SHA-256 of the login session.
cloud.SSO_FILE = ".aws/sso/cache/40a89917e3175433e361b710a9d43528d7f1890a.json"
cloud.SSO_SESSION_FILE = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json"
cloud.LOGIN_FILE = ".aws/login/cache/b7d71d383b9557a9bad4c3346c50365819226484c6824a0fdef66637be339db0.json"

--- Lines of a profile that configure a source, by its name.
cloud.LINES = {
  role = "role_arn = arn:aws:iam::123456789012:role/assumed\nsource_profile = base\n",
  sso = "sso_start_url = " .. cloud.START_URL .. "\nsso_region = us-east-1\nsso_account_id = 123456789012\n"
    .. "sso_role_name = reader\n",
  login = "login_session = " .. cloud.LOGIN_SESSION .. "\n",
}
for _, file in ipairs{ "credentials", "config" } do
  cloud.LINES[file] = ("aws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n"):format(
    cloud.ID[file], cloud.KEY[file], cloud.TOKEN[file])
end

--- Profile lines for a program that prints keys; it is a file of the home folder.
function cloud.process_lines(place)
  local cjson = require "cjson"
  local path = place:write("print-keys", cjson.encode{ Version = 1, AccessKeyId = cloud.ID.process,
    SecretAccessKey = cloud.KEY.process, SessionToken = cloud.TOKEN.process, Expiration = "2099-01-02T03:04:05Z" })
  return ("credential_process = cat %s\n"):format(path)
end

--- Writes what `aws sso login` and `aws login` keep.
function cloud.log_in(place)
  local cjson = require "cjson"
  place:write(cloud.SSO_FILE, cjson.encode{ accessToken = "canarySsoAccess0123456789", expiresAt =
    "2099-01-02T03:04:05Z", startUrl = cloud.START_URL, region = "us-east-1" })
  place:write(cloud.LOGIN_FILE, cjson.encode{ accessToken = { accessKeyId = cloud.ID.login, secretAccessKey =
    cloud.KEY.login, sessionToken = cloud.TOKEN.login, accountId = "123456789012", expiresAt =
    "2099-01-02T03:04:05Z" }, refreshToken = "canaryLoginRefresh0123", clientId =
    "arn:aws:signin:::devtools/same-device", dpopKey = "none", tokenType = "aws_sigv4" })
end

return cloud
