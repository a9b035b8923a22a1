-- SPDX-License-Identifier: MIT
-- Credentials that a service refuses as expired while a call is made: others are fetched, once.
local cjson = require "cjson"
local process = require "spec.support.process"
local sts = require "spec.support.sts"

local EXPIRED = [[return { status = 400, headers = { ["content-type"] = "application/x-amz-json-1.1" },
  body = '{"__type":"%s","message":"The security token included in the request is expired"}' }]]
local CALL = [[local output, problem = client:call("DescribeRepositories", {})
  if not output then io.stderr:write(tostring(problem)) return 3 end
  return 0]]

describe("credentials that are refused as expired during a call", function()
  local server, ecr, place

  before_each(function()
    server = sts.serve()
    place = sts.home("source_profile = base")
  end)

  after_each(function()
    server:stop()
    if ecr then ecr:stop() end
    ecr = nil
    place:remove()
  end)

  --- ECR, which does this before it gives its answer; `count` is the request's number.
  local function serve(body)
    ecr = process.serve("return function(request, connection) local count = request.count do " .. body
      .. [[ end return { body = '{"repositories":[]}' } end]])
  end

  local function run(code, environment, options)
    local variables = { AWS_PROFILE = "dev", AWS_ENDPOINT_URL_ECR = ecr.url }
    for name, value in pairs(environment or {}) do variables[name] = value end
    return sts.run_code(place, server, options or "{}", code, variables)
  end

  --- The keys that ECR saw, in order.
  local function signers()
    local list = {}
    for i, request in ipairs(ecr:requests()) do list[i] = sts.signer(request) end
    return list
  end

  for _, code in ipairs{ "ExpiredTokenException", "ExpiredToken" } do
    it("are renewed, and the call is made again: " .. code, function()
      serve("if count == 1 then " .. EXPIRED:format(code) .. " end")
      local result = run(CALL)
      assert.equal(0, result.code, result.errors)
      assert.same({ "ASIAEXAMPLE000000001", "ASIAEXAMPLE000000002" }, signers())
    end)
  end

  it("are renewed once, not for ever, and the call fails", function()
    serve(EXPIRED:format("ExpiredTokenException"))
    sts.assert_failed(run(CALL), "DescribeRepositories", "ExpiredTokenException", "is expired", "%(auth, ")
    assert.same({ "ASIAEXAMPLE000000001", "ASIAEXAMPLE000000002" }, signers())
    assert.equal(2, #server:requests())
  end)

  it("are renewed once however many calls were refused", function()
    serve("if (request.headers.authorization or ''):find('0001/', 1, true) then "
      .. EXPIRED:format("ExpiredTokenException") .. " end")
    local result = run([[local function get() return assert(client:call("DescribeRepositories", {})) end
      local _, errors = ecr.all{ get, get, get, get, get }
      for i = 1, 5 do assert(not (errors or {})[i], tostring((errors or {})[i])) end
      return 0]])
    assert.equal(0, result.code, result.errors)
    assert.equal(2, #server:requests())
    assert.equal(10, #ecr:requests())
  end)

  it("are renewed again by a later call", function()
    serve("if count == 1 or count == 3 then " .. EXPIRED:format("ExpiredTokenException") .. " end")
    local result = run([[assert(client:call("DescribeRepositories", {})) assert(client:call("DescribeRepositories", {}))
      return 0]])
    assert.equal(0, result.code, result.errors)
    assert.same({ "ASIAEXAMPLE000000001", "ASIAEXAMPLE000000002", "ASIAEXAMPLE000000002", "ASIAEXAMPLE000000003" },
      signers())
  end)

  it("stay refused when the service that gives them refuses too", function()
    server:stop()
    server = sts.serve([[if number > 1 then return refused(403, "ExpiredToken", "the base is expired") end]])
    serve(EXPIRED:format("ExpiredTokenException"))
    sts.assert_failed(run(CALL), "role/dev of profile dev", "expired")
    assert.equal(1, #ecr:requests())
  end)

  it("cannot be renewed when they are keys of a file: the call fails at once", function()
    serve(EXPIRED:format("ExpiredTokenException"))
    sts.assert_failed(run(CALL, { AWS_PROFILE = "base" }), "ExpiredTokenException", "is expired")
    assert.same({ "AKIABASEEXAMPLE00000" }, signers())
  end)

  it("are not renewed for another refusal", function()
    serve(EXPIRED:format("UnrecognizedClientException"))
    sts.assert_failed(run(CALL), "UnrecognizedClientException")
    assert.equal(1, #server:requests())
    assert.equal(1, #ecr:requests())
  end)

  it("are renewed for a role assumed in code too", function()
    serve("if count == 1 then " .. EXPIRED:format("ExpiredTokenException") .. " end")
    local result = run(CALL, { AWS_PROFILE = "base" }, ([[{ auth_assume_role = "%s" }]]):format(sts.DEV))
    assert.equal(0, result.code, result.errors)
    assert.same({ "ASIAEXAMPLE000000001", "ASIAEXAMPLE000000002" }, signers())
  end)

  it("are replaced by what their program gives now", function()
    place:write("count", "")
    local program = place:write("program", ([[printf x >>%s/count
      printf '{"Version":1,"AccessKeyId":"ASIAPROGRAMEXAMPLE%%02d","SecretAccessKey":"canary-program",' "$(wc -c <%s/count)"
      printf '"SessionToken":"canary-program-session","Expiration":"%s"}']]):format(place.path, place.path,
      os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() + 3600)))
    place:write(".aws/config", "[profile dev]\ncredential_process = sh " .. program .. "\n")
    serve("if count == 1 then " .. EXPIRED:format("ExpiredTokenException") .. " end")
    local result = run(CALL)
    assert.equal(0, result.code, result.errors)
    assert.same({ "ASIAPROGRAMEXAMPLE01", "ASIAPROGRAMEXAMPLE02" }, signers())
  end)

  it("are told in a step of the shipped script, by its exit code", function()
    serve(EXPIRED:format("ExpiredTokenException"))
    local result = place:ecrlua({ "--retries", "0", "scan_gate.lua", "app:v1", "--json" },
      { AWS_PROFILE = "dev", AWS_ENDPOINT_URL_ECR = ecr.url, AWS_ENDPOINT_URL_STS = server.url })
    assert.equal(3, result.code, result.errors)
    assert.matches("ExpiredTokenException", result.output .. result.errors)
    assert.is_nil((result.output .. result.errors):find("canary", 1, true))
    if result.output ~= "" then assert.equal(3, cjson.decode(result.output).exit_code) end
  end)
end)
