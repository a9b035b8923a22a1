-- SPDX-License-Identifier: MIT
-- A Security Token Service on loopback, after AWS's published shapes: what is asked of it is granted unless
-- the spec's own text answers first. The n-th request gets the key ASIAEXAMPLE00000000n.
local cjson = require "cjson"
local home = require "spec.support.home"
local process = require "spec.support.process"

local sts = {}

--- The role of the profile `dev`, and the keys of the profile `base`.
sts.DEV = "arn:aws:iam::123456789012:role/dev"
sts.KEYS = "aws_access_key_id = AKIABASEEXAMPLE00000\naws_secret_access_key = canary-base-secret\n"

--- What a handler may use: `asked`, the form that was sent; `granted(asked)`, the text of a right answer;
--- `xml(text)`; `refused(status, code, message)`; `at(seconds)`, a time from now.
local PRELUDE = [==[
local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function form(body)
  local fields = {}
  for name, value in body:gmatch("([^&=]+)=([^&]*)") do fields[decode(name)] = decode(value) end
  return fields
end

local function at(seconds) return os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + seconds) end

local function xml(text, status)
  return { status = status, body = text, headers = { ["content-type"] = "text/xml" } }
end

local function refused(status, code, message)
  return xml(([[<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error>
  <RequestId>r-refused</RequestId></ErrorResponse>]]):format(code, message), status)
end

local number = 0

local function granted(asked)
  local account, role = (asked.RoleArn or ""):match("^arn:aws:iam::(%d+):role/(.*)$")
  local more = asked.Action == "AssumeRoleWithWebIdentity" and "<Audience>sts.amazonaws.com</Audience>"
    .. "<Provider>https://oidc.example</Provider><SubjectFromWebIdentityToken>system:app"
    .. "</SubjectFromWebIdentityToken>" or ""
  return (([[<A_Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <A_Result>%s
    <AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:%s</AssumedRoleId>
      <Arn>arn:aws:sts::%s:assumed-role/%s/%s</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>ASIAEXAMPLE%09d</AccessKeyId>
      <SecretAccessKey>canary-sts-secret-%d</SecretAccessKey>
      <SessionToken>canary-sts-session-%d</SessionToken><Expiration>%s</Expiration></Credentials>
  </A_Result>
  <ResponseMetadata><RequestId>r-granted</RequestId></ResponseMetadata></A_Response>]]):gsub("A_", asked.Action)
    :format(more, asked.RoleSessionName, account, role, asked.RoleSessionName, number, number, number, at(3600)))
end

return function(request, connection)
  number = number + 1
  local asked = form(request.body)
]==]

--- Starts one. `body` is Lua text that may answer before it grants.
function sts.serve(body)
  return process.serve(PRELUDE .. "do " .. (body or "") .. " end\n  return xml(granted(asked))\nend")
end

local function decoded(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- The form of a request that was logged.
function sts.form(request)
  local fields = {}
  for name, value in request.body:gmatch("([^&=]+)=([^&]*)") do fields[decoded(name)] = decoded(value) end
  return fields
end

--- The key that a request was signed with, the region and the service of its scope; nil when unsigned.
function sts.signer(request)
  return (request.headers.authorization or ""):match("Credential=([^/]+)/%d+/([^/]+)/([^/]+)/aws4_request")
end

--- A home whose profile `dev` assumes the role with these lines, and whose profile `base` has keys.
function sts.home(lines, more)
  return home.new{ config = ("[profile dev]\nrole_arn = %s\n%s\n[profile base]\n%saws_session_token = "
    .. "canary-base-session\n%s"):format(sts.DEV, lines, sts.KEYS, more or "") }
end

--- Runs credentials.lua there as `dev`, the service being this server.
function sts.run(place, server, environment, options)
  local variables = { AWS_PROFILE = "dev", AWS_ENDPOINT_URL_STS = server.url }
  for name, value in pairs(environment or {}) do variables[name] = value end
  local words = { "--retries", "0", table.unpack(options or {}) }
  table.move({ "credentials.lua", "--format", "process" }, 1, 3, #words + 1, words)
  return place:ecrlua(words, variables)
end

--- The credentials that a run gave; it said nothing else.
function sts.credentials(result)
  assert(result.code == 0, result.errors)
  assert(result.errors == "", result.errors)
  return cjson.decode(result.output)
end

--- Runs code with `ecr` and a client `client` of these options (Lua text) there.
function sts.run_code(place, server, options, code, environment)
  local variables = { AWS_PROFILE = false, AWS_ENDPOINT_URL_STS = server.url }
  for name, value in pairs(environment or {}) do variables[name] = value end
  return place:ecrlua({ "--retries", "0", "-e", ([[local ecr = require "ecr"
    local client, err = ecr.client(%s)
    if not client then io.stderr:write(tostring(err)) return 3 end
    %s]]):format(options, code) }, variables)
end

--- Code that writes the client's credentials, or why there are none.
sts.WRITE = [[local creds, problem = client:credentials()
  if not creds then io.stderr:write(tostring(problem)) return 3 end
  assert(ecr.write_credentials(io.stdout, creds, "process"))]]

--- Asserts that this failed as a source of credentials must: exit 3, the patterns in what it says, nothing
--- secret anywhere. `result` is what home:ecrlua gives.
function sts.assert_failed(result, ...)
  local said = result.output .. result.errors
  assert(result.code == 3, "exit " .. result.code .. ": " .. said)
  for _, pattern in ipairs{ ... } do
    assert(result.errors:find(pattern), ("%q is not in: %s"):format(pattern, result.errors))
  end
  assert(result.output == "", result.output)
  assert(not said:lower():find("canary", 1, true), "a secret is in: " .. said)
  return result.errors
end

return sts
