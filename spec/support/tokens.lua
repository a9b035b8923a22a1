-- SPDX-License-Identifier: MIT
-- The two services that give registry tokens, ECR and ECR Public, with STS, as one server on loopback. Shapes:
-- GetAuthorizationToken in both API references.
local cloud = require "spec.support.cloud"
local process = require "spec.support.process"

local tokens = {}

--- The password of a region's token; "public" is ECR Public's.
function tokens.password(region) return ("canaryPassword/%s+=="):format(region) end

--- What docker's configuration holds for it, by coreutils' base64.
function tokens.auth(region)
  local path = process.file("AWS:" .. tokens.password(region))
  local made = process.run("base64 -w0 " .. path).output
  os.remove(path)
  return made
end

local ANSWER = [==[
  local target = request.headers["x-amz-target"] or ""
  if not target:find("GetAuthorizationToken", 1, true) then return nil end
  local public = target:find("^SpencerFrontendService%%.") ~= nil
  local region = request.headers.authorization:match("Credential=[^/]+/%%d+/([^/]+)/")
  local life = 43200
  local AUTH = cjson.decode(%q)
  local function denied()
    return {status = 400, body = '{"__type":"AccessDeniedException","message":"not authorized"}'}
  end
  do %s end
  local data = {authorizationToken = AUTH[public and "public" or region], expiresAt = os.time() + life,
    proxyEndpoint = not public and "https://123456789012.dkr.ecr." .. region .. ".amazonaws.com" or nil}
  return {body = cjson.encode{authorizationData = public and data or {data}}}
]==]

--- Starts it. `special` (Lua text) sees `request`, `public` and `region` and may set `life`, in seconds, or
--- answer by itself, for example by `return denied()`.
function tokens.serve(special)
  local auth = {}
  for _, region in ipairs{ "us-east-1", "eu-west-1", "public" } do auth[region] = tokens.auth(region) end
  return cloud.serve(ANSWER:format(require "cjson".encode(auth), special or ""))
end

--- The environment in which this server is all of AWS, and these keys are there.
function tokens.environment(server, more)
  local environment = cloud.endpoints(server)
  environment.AWS_ENDPOINT_URL_ECR_PUBLIC = server.url
  environment.AWS_ACCESS_KEY_ID, environment.AWS_SECRET_ACCESS_KEY = cloud.ID.environment, cloud.KEY.environment
  for name, value in pairs(more or {}) do environment[name] = value end
  return environment
end

return tokens
