-- SPDX-License-Identifier: MIT
-- Roles against a Security Token Service that nobody here wrote, moto's, and ECR with what it gives. Skipped,
-- aloud, where the machine has none.
local cjson = require "cjson"
local home = require "spec.support.home"
local moto = require "spec.support.moto"

local ROLE = "arn:aws:iam::210987654321:role/dev"
local KEYS = "aws_access_key_id = AKIABASEEXAMPLE00000\naws_secret_access_key = canary-base\n"
local REPOSITORY = [[local ecr = require "ecr"
  local client = assert(ecr.client{})
  print(assert(client:call("CreateRepository", { repository_name = "app" })).repository.repository_arn)
  assert(#assert(client.repository:list()) == 1)]]

describe("against moto's Security Token Service", function()
  local server, place

  setup(function() if moto.there then server = moto.start() end end)
  teardown(function() if server then server:stop() end end)
  after_each(function() if place then place:remove() end end)

  local function test(name, fn)
    it(name, function()
      if not moto.there then return pending("there is no moto_server on this machine") end
      server:reset()
      fn()
    end)
  end

  --- A home whose profile `dev` has these lines, and whose profile `base` has keys.
  local function dev(lines, more)
    place = home.new{ config = "[profile dev]\n" .. lines .. "\n[profile base]\n" .. KEYS .. (more or "") }
  end

  local function run(words, environment)
    local variables = { AWS_PROFILE = "dev", AWS_ENDPOINT_URL = server.url }
    for name, value in pairs(environment or {}) do variables[name] = value end
    local result = place:ecrlua(words, variables)
    assert.equal(0, result.code, result.errors)
    assert.equal("", result.errors)
    return result.output
  end

  local function credentials(environment)
    return cjson.decode(run({ "credentials.lua", "--format", "process" }, environment))
  end

  --- As moto gives them: temporary, for an hour, of the role's account.
  local function assert_temporary(got)
    assert.matches("^ASIA%w+$", got.AccessKeyId)
    assert.is_true(#got.SecretAccessKey >= 40 and #got.SessionToken >= 100)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d", got.Expiration)
    assert.equal("210987654321", got.AccountId)
  end

  test("assumes a role of a profile", function()
    dev("role_arn = " .. ROLE .. "\nsource_profile = base\nrole_session_name = me\nexternal_id = x/1\n"
      .. "duration_seconds = 900")
    assert_temporary(credentials())
  end)

  test("calls ECR as the role that a profile assumes", function()
    dev("role_arn = " .. ROLE .. "\nsource_profile = base")
    assert.equal("arn:aws:ecr:us-east-1:210987654321:repository/app\n", run{ "-e", REPOSITORY })
  end)

  test("climbs a chain of roles", function()
    dev("role_arn = " .. ROLE .. "\nsource_profile = two", "[profile two]\nsource_profile = base\n"
      .. "role_arn = arn:aws:iam::123456789012:role/two\n")
    assert_temporary(credentials())
  end)

  test("assumes a role with a web identity of a profile", function()
    dev("role_arn = " .. ROLE .. "\nweb_identity_token_file = ~/token")
    place:write("token", "canary-web-token\n")
    assert_temporary(credentials())
  end)

  test("calls ECR with a web identity of the environment", function()
    place = home.new{}
    assert.equal("arn:aws:ecr:us-east-1:210987654321:repository/app\n", run({ "-e", REPOSITORY },
      { AWS_PROFILE = false, AWS_ROLE_ARN = ROLE, AWS_WEB_IDENTITY_TOKEN_FILE = place:write("token", "canary-web") }))
  end)

  test("assumes a role in code with a web identity below it", function()
    place = home.new{}
    local output = run({ "-e", ([[local ecr = require "ecr"
      local client = assert(ecr.client{ auth_assume_role = "%s",
        auth_web_identity = { "arn:aws:iam::123456789012:role/web", "%s" } })
      assert(ecr.write_credentials(io.stdout, assert(client:credentials()), "process"))]]):format(ROLE,
      place:write("token", "canary-web")) }, { AWS_PROFILE = false })
    assert_temporary(cjson.decode(output))
  end)
end)
