-- SPDX-License-Identifier: MIT
-- Processes that share tokens on disk, as a pipeline starts them: who asks whom, and what remains when some of
-- them are killed half-way.
local cloud = require "spec.support.cloud"
local core = require "ecr.core"
local home = require "spec.support.home"
local process = require "spec.support.process"

local GET = [[local client = assert(require "ecr".client{})
local token, err = client.auth:get_token()
if not token then io.stderr:write(tostring(err), "\n") return 3 end
print(token)]]
local KEYS = { AWS_ACCESS_KEY_ID = "AKIDEXAMPLE000000000", AWS_SECRET_ACCESS_KEY = "canaryKey0123456789" }

local place, server

--- Runs a process; gives what the server was asked for meanwhile, in words.
local function run(environment, script)
  local all = cloud.endpoints(server)
  all.ECRLUA_TOKEN_CACHE = place.path .. "/cache"
  for name, value in pairs(environment or {}) do all[name] = value end
  local before = #server:requests()
  local result = place:ecrlua({ "-e", script or GET }, all)
  local asked = {}
  for i, request in ipairs(server:requests()) do
    local target = request.headers["x-amz-target"]
    if i > before then
      asked[#asked + 1] = target and target:match("%.(%w+)$") or request.body:match("Action=(%w+)") or request.path
    end
  end
  return table.concat(asked, " "), result
end

describe("processes that share tokens", function()
  before_each(function() place, server = home.new(), cloud.serve() end)
  after_each(function()
    server:stop()
    place:remove()
  end)

  it("ask once, whoever starts first", function()
    assert.equal("GetAuthorizationToken", (run(KEYS)))
    local asked, result = run(KEYS)
    assert.same({ "", 0, "" }, { asked, result.code, result.errors })
    assert.matches("^token for https://123456789012%.dkr%.ecr%.us%-east%-1%.amazonaws%.com until ", result.output)
  end)

  it("keep to themselves where nobody has asked for sharing", function()
    for _, setting in ipairs{ "off", "" } do
      for _ = 1, 2 do
        local asked = run{ AWS_ACCESS_KEY_ID = "AKIDEXAMPLE000000000", AWS_SECRET_ACCESS_KEY = "x",
          ECRLUA_TOKEN_CACHE = setting }
        assert.equal("GetAuthorizationToken", asked)
      end
    end
    assert.equal("", process.run("find " .. place.path .. " -name '*.token'").output)
  end)

  it("have nobody assume a role for a token that is there", function()
    place:write(".aws/config", "[profile base]\naws_access_key_id = AKIDEXAMPLE000000000\n"
      .. "aws_secret_access_key = x\n[profile role]\n" .. cloud.LINES.role)
    assert.equal("AssumeRole GetAuthorizationToken", (run{ AWS_PROFILE = "role" }))
    assert.equal("", (run{ AWS_PROFILE = "role" }))
  end)

  it("tell a role's external id, session and base apart", function()
    local lines = "[profile base]\naws_access_key_id = AKIDEXAMPLE000000000\naws_secret_access_key = x\n"
      .. "[profile other]\naws_access_key_id = AKIDEXAMPLE000000001\naws_secret_access_key = x\n"
    local role = "[profile %s]\nrole_arn = arn:aws:iam::123456789012:role/%s\nsource_profile = %s\n%s\n"
    place:write(".aws/config", lines .. role:format("a", "r", "base", "") .. role:format("b", "q", "base", "")
      .. role:format("c", "r", "other", "") .. role:format("d", "r", "base", "external_id = x1")
      .. role:format("e", "r", "base", "role_session_name = s1") .. role:format("again", "r", "base", ""))
    for _, name in ipairs{ "a", "b", "c", "d", "e" } do
      assert.equal("AssumeRole GetAuthorizationToken", (run{ AWS_PROFILE = name }))
    end
    assert.equal("", (run{ AWS_PROFILE = "again" }))
  end)

  it("have nobody read the token file of a web identity for a token that is there", function()
    local file = place:write("token", "aaaa.bbbb.cccc")
    local web = { AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/web", AWS_WEB_IDENTITY_TOKEN_FILE = file }
    assert.equal("AssumeRoleWithWebIdentity GetAuthorizationToken", (run(web)))
    os.remove(file)
    assert.equal("", (run(web)))
  end)

  it("tell keys apart, and a machine's by asking for them", function()
    assert.equal("GetAuthorizationToken", (run(KEYS)))
    assert.equal("GetAuthorizationToken", (run{ AWS_ACCESS_KEY_ID = "AKIDEXAMPLE000000001",
      AWS_SECRET_ACCESS_KEY = "x" }))
    local container = { AWS_CONTAINER_CREDENTIALS_FULL_URI = server.url .. "/container" }
    assert.equal("/container GetAuthorizationToken", (run(container)))
    assert.equal("/container", (run(container)))
  end)

  it("are told of broken credentials, not given somebody's token", function()
    assert.equal("GetAuthorizationToken", (run(KEYS)))
    local asked, result = run{ AWS_ACCESS_KEY_ID = "AKIDEXAMPLE000000000" }
    assert.same({ "", 3 }, { asked, result.code })
    assert.matches("AWS_SECRET_ACCESS_KEY", result.errors)
  end)

  it("are told of broken keys also where others stand behind them, and are not given their token", function()
    place:write(".aws/config", "[profile base]\naws_access_key_id = AKIDEXAMPLE000000000\n"
      .. "aws_secret_access_key = x\n[default]\n" .. cloud.LINES.role)
    assert.equal("AssumeRole GetAuthorizationToken", (run()))
    assert.equal("", (run()))
    for _, broken in ipairs{ { AWS_ACCESS_KEY_ID = "AKIDEXAMPLE000000009" },
      { AWS_ACCESS_KEY_ID = "AKID\1", AWS_SECRET_ACCESS_KEY = "x" } } do
      local asked, result = run(broken)
      assert.same({ "", 3, "" }, { asked, result.code, result.output })
    end
  end)

  it("have a role told by who assumes it, also where that is the default chain", function()
    local program = place:write("keys", '{"Version":1,"AccessKeyId":"ASIAEXAMPLE000000000","SecretAccessKey":"x",'
      .. '"SessionToken":"y","Expiration":"2099-01-02T03:04:05Z"}')
    place:write(".aws/config", ("[profile good]\ncredential_process = cat %s\n[profile evil]\n"
      .. "credential_process = cat %s %s\n"):format(program, program, "/dev/null"))
    local as_role = GET:gsub("ecr.%.client{}", [[ecr".client{auth_assume_role = "arn:aws:iam::123456789012:role/r"}]])
    assert.matches("auth_assume_role", as_role)
    assert.equal("AssumeRole GetAuthorizationToken", (run({ AWS_PROFILE = "good" }, as_role)))
    assert.equal("", (run({ AWS_PROFILE = "good" }, as_role)))
    assert.equal("AssumeRole GetAuthorizationToken", (run({ AWS_PROFILE = "evil" }, as_role)))
  end)

  it("do not share what IAM Identity Center gives: its keys are new each time", function()
    place:write(".aws/config", "[default]\n" .. cloud.LINES.sso)
    cloud.log_in(place)
    for _ = 1, 2 do assert.matches("GetAuthorizationToken", (run())) end
    assert.equal("", process.run("find " .. place.path .. " -name '*.token'").output)
  end)

  it("leave nothing in the clear but the token in its file, its owner's only", function()
    assert.equal("GetAuthorizationToken", (run(KEYS)))
    local found = process.run("(find " .. place.path .. "/cache -printf '%y %m %f\\n' | sort)").output
    assert.matches("^d 700 cache\nf 600 %.%x%x%.lock\nf 600 " .. ("%x"):rep(64) .. "%.token\n$", found)
    assert.not_matches("canaryKey", process.run("cat " .. place.path .. "/cache/*.token").output)
  end)
end)

describe("processes that are killed", function()
  local LIFE = [==[ answer.body = answer.body:gsub('"expiresAt":%%d+', function()
    return ('"expiresAt":%%.3f'):format(require "socket".gettime() + %s) end) ]==]
  local WORKER = [[export LC_ALL=C; for kill in %s; do
    timeout -s KILL $kill "$ECRLUA" -e "$GET" >>%s/out 2>>%s/err; echo $? >>%s/codes; done]]

  --- Eight workers, each starting fifteen processes that are killed after so many seconds.
  local function run_all(seed)
    math.randomseed(seed)
    local lines = { "export ECRLUA=" .. process.quote(process.ECRLUA), "export GET=" .. process.quote(GET) }
    for name, value in pairs(cloud.endpoints(server)) do lines[#lines + 1] = ("export %s=%s"):format(name, value) end
    for name, value in pairs(KEYS) do lines[#lines + 1] = ("export %s=%s"):format(name, value) end
    lines[#lines + 1] = "export AWS_REGION=us-east-1 ECRLUA_TOKEN_CACHE=" .. place.path .. "/cache"
    for _ = 1, 8 do
      local times = {}
      for i = 1, 15 do times[i] = i % 3 == 0 and "20" or ("0.%03d"):format(math.random(2, 60)) end
      lines[#lines + 1] = "(" .. WORKER:format(table.concat(times, " "), place.path, place.path, place.path) .. ") &"
    end
    lines[#lines + 1] = "wait"
    local path = place:write("run.sh", table.concat(lines, "\n") .. "\n")
    return process.run("env -u LUA_PATH -u LUA_CPATH timeout 120 bash " .. path)
  end

  local function codes()
    local counts = {}
    for code in place:read("codes"):gmatch("%d+") do counts[code] = (counts[code] or 0) + 1 end
    return counts
  end

  before_each(function() place = home.new() end)
  after_each(function()
    server:stop()
    place:remove()
  end)

  it("leave a whole token or none, and nobody waits for them for ever", function()
    server = cloud.serve(nil, LIFE:format("1.2")) -- all the time one is due
    assert.equal(0, run_all(5).code)
    local ended = codes()
    assert.equal(120, (ended["0"] or 0) + (ended["137"] or 0), place:read("err"))
    assert.is_true((ended["0"] or 0) >= 40)
    assert.is_true((ended["137"] or 0) > 0, "none was killed: the times are too long for this machine")
    assert.not_matches("token cache", place:read("err"))
    for line in place:read("out"):gmatch("[^\n]+") do assert.matches("^token for https://", line) end
  end)

  it("cost at most one more question each", function()
    server = cloud.serve()
    assert.equal(0, run_all(7).code)
    local killed = codes()["137"] or 0
    assert.is_true(#server:requests() <= 1 + killed, ("%d questions, %d killed"):format(#server:requests(), killed))
    local name = process.run("ls " .. place.path .. "/cache").output:match("%x+%.token")
    assert.is_truthy(core.cache_read(place.path .. "/cache", name, "token_cache"))
  end)
end)
