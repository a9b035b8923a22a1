-- SPDX-License-Identifier: MIT
-- A run is recorded and replayed: what comes out must be the same. What the run itself must give is said
-- by the specs of its parts.
local document = require "ecr.gate.document"
local difference = require "spec.support.typed"
local ecr = require "ecr"
local files = require "spec.support.files"
local loop = require "ecr.loop"
local process = require "spec.support.process"

local HEADER = '{"ecrlua_recording":1,"tool":"ecrlua 0","clock":1700000000}\n'

--- A call of ListImages as a line; `tag` tells its answers apart.
local function line(fields)
  return ('{"service":"ecr","operation":"ListImages","region":"%s","input":{"repository_name":"%s"},'
    .. '"occurrence":%d,"seconds":%d,'):format(fields.region or "us-east-1", fields.name or "app", fields.n or 1,
    fields.seconds or 1) .. (fields.ending or ('"status":200,"value":{"image_ids":[{"image_tag":"%s"}]}'):format(
    fields.tag or "v1")) .. "}\n"
end

local function open(text, options)
  local path = process.file(text)
  local client, err = ecr.replay(path, options)
  os.remove(path)
  return client, err
end

local function list(client, name)
  local output, err = client:call("ListImages", { repository_name = name or "app" })
  return output and output.image_ids[1].image_tag, err
end

--- Records what `script` does with a client, and replays it; gives what it gave each time.
local function twice(client, script)
  local path = os.tmpname()
  local recorder = assert(ecr.recorder(path))
  local first = table.pack(script(ecr.record(client, recorder)))
  assert(recorder:close())
  local replay = assert(ecr.replay(path, { max_retries = client.config.max_retries }))
  local second = table.pack(script(replay))
  assert.same({}, replay.recording:unused())
  local text = files.read(path)
  os.remove(path)
  return first, second, text
end

local function assert_equal_runs(client, script)
  local first, second, text = twice(client, script)
  assert.is_nil(difference(first, second))
  return first, text
end

after_each(function()
  assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
end)

