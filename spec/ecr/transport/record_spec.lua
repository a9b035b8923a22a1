-- SPDX-License-Identifier: MIT
-- What the tap writes. Lines are compared with what the format says, written down by hand.
local canned = require "spec.support.canned"
local core = require "ecr.core"
local ecr = require "ecr"
local files = require "spec.support.files"
local loop = require "ecr.loop"
local process = require "spec.support.process"
local record = require "ecr.transport.record"

local HEADER = ('{"ecrlua_recording":1,"tool":"ecrlua %s","clock":1700000000.0}'):format(core.version)
local LIST = '{"service":"ecr","operation":"ListImages","region":"us-east-1","input":{"repository_name":"app"},'

describe("the recording transport", function()
  local path, inner, recorder, transport
  before_each(function()
    path = os.tmpname()
    inner = canned.new()
    recorder = assert(ecr.recorder(path))
    transport = record.new(inner, recorder)
  end)
  after_each(function()
    recorder:close()
    os.remove(path)
    assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
  end)

  --- The lines so far, without closing anything.
  local function lines()
    local list = {}
    for text in files.read(path):gmatch("([^\n]*)\n") do list[#list + 1] = text end
    return list
  end

  local function ask(operation, input, seconds, event, more)
    local ticket = transport:submit(canned.request(operation, input, more))
    inner:answer(ticket, seconds, event)
    return transport:poll(0)[1]
  end

  local function list(seconds, event)
    return ask("ListImages", { repository_name = "app" }, seconds, event)
  end

  it("records the calls of a client for another region too, and of no client that is not recorded", function()
    local client = ecr.mock():with_repository{ name = "app" }:client{}
    local own <const> = assert(client:in_region("eu-west-1"))
    local taped = ecr.record(client, recorder)
    local west = assert(taped:in_region("eu-west-1"))
    assert.not_equal(own, west)
    assert(west.repository:list())
    assert(own.repository:list())
    assert.equal(2, #lines())
    assert.matches('"region":"eu%-west%-1"', lines()[2])
  end)

  it("writes a header, and a line for an answer when it comes", function()
    local event = list(0.25, { status = 200, headers = { ["x-amzn-requestid"] = "r-1", date = "today" },
      value = { image_ids = { { image_tag = "v1" } } } })
    assert.same({ { image_tag = "v1" } }, event.value.image_ids)
    assert.same({ HEADER, LIST .. '"occurrence":1,"seconds":0.25,"status":200,"headers":{"x-amzn-requestid":"r-1"},'
      .. '"value":{"image_ids":[{"image_tag":"v1"}]}}' }, lines())
  end)

  it("writes refusals, failures, and requests that could not be sent", function()
    list(0, { status = 400, headers = {}, fault = { code = "RepositoryNotFoundException", message = "none",
      members = { message = "none" } } })
    list(30, { failure = { kind = "timeout", code = "timeout", message = "no answer in time" } })
    list(1, { status = 200, headers = { ["x-amzn-requestid"] = "r-2" }, failure = { kind = "protocol", code = "shape",
      message = "expected a list" } })
    inner.refusal = { kind = "network", code = "dns", message = "no such host" }
    assert.is_nil(transport:submit(canned.request("ListImages", { repository_name = "app" })))
    assert.same({ HEADER,
      LIST .. '"occurrence":1,"seconds":0.0,"status":400,"fault":{"code":"RepositoryNotFoundException",'
        .. '"message":"none","members":{"message":"none"}}}',
      LIST .. '"occurrence":2,"seconds":30.0,"failure":{"code":"timeout","kind":"timeout",'
        .. '"message":"no answer in time"}}',
      LIST .. '"occurrence":3,"seconds":1.0,"status":200,"headers":{"x-amzn-requestid":"r-2"},'
        .. '"failure":{"code":"shape","kind":"protocol","message":"expected a list"}}',
      LIST .. '"occurrence":4,"seconds":0.0,"failure":{"code":"dns","kind":"network","message":"no such host"}}',
    }, lines())
  end)

  it("writes a call that was taken back", function()
    local ticket = transport:submit(canned.request("ListImages", { repository_name = "app" }))
    inner.mono = inner.mono + 2
    assert.is_true(transport:cancel(ticket))
    assert.is_true(inner.cancelled[ticket])
    assert.same({ HEADER, LIST .. '"occurrence":1,"seconds":2.0,"cancelled":true}' }, lines())
  end)

  it("counts equal calls as they are made, not as they are answered", function()
    local request = canned.request("ListImages", { repository_name = "app" })
    local first, second = transport:submit(request), transport:submit(request)
    inner:answer(second, 1, { status = 200, value = {} })
    transport:poll(0)
    inner:answer(first, 1, { status = 200, value = {} })
    transport:poll(0)
    assert.matches('"occurrence":2,"seconds":1.0', lines()[2])
    assert.matches('"occurrence":1,"seconds":2.0', lines()[3])
  end)

  it("counts calls of another region or service for themselves", function()
    for _, more in ipairs{ {}, { region = "eu-west-1" }, { service = "ecr-public" } } do
      ask("DescribeRepositories", {}, 0, { status = 200, value = {} }, more)
    end
    for number = 2, 4 do assert.matches('"occurrence":1,', lines()[number]) end
  end)

  it("gives an input one text, however its table came about", function()
    ask("DescribeImages", { repository_name = "app", max_results = 5 }, 0, { status = 200, value = {} })
    ask("DescribeImages", { max_results = 5.0, repository_name = "app" }, 0, { status = 200, value = {} })
    assert.matches('"input":{"max_results":5,"repository_name":"app"},"occurrence":1,', lines()[2])
    assert.matches('"input":{"max_results":5,"repository_name":"app"},"occurrence":2,', lines()[3])
  end)

  it("writes the input that was sent, whatever becomes of the table meanwhile", function()
    local input = { repository_name = "app" }
    local ticket = transport:submit(canned.request("ListImages", input))
    input.repository_name = "other"
    inner:answer(ticket, 0, { status = 200, value = {} })
    transport:poll(0)
    assert.matches('"input":{"repository_name":"app"}', lines()[2], 1, true)
  end)

  it("keeps lists lists and objects objects when they are empty", function()
    ask("DescribeImageScanFindings", { repository_name = "app", image_id = { image_tag = "v1" } }, 0, { status = 200,
      value = { image_scan_findings = { findings = {}, finding_severity_counts = {} }, unknown = {} } })
    assert.matches('"value":{"image_scan_findings":{"finding_severity_counts":{},"findings":[]},"unknown":{}}',
      lines()[2], 1, true)
  end)

  it("keeps integers, floats and bytes apart", function()
    list(0, { status = 200, value = { big = 9007199254740993, float = 1.0, third = 1 / 3, huge = 1e300,
      none = core.null, bytes = "\xff\0", endless = math.huge, ["$own"] = "x" } })
    assert.matches('"value":{"$$own":"x","big":9007199254740993,"bytes":{"$bytes":"/wA="},"endless":1e999,'
      .. '"float":1.0,"huge":1e+300,"none":null,"third":0.3333333333333333}', lines()[2], 1, true)
  end)

  it("writes placeholders where the model has secrets, be they sealed or not", function()
    for _, token in ipairs{ core.secret("QVdTOmNhbmFyeQ=="), "QVdTOmNhbmFyeQ==" } do
      ask("GetAuthorizationToken", {}, 0, { status = 200, value = { authorization_data = { {
        authorization_token = token, expires_at = 1.5e9 } } } })
    end
    ask("GetDownloadUrlForLayer", { repository_name = "app", layer_digest = "sha256:0" }, 0, { status = 200,
      value = { download_url = core.secret("https://canary/?X-Amz-Signature=1") } })
    local PLACEHOLDER = '{"authorization_token":{"$sealed":"authorizationToken","bytes":16},"expires_at":1500000000.0}'
    assert.matches(PLACEHOLDER, lines()[2], 1, true)
    assert.matches(PLACEHOLDER, lines()[3], 1, true)
    assert.matches('"value":{"download_url":{"$sealed":"downloadUrl","bytes":33}}', lines()[4], 1, true)
    assert.is_nil(files.read(path):find("QVdTOm", 1, true))
    assert.is_nil(files.read(path):find("canary", 1, true))
  end)

  it("leaves out what is no call of an API, and this machine's lack of memory", function()
    local ticket = transport:submit{ kind = "http", url = "https://sts.invalid/", sink = "creds:sts" }
    inner:answer(ticket, 0, { status = 200, value = "credentials" })
    assert.equal("credentials", transport:poll(0)[1].value)
    list(0, { failure = { kind = "memory", message = "not enough memory" } })
    assert.same({ HEADER }, lines())
  end)

  it("stops at what no answer holds, passes it on, and tells it at the end", function()
    local event = list(0, { status = 200, value = { f = print } })
    assert.equal(print, event.value.f)
    list(0, { status = 200, value = {} })
    local ok, err = recorder:close()
    assert.is_nil(ok)
    assert.equal("config", err.kind)
    assert.equal("recording", err.code)
    assert.matches("not whole: a function cannot be recorded", err.message)
    assert.same({ HEADER }, lines())
  end)

  it("is closed with its recorder", function()
    recorder:close()
    assert.is_true(recorder:close())
    assert.has_error(function() list(0, { status = 200, value = {} }) end, "the recorder is closed")
    assert.equal(1, #lines())
  end)
end)

describe("a recorder", function()
  it("makes a file that only its owner may read", function()
    local path = os.tmpname()
    process.run("chmod 644 " .. path)
    assert(ecr.recorder(path)):close()
    assert.equal("600\n", process.run("stat -c %a " .. path).output)
    os.remove(path)
  end)

  it("that cannot make its file is an error at once", function()
    local recorder, err = ecr.recorder("/nowhere/at/all")
    assert.is_nil(recorder)
    assert.equal("config", err.kind)
    assert.equal("recording", err.code)
    assert.matches("/nowhere/at/all", err.message)
  end)

  it("on a full disk lets the calls go on, and tells it when it is closed, raised at the end of a block", function()
    local recorder = assert(ecr.recorder("/dev/full"))
    local client = ecr.record(ecr.mock():with_repository{ name = "app" }:client{}, recorder)
    assert.equal(0, #assert(client.image:list("app")))
    for _ = 1, 2 do
      local ok, err = recorder:close()
      assert.is_nil(ok)
      assert.matches("No space left on device", err.message)
    end
    local ok, problem = pcall(function()
      local block <close> = assert(ecr.recorder("/dev/full"))
      return block
    end)
    assert.is_false(ok)
    assert.is_true(ecr.is_error(problem))
    ok, problem = pcall(function()
      local _ <close> = assert(ecr.recorder("/dev/full"))
      error("the script's own", 0)
    end)
    assert.is_false(ok)
    assert.equal("the script's own", problem)
  end)
end)

describe("a recorded client", function()
  it("shares its carrier with clients that are not recorded", function()
    local path = os.tmpname()
    local plain = ecr.mock():with_repository{ name = "app" }:with_image("app", { tags = { "v1" } }):client{}
    local recorder = assert(ecr.recorder(path))
    local recorded = ecr.record(plain, recorder)
    local twice = ecr.record(recorded, recorder)
    local results, errors = ecr.all{
      function() return plain.image:list("app") end,
      function() return recorded.image:list("app") end,
      function() return twice.image:list("app") end,
      function() return plain.image:list("app") end,
    }
    assert.is_nil(errors)
    for i = 1, 4 do assert.equal(1, #results[i]) end
    assert.is_true(recorder:close())
    local _, count = files.read(path):gsub("\n", "")
    assert.equal(1 + 1 + 2, count)
    os.remove(path)
  end)

  it("writes down a task's call that is cancelled", function()
    local path = os.tmpname()
    local recorder = assert(ecr.recorder(path))
    local client = ecr.record(ecr.mock():with_repository{ name = "app" }:client{}, recorder)
    do
      local _ <close> = require("ecr.loop").start(function() return client.image:list("app") end)
    end
    recorder:close()
    assert.matches('"cancelled":true}\n$', files.read(path))
    os.remove(path)
  end)
end)
