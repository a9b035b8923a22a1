-- SPDX-License-Identifier: MIT
-- Two identities in one process: no request, no session token and no registry token of one is ever the other's,
-- however their calls are mixed. Every signature is computed once more, with the key that it must be from.
local cloud = require "spec.support.cloud"
local home = require "spec.support.home"
local sigv4 = require "spec.support.sigv4"

--- The server's registry token says who asked for it, and its answers come late in an irregular way.
local SPECIAL = [[
  local who = (request.headers.authorization or ""):match("Credential=([^/]+)")
  if (request.headers["x-amz-target"] or ""):find("GetAuthorizationToken", 1, true) then
    local token = require("mime").b64("AWS:" .. who .. (request.headers["x-amz-security-token"] or ""))
    return {body = cjson.encode{authorizationData = {{authorizationToken = token, expiresAt = os.time() + 43200,
      proxyEndpoint = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com"}}}}
  end
  if request.count % 7 == 0 then connection:sleep(0.003) end]]

--- Makes 500 calls with each client, mixed, in batches of which some are spawned and some are joined; each call's
--- input says whose it is. Then asks for both registry tokens, mixed too.
local WORK = [[
local ecr <const> = require "ecr"
local clients <const> = { a = assert(ecr.client(%s)), b = assert(ecr.client(%s)) }
local made = 0
local function call(name, number)
  return function()
    assert(clients[name]:call("DescribeRepositories", { repository_names = { name .. "-" .. number } }))
    made = made + 1
  end
end
for batch = 1, 20 do
  local work <const> = {}
  for i = 1, 25 do
    work[#work + 1] = call("a", batch * 100 + i)
    work[#work + 1] = call("b", batch * 100 + i)
  end
  if batch %% 2 == 0 then
    ecr.all(work)
  else
    local tasks <const> = {}
    for i, one in ipairs(work) do tasks[i] = ecr.spawn(one) end
    for _, task in ipairs(tasks) do task:await() end
  end
end
local tokens <const> = {}
for i = 1, 20 do
  local name <const> = i %% 2 == 0 and "a" or "b"
  tokens[i] = function()
    local creds <const> = assert(clients[name].auth:get_creds())
    return name .. "=" .. creds.password:reveal()
  end
end
for _, line in ipairs((ecr.all(tokens))) do print(line) end
print("made " .. made)
]]

local STATIC = 'auth_static = { "%s", "%s", "%s" }'

local place, server

local function static(id, key, token)
  return STATIC:format(id, key, token)
end

--- Runs the work for two clients; gives what was printed and what the server was asked.
local function run(a, b)
  local script = place:write("work.lua", WORK:format("{" .. a .. "}", "{" .. b .. "}"))
  local result = place:ecrlua({ script }, cloud.endpoints(server))
  assert.equal("", result.errors)
  assert.matches("made 1000\n$", result.output)
  return result.output, server:requests()
end

--- Every request is of whom its input says, and signed with that one's key.
local function check_requests(requests, owners)
  local seen = { a = 0, b = 0 }
  for _, request in ipairs(requests) do
    local name = request.body:match('"repositoryNames":%["(%a)%-')
    if name then
      local id, right = sigv4.signer(request, owners[name].key)
      assert.same({ owners[name].id, true, owners[name].token }, { id, right,
        request.headers["x-amz-security-token"] }, name)
      seen[name] = seen[name] + 1
    end
  end
  assert.same({ a = 500, b = 500 }, seen)
end

local function check_registry_tokens(output, owners)
  local seen = 0
  for name, password in output:gmatch("(%a)=([^\n]+)\n") do
    assert.equal(owners[name].id .. owners[name].token, password)
    seen = seen + 1
  end
  assert.equal(20, seen)
end

local A = { id = "AKIAFIRSTEXAMPLE0000", key = "canaryKeyOfTheFirst/bPxRfiCYEXAMPLEKEY", token = "canaryTokenOfA" }
local B = { id = "AKIASECONDEXAMPLE000", key = "canaryKeyOfTheSecond/PxRfiCYEXAMPLEKEY", token = "canaryTokenOfB" }
local TWIN = { id = A.id, key = "canaryKeyOfTheTwin/bbPxRfiCYEXAMPLEKEY", token = "canaryTokenOfTwin" }
local ROLE = { id = cloud.ID.role, key = cloud.KEY.role, token = cloud.TOKEN.role }

describe("two clients in one process", function()
  before_each(function()
    place, server = home.new(), cloud.serve(SPECIAL)
  end)

  after_each(function()
    server:stop()
    place:remove()
  end)

  it("sign each with their own keys", function()
    local output, requests = run(static(A.id, A.key, A.token), static(B.id, B.key, B.token))
    check_requests(requests, { a = A, b = B })
    check_registry_tokens(output, { a = A, b = B })
  end)

  it("sign each with their own keys where the ids are the same", function()
    local _, requests = run(static(A.id, A.key, A.token), static(TWIN.id, TWIN.key, TWIN.token))
    check_requests(requests, { a = A, b = TWIN })
  end)

  it("sign each with their own keys where one has assumed a role with the other's", function()
    local output, requests = run(static(A.id, A.key, A.token), static(A.id, A.key, A.token)
      .. ', auth_assume_role = "arn:aws:iam::123456789012:role/assumed"')
    check_requests(requests, { a = A, b = ROLE })
    check_registry_tokens(output, { a = A, b = ROLE })
    local id, right = nil, nil
    for _, request in ipairs(requests) do
      if request.body:find("Action=AssumeRole&", 1, true) then id, right = sigv4.signer(request, A.key) end
    end
    assert.same({ A.id, true }, { id, right })
  end)

  it("assume the role once, however many calls wait for it", function()
    local _, requests = run(static(A.id, A.key, A.token), static(A.id, A.key, A.token)
      .. ', auth_assume_role = "arn:aws:iam::123456789012:role/assumed"')
    local asked = 0
    for _, request in ipairs(requests) do
      if request.body:find("Action=AssumeRole&", 1, true) then asked = asked + 1 end
    end
    assert.equal(1, asked)
  end)
end)