describe("a replay", function()
  it("answers equal calls in their order, whatever the order of the lines", function()
    local client = assert(open(HEADER .. line{ n = 2, tag = "second" } .. line{ tag = "other", name = "other" }
      .. line{ n = 1, tag = "first" }))
    assert.equal("first", list(client))
    assert.equal("other", list(client, "other"))
    assert.equal("second", list(client))
  end)

  it("takes the recorded time, and none of ours", function()
    local client = assert(open(HEADER .. line{ seconds = 1000 } .. line{ n = 2, seconds = 5 }))
    local start, wall = loop.now()
    assert.equal(1.7e9, wall)
    list(client)
    assert.equal(1000, loop.now() - start)
    ecr.sleep(86400)
    list(client)
    assert.equal(87405, loop.now() - start)
    assert.equal(1.7e9 + 87405, select(2, loop.now()))
  end)

  it("answers calls that are made at the same time when each is due", function()
    local client = assert(open(HEADER .. line{ name = "app", seconds = 9 } .. line{ name = "other", seconds = 3 }))
    local order = {}
    ecr.all{
      function() list(client) order[#order + 1] = "app" end,
      function() list(client, "other") order[#order + 1] = "other" end,
    }
    assert.same({ "other", "app" }, order)
  end)

  it("is where the recording was, unless it is told a region", function()
    local text = HEADER .. line{ region = "eu-west-1" }
    assert.equal("eu-west-1", open(text).config.region)
    assert.equal("v1", list(open(text)))
    local client = assert(open(text, { region = "sa-east-1" }))
    local _, err = list(client)
    assert.equal("not_recorded", err.code)
    assert.matches("region is sa%-east%-1, recorded eu%-west%-1", err.message)
  end)

  it("says which recorded calls were never made", function()
    local client = assert(open(HEADER .. line{} .. line{ name = "other" } .. line{ n = 2 }))
    list(client, "other")
    local unused = client.recording:unused()
    assert.equal(2, #unused)
    assert.equal(2, unused[1].number)
    assert.equal(4, unused[2].number)
    assert.same({ repository_name = "app" }, unused[2].input)
  end)

  it("does not answer a call that was broken off, until it fails in time", function()
    local client = assert(open(HEADER .. line{ ending = '"cancelled":true' }))
    do
      local task <close> = loop.start(list, client)
      ecr.sleep(1)
      assert.equal("ready", task.status)
    end
    client = assert(open(HEADER .. line{ ending = '"cancelled":true' }))
    local _, err = list(client)
    assert.equal("not_recorded", err.code)
    assert.matches("broken off", err.message)
  end)

  it("of a broken file is an error with its line", function()
    local client, err = open(HEADER .. "{}\n")
    assert.is_nil(client)
    assert.equal("recording", err.code)
    assert.matches(":2: ", err.message)
  end)

  it("refuses wrong options", function()
    assert.equal("config", select(2, open(HEADER, { regoin = "x" })).kind)
  end)
end)

describe("a call that was not recorded", function()
  local function miss(text, operation, input)
    local _, err = assert(open(text, { region = "us-east-1" })):call(operation, input)
    assert.equal("protocol", err.kind)
    assert.equal("not_recorded", err.code)
    assert.is_false(err.retryable)
    return err.message
  end

  it("is not answered with the last answer again", function()
    local client = assert(open(HEADER .. line{}))
    assert.equal("v1", list(client))
    local tag, err = list(client)
    assert.is_nil(tag)
    assert.equal("not_recorded", err.code)
    assert.matches("made once and has no answer number 2", err.message)
  end)

  it("shows what was asked and how the nearest call differs", function()
    local message = miss(HEADER .. line{ name = "other" } .. line{ name = "ap" } , "ListImages",
      { repository_name = "app", max_results = 5 })
    assert.matches('no answer to ecr:ListImages in us-east-1 {"max_results":5,"repository_name":"app"}; ',
      message, 1, true)
    assert.matches('nearest is line 2: max_results is 5, recorded nothing; repository_name is "app", recorded "other"',
      message, 1, true)
    message = miss(HEADER .. line{ name = "other" } .. line{}, "ListImages",
      { repository_name = "app", max_results = 5 })
    assert.matches("nearest is line 3: max_results is 5, recorded nothing$", message)
  end)

  it("names the operation that is nearest when its own is not there", function()
    local policy = line{ ending = '"status":200,"value":{}' }:gsub("ListImages", "GetRepositoryPolicy")
    local asked = { repository_name = "app", policy_text = "{}" }
    assert.matches("no SetRepositoryPolicy was recorded; the nearest is GetRepositoryPolicy$",
      miss(HEADER .. line{} .. policy, "SetRepositoryPolicy", asked))
    assert.matches("no SetRepositoryPolicy was recorded; what was: ListImages$",
      miss(HEADER .. line{}, "SetRepositoryPolicy", asked))
    assert.matches("it holds no call$", miss(HEADER, "DescribeRepositories", {}))
  end)

  it("is shown cut short when it is long", function()
    local ids = {}
    for i = 1, 100 do ids[i] = { image_tag = "a-rather-long-tag-" .. i } end
    assert.is_true(#miss(HEADER .. line{}, "BatchGetImage", { repository_name = "app", image_ids = ids }) < 1000)
  end)
end)

describe("a recorded run of the simulator", function()
  it("of a gate over an index with concurrent children replays to the same verdict", function()
    local function index()
      local children = {}
      for i, platform in ipairs{ "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x" } do
        children[i] = { platform = platform, scan = {
          states = { { state = "IN_PROGRESS", seconds = 7 * i }, "COMPLETE" }, findings = {
            { id = "CVE-2026-000" .. i, severity = "HIGH", package = "zlib", version = "1" } } } }
      end
      return children
    end
    local client = ecr.mock():with_repository{ name = "app" }:with_image("app", { tags = { "v1" }, index = index() })
      :client{}
    local first = assert_equal_runs(client, function(of)
      local verdict = assert(ecr.gate(of, "app:v1", { thresholds = { HIGH = 0 } }))
      return verdict.verdict, #verdict.targets, document(verdict)
    end)
    assert.equal("fail", first[1])
    assert.equal(4, first[2])
  end)

  it("gives pages and manifests with their exact bytes", function()
    local mock = ecr.mock():with_repository{ name = "app" }
    for i = 1, 1001 do mock:with_image("app", { tags = { "v" .. i } }) end
    local first = assert_equal_runs(mock:client{}, function(of)
      return assert(of.image:list("app")), assert(of.manifest:get_manifest("app:v7"))
    end)
    assert.equal(1001, #first[1])
  end)

  it("gives 5,000 findings", function()
    local findings = {}
    for i = 1, 5000 do
      findings[i] = { id = ("CVE-2026-%04d"):format(i), severity = "LOW", package = "p" .. i, version = "1.0",
        score = 3.3 }
    end
    local client = ecr.mock():with_image("app", { tags = { "v1" }, scan = { findings = findings } }):client{}
    local first = assert_equal_runs(client, function(of) return assert(of.scan:get_findings("app:v1")) end)
    assert.equal(5000, #first[1].findings)
  end)

  it("gives refusals, repetitions and time-outs", function()
    local client = ecr.mock():with_repository{ name = "app" }
      :with_error_injection{ operation = "ListImages", code = "ThrottlingException", times = 2 }
      :with_latency_injection{ operation = "DescribeImages", seconds = 100 }:client{ max_retries = 3 }
    local function run(of)
      local images = assert(of.image:list("app"))
      local _, missing = of:call("ListImages", { repository_name = "nothing" })
      return images, { missing.kind, missing.code, missing.message, missing.status, missing.request_id }
    end
    local first = assert_equal_runs(client, run)
    assert.equal("RepositoryNotFoundException", first[2][2])
    first = assert_equal_runs(client, function(of)
      local _, err = of:call("DescribeImages", { repository_name = "app" })
      return { err.kind, err.code, err.attempts }
    end)
    assert.equal("timeout", first[1][1])
  end)
end)

describe("a recorded run over the network", function()
  local server
  after_each(function() server:stop() end)

  local SECRETS = { "AKIDCANARY", "canary-secret-key", "canary-session-token", "QVdTOmNhbmFyeQ==",
    "X-Amz-Signature", "Signature=" }

  local function client(handler)
    server = process.serve("return function(request, connection) " .. handler .. " end")
    return assert(ecr.client{ region = "us-east-1", endpoint_url = server.url, access_key_id = SECRETS[1],
      secret_access_key = SECRETS[2], session_token = SECRETS[3], max_retries = 0, timeout = 5, proxy = "" })
  end

  local ANSWERS = [[
    local operation = request.headers["x-amz-target"]:match("%w+$")
    if operation == "GetAuthorizationToken" then return { body = '{"authorizationData":[{"authorizationToken":'
      .. '"QVdTOmNhbmFyeQ==","expiresAt":1.5e9,"proxyEndpoint":"https://1.dkr.ecr.us-east-1.amazonaws.com"}]}' } end
    if operation == "GetDownloadUrlForLayer" then
      return { body = '{"downloadUrl":"https://bucket/?X-Amz-Signature=1","layerDigest":"sha256:0"}' } end
    if operation == "DescribeRepositories" then
      return { body = '{"repositories":[{"repositoryName":"app","createdAt":1.5}],"other":{"a":[1,2.0,null,{}]}}' } end
    if operation == "ListImages" then connection:reset() return end
    return { status = 400, headers = { ["x-amzn-requestid"] = "r-9" },
      body = '{"__type":"InvalidParameterException","message":"no"}' }
  ]]

  local function ask_everything(of)
    local token = assert(of:call("GetAuthorizationToken", {}))
    local url = assert(of:call("GetDownloadUrlForLayer", { repository_name = "app",
      layer_digest = "sha256:" .. ("0"):rep(64) }))
    local repositories = assert(of:call("DescribeRepositories", {}))
    local _, reset = of:call("ListImages", { repository_name = "app" })
    local _, refused = of:call("UploadLayerPart", { repository_name = "app", part_first_byte = 0, part_last_byte = 2,
      upload_id = "11111111-2222-3333-4444-555555555555", layer_part_blob = "\xff\0\1" })
    return token, url, repositories, { reset.kind, reset.code, reset.message },
      { refused.kind, refused.code, refused.message, refused.status, refused.request_id }
  end

  it("gives every kind of answer with its types, and the file holds no secret", function()
    local first, text = assert_equal_runs(client(ANSWERS), ask_everything)
    assert.equal("float", math.type(first[3].repositories[1].created_at))
    assert.equal("network", first[4][1])
    assert.equal("input", first[5][1])
    assert.equal("r-9", first[5][5])
    assert.matches('"layer_part_blob":{"$bytes":"/wAB"}', text, 1, true)
    for _, secret in ipairs(SECRETS) do assert.is_nil(text:find(secret, 1, true), secret) end
  end)

  it("needs no server and no credentials any more", function()
    local path = os.tmpname()
    local recorder = assert(ecr.recorder(path))
    assert(ecr.record(client(ANSWERS), recorder):call("DescribeRepositories", {}))
    recorder:close()
    server:stop()
    assert.equal("app", assert(ecr.replay(path)):call("DescribeRepositories", {}).repositories[1].repository_name)
    os.remove(path)
  end)
end)

describe("a recording with some of its bytes changed", function()
  --- A generator of numbers of its own (Park and Miller's), so that a failure can be repeated.
  local function numbers(seed)
    return function(most)
      seed = seed * 48271 % 2147483647
      return seed % most + 1
    end
  end

  local WORDS = { "null", "[]", "{}", "1e999", "-1", '"', "\n", "\\", "0", "{\"$bytes\":1}", "true", "\xff", "" }

  local function mutate(text, random)
    for _ = 1, random(3) do
      local at = random(#text)
      local word = random(2) == 1 and WORDS[random(#WORDS)] or string.char(random(256) - 1)
      text = text:sub(1, at - 1) .. word .. text:sub(at + random(4) - 1)
    end
    return text
  end

  it("is an error or a replay, and never raises", function()
    local path = os.tmpname()
    local recorder = assert(ecr.recorder(path))
    local function run(of)
      local verdict = ecr.gate(of, "app:v1", { thresholds = { HIGH = 0 }, timeout = 60 })
      local _, err = of.image:list("nothing")
      return verdict, err
    end
    run(ecr.record(ecr.mock():with_image("app", { tags = { "v1" }, index = { { scan = { findings = { { id = "CVE-1",
      severity = "LOW", package = "p", version = "1" } } } } } }):client{}, recorder))
    recorder:close()
    local text, broken, replayed = files.read(path), 0, 0
    for seed = 1, 300 do
      local client, err = open(mutate(text, numbers(seed)))
      if client then
        local ok, problem = pcall(run, client)
        assert.is_true(ok, ("seed %d: %s"):format(seed, tostring(problem)))
        replayed = replayed + 1
      else
        assert.equal("recording", err.code)
        broken = broken + 1
      end
    end
    assert.is_true(broken > 30 and replayed > 30, broken .. " broken, " .. replayed .. " replayed")
    os.remove(path)
  end)
end)
