-- SPDX-License-Identifier: MIT
-- The gate against simulated registries, in virtual time. What a state means is the API reference's
-- (ScanStatus) and the user guide's; the exit codes are the product's promise.
local ecr = require "ecr"
local loop = require "ecr.loop"

local CRITICAL = { id = "CVE-2026-1", severity = "CRITICAL", package = "openssl", version = "3.0.1" }
local HIGH = { id = "CVE-2026-2", severity = "HIGH", package = "zlib", version = "1.2" }
local LOW = { id = "CVE-2026-3", severity = "LOW", package = "tar", version = "1.34" }

--- A registry with one repository, "app", and one image, "app:v1"; its verdict.
local function gate(image, options, setup)
  image.tags = { "v1" }
  local mock = ecr.mock():with_image("app", image)
  if setup then setup(mock) end
  local client = assert(mock:client{})
  local verdict, err = ecr.gate(client, "app:v1", options)
  return verdict, err, mock
end

local function operations(mock)
  local names = {}
  for _, request in ipairs(mock:history()) do names[request.operation] = (names[request.operation] or 0) + 1 end
  return names
end

describe("the gate", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("could not find out when access is denied", function()
    local verdict = gate({ scan = {} }, nil, function(mock)
      mock:with_error_injection{ operation = "DescribeImageScanFindings", code = "AccessDeniedException",
        message = "User is not authorized to perform: ecr:DescribeImageScanFindings" }
    end)
    assert.equal(3, verdict.exit_code)
    assert.equal("denied", verdict.targets[1].error.kind)
    assert.matches("ecr:DescribeImageScanFindings", verdict.targets[1].advice)
  end)

  it("could not find out when there is no such image, with one request", function()
    local mock = ecr.mock():with_repository{ name = "app" }
    local verdict = ecr.gate(mock:client{}, "app:v1")
    assert.equal(3, verdict.exit_code)
    assert.equal("not_found", verdict.error.kind)
    assert.same({ DescribeImages = 1 }, operations(mock))
  end)

  it("does not read manifests of a plain image, since that would renew its pull time", function()
    local _, _, mock = gate({ scan = {} })
    assert.same({ DescribeImages = 1, DescribeImageScanFindings = 1 }, operations(mock))
  end)

  it("asks by digest once the tag is resolved", function()
    local verdict, _, mock = gate({ scan = { states = { "PENDING", "COMPLETE" } } })
    for _, request in ipairs(mock:history()) do
      if request.operation == "DescribeImageScanFindings" then
        assert.same({ image_digest = verdict.digest }, request.input.image_id)
      end
    end
  end)

  it("reads a result with a deadline, however long a single answer takes", function()
    local verdict = gate({ scan = {} }, { timeout = 10 }, function(mock)
      mock:with_latency_injection{ operation = "DescribeImageScanFindings", seconds = 1000 }
    end)
    assert.equal(2, verdict.exit_code)
    assert.is_true(verdict.seconds <= 10.1)
  end)

  it("waits when the service counts more than it lists, in case the list is not whole", function()
    local verdict = gate({ scan = { states = { { state = "COMPLETE", seconds = 10, findings = {},
      counts = { CRITICAL = 1 } }, { state = "COMPLETE", findings = { CRITICAL } } } } })
    assert.equal(1, verdict.exit_code)
  end)

  it("warns when the service counts other findings than it lists", function()
    local verdict = gate({ scan = { findings = { LOW }, counts = { LOW = 3 } } })
    assert.equal(0, verdict.exit_code)
    assert.matches("LOW: 1 listed, but the service counts 3", verdict.targets[1].warnings[1])
  end)

  it("names attestations that it left out", function()
    local verdict = gate({ index = { { scan = {} }, { attestation = true } } })
    assert.equal(1, #verdict.targets)
    assert.equal("attestation", verdict.skipped[1].reason)
  end)

  it("adds up the findings of all images", function()
    local verdict = gate({ index = { { scan = { findings = { LOW, HIGH } } },
      { platform = "linux/arm64", scan = { findings = { LOW } } } } })
    assert.same({ LOW = 2, HIGH = 1 }, verdict.counts)
  end)

  it("waits for the images of an index at the same time", function()
    local slow = { states = { { state = "IN_PROGRESS", seconds = 100 }, "COMPLETE" } }
    local verdict = gate({ index = { { scan = slow }, { platform = "linux/arm64", scan = slow } } })
    assert.equal(0, verdict.exit_code)
    assert.is_true(verdict.seconds < 110)
  end)

  it("refuses a mistyped option or severity, which would guard against nothing", function()
    local client = ecr.mock():with_repository{ name = "app" }:client{}
    for _, options in ipairs{ { treshold = {} }, { thresholds = 0 }, { timeout = "5" }, { timeout = -1 },
      { timeout = 0 / 0 }, { poll = math.huge }, { thresholds = { HGIH = 0 } }, { thresholds = { HIGH = "0" } },
      { thresholds = { HIGH = -1 } }, { thresholds = { HIGH = 0.5 } }, { thresholds = { "HIGH" } } } do
      local verdict, err = ecr.gate(client, "app:v1", options)
      assert.is_nil(verdict)
      assert.equal("input", err.kind)
    end
    assert.matches("did you mean HIGH", select(2, ecr.gate(client, "app:v1",
      { thresholds = { HGIH = 0 } })).message)
  end)

  it("takes severities in any case", function()
    assert.equal(1, gate({ scan = { findings = { HIGH } } }, { thresholds = { high = 0 } }).exit_code)
  end)

  it("refuses a name that is none before anything is sent", function()
    local mock = ecr.mock():with_repository{ name = "app" }
    for _, name in ipairs{ "", "App:v1", "app", "app:", "public.ecr.aws/x/y:1", "registry.example.com/app:1" } do
      local verdict, err = ecr.gate(mock:client{}, name)
      assert.is_nil(verdict)
      assert.equal("input", err.kind, name)
    end
    assert.same({}, mock:history())
  end)

  it("holds a target verdict of its own for each image that could not be judged", function()
    local verdict = gate({ index = { { scan = { findings = { CRITICAL } } }, { platform = "linux/arm64",
      scan = { states = { "FAILED" } } } } })
    assert.equal("fail", verdict.verdict)
    assert.equal("inconclusive", verdict.targets[2].verdict)
    assert.matches("start another scan", verdict.targets[2].advice)
  end)

  it("says that it started a scan", function()
    assert.is_true(gate({ on_start = {} }).targets[1].started)
    assert.is_nil(gate({ scan = {} }).targets[1].started)
  end)

  it("starts at most one scan, and waits for it longer than the grace", function()
    local verdict, _, mock = gate({ on_start = { states = { { state = "PENDING", seconds = 200 }, "COMPLETE" } } },
      { grace = 10 })
    assert.equal("pass", verdict.verdict)
    assert.equal(1, operations(mock).StartImageScan)
  end)

  it("tells each look that is not the last: state, time waited, time until the next", function()
    local looks = {}
    gate({ on_start = { states = { { state = "IN_PROGRESS", seconds = 12 }, "COMPLETE" } } }, {
      on_poll = function(target, status, waited, pause)
        looks[#looks + 1] = ("%s %s %.0f %.0f"):format(type(target.digest), status, waited, pause)
      end }, function(mock) mock:with_latency_injection{ seconds = 0 } end)
    assert.same({ "string scan started 0 5", "string IN_PROGRESS 5 5", "string IN_PROGRESS 10 5" }, looks)
  end)

  it("asks in the region and the account that a full reference names", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, scan = {} })
    local client = mock:client{ region = "eu-west-1" }
    local verdict = ecr.gate(client, "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1")
    assert.equal(0, verdict.exit_code)
    assert.equal("us-east-1", mock:history()[1].region)
    assert.equal("123456789012", mock:history()[1].input.registry_id)
  end)
end)

describe("an answer that is not what it seems", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  local COMPLETE = { image_scan_status = { status = "COMPLETE" },
    image_scan_findings = { image_scan_completed_at = 1767225600, findings = {} } }

  --- A client whose answers to DescribeImageScanFindings are these, one after the other, the last for ever.
  local function answering(...)
    local client = ecr.mock():with_image("app", { tags = { "v1" } }):client{}
    local call, answers = client.call, { ... }
    client.call = function(self, name, input, options)
      if name ~= "DescribeImageScanFindings" then return call(self, name, input, options) end
      return #answers > 1 and table.remove(answers, 1) or answers[1]
    end
    return client
  end

  local function with(more)
    local copy = {}
    for key, value in pairs(COMPLETE) do copy[key] = value end
    for key, value in pairs(more) do copy[key] = value end
    return copy
  end

  local function findings(completed_at, ...)
    return { image_scan_completed_at = completed_at, findings = { ... } }
  end

  it("is no result when it is for another image", function()
    local verdict = ecr.gate(answering(with{ image_id = { image_digest = "sha256:" .. ("1"):rep(64) } }), "app:v1")
    assert.equal(3, verdict.exit_code)
    assert.equal("integrity", verdict.targets[1].error.kind)
  end)

  it("is read again when a new scan was done between two pages", function()
    local client = answering(with{ next_token = "2" },
      with{ image_scan_findings = findings(1767225700, { name = "CVE-1", severity = "LOW" }) },
      with{ image_scan_findings = findings(1767225700, { name = "CVE-2", severity = "CRITICAL" }) })
    local verdict = ecr.gate(client, "app:v1")
    assert.equal(1, verdict.exit_code)
    assert.same({ CRITICAL = 1 }, verdict.counts)
  end)

  it("counts a finding whose status nobody knows, and one without severity", function()
    local function one(finding)
      return ecr.gate(answering{ image_scan_status = { status = "ACTIVE" },
        image_scan_findings = { enhanced_findings = { finding } } }, "app:v1")
    end
    assert.same({ CRITICAL = 1 }, one{ severity = "critical", status = "REOPENED" }.counts)
    assert.equal(1, one{ severity = "CRITICAL", status = "REOPENED" }.exit_code)
    assert.same({ UNTRIAGED = 1 }, one{ status = "ACTIVE" }.counts)
    assert.equal(1, one{ status = "ACTIVE" }.exit_code)
  end)

  it("is no result when it counts findings without a list of any", function()
    local verdict = ecr.gate(answering{ image_scan_status = { status = "ACTIVE" },
      image_scan_findings = { finding_severity_counts = { CRITICAL = 1 } } }, "app:v1", { timeout = 60 })
    assert.equal(2, verdict.exit_code)
    assert.matches("nothing was delivered", verdict.targets[1].reason)
  end)

  it("is one when it counts nothing and lists nothing, once that has settled", function()
    local verdict = ecr.gate(answering{ image_scan_status = { status = "COMPLETE" },
      image_scan_findings = { finding_severity_counts = {} } }, "app:v1")
    assert.equal(0, verdict.exit_code)
    assert.is_true(verdict.seconds >= 30)
  end)

  it("leaves no task behind when the caller's own function raises", function()
    local client = ecr.mock():with_image("app", { tags = { "v1" }, index = { { scan = { states = { "PENDING",
      "COMPLETE" } } }, { platform = "linux/arm64", scan = { states = { "PENDING", "COMPLETE" } } } } }):client{}
    local ok, problem = pcall(ecr.gate, client, "app:v1", { on_poll = function() error("mine") end })
    assert.is_false(ok)
    assert.matches("mine", problem)
  end)
end)

describe("the tag, after the gate has waited", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  local SLOW = { scan = { states = { { state = "IN_PROGRESS", seconds = 60 }, "COMPLETE" } } }

  it("is reported when it moved, and changes nothing", function()
    SLOW.tags = { "v1" }
    local mock = ecr.mock():with_image("app", SLOW):with_image("app", { tags = { "v2" },
      scan = { findings = { CRITICAL } } })
    local client = mock:client{}
    local first = assert(client.image:describe("app:v1")).image_digest
    local other = assert(client.image:get("app:v2"))
    local mover <close> = ecr.spawn(function()
      ecr.sleep(20)
      assert(client:call("PutImage", { repository_name = "app", image_manifest = other.image_manifest,
        image_tag = "v1" }))
    end)
    local verdict = assert(ecr.gate(client, "app:v1"))
    assert.equal("finished", mover.status)
    assert.equal("pass", verdict.verdict)
    assert.equal(first, verdict.digest)
    assert.equal(other.image_id.image_digest, verdict.moved_to)
    assert.matches("the tag names sha256:%x+; the verdict is on sha256:%x+", verdict.warnings[1])
    for _, request in ipairs(mock:history()) do
      if request.operation == "DescribeImageScanFindings" then
        assert.equal(first, request.input.image_id.image_digest)
      end
    end
  end)

  local function with_fault(code)
    return gate(SLOW, nil, function(mock)
      mock:with_error_injection{ operation = "DescribeImages", code = code, after = 1 }
    end)
  end

  it("is reported when it is gone", function()
    local verdict = with_fault("ImageNotFoundException")
    assert.equal("pass", verdict.verdict)
    assert.equal("", verdict.moved_to)
    assert.matches("the tag is not there", verdict.warnings[1])
  end)

  it("is said not to be known when it cannot be looked at", function()
    local verdict = with_fault("AccessDeniedException")
    assert.equal("pass", verdict.verdict)
    assert.is_nil(verdict.moved_to)
    assert.matches("could not be found out", verdict.warnings[1])
  end)

  it("is looked at when a digest stands beside it, since the digest decides", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, scan = {} }):with_image("app", { tags = { "v2" } })
    local client = mock:client{}
    local digest = assert(client.image:describe("app:v1")).image_digest
    assert.same({}, ecr.gate(client, "app:v1@" .. digest).warnings)
    local verdict = ecr.gate(client, "app:v2@" .. digest)
    assert.equal(digest, verdict.digest)
    assert.matches("the tag names sha256:", verdict.warnings[1])
    assert.matches("the tag is not there", ecr.gate(client, "app:v3@" .. digest).warnings[1])
  end)

  it("is not looked at when nothing was waited for, or the image was named by digest", function()
    local verdict, _, mock = gate({ scan = {} })
    assert.same({}, verdict.warnings)
    assert.equal(1, operations(mock).DescribeImages)
    SLOW.tags = { "v1" }
    mock = ecr.mock():with_image("app", SLOW)
    local client = mock:client{}
    local digest = assert(client.image:describe("app:v1")).image_digest
    assert.equal("pass", ecr.gate(client, "app@" .. digest).verdict)
    assert.equal(2, operations(mock).DescribeImages)
  end)
end)

describe("an interrupt", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  -- popen, because system() ignores signals while it runs
  local function kill(signal)
    io.popen("kill -" .. signal .. " $PPID"):close()
  end

  it("breaks the waiting off and keeps what is known", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, index = { { scan = { findings = { LOW } } },
      { platform = "linux/arm64", scan = { states = { { state = "IN_PROGRESS", seconds = 100 }, "COMPLETE" } } } } })
    local client = mock:client{}
    local interrupt <close> = assert(ecr.interrupt())
    local killer <close> = ecr.spawn(function() -- luacheck: ignore 211
      ecr.sleep(22)
      kill("TERM")
    end)
    local verdict = assert(ecr.gate(client, "app:v1", { interrupt = interrupt }))
    assert.equal("SIGTERM", verdict.interrupted)
    assert.equal(128 + 15, verdict.exit_code)
    assert.equal("inconclusive", verdict.verdict)
    assert.equal("pass", verdict.targets[1].verdict)
    assert.same({ LOW = 1 }, verdict.counts)
    assert.equal("inconclusive", verdict.targets[2].verdict)
    assert.equal("IN_PROGRESS", verdict.targets[2].status)
    assert.matches("broken off before there was a result: the scan is IN_PROGRESS", verdict.targets[2].reason)
    assert.is_true(verdict.seconds < 30)
  end)

  it("breaks off before the image was found", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, scan = {} }):with_latency_injection{ seconds = 20 }
    local client = mock:client{}
    local interrupt <close> = assert(ecr.interrupt())
    local killer <close> = ecr.spawn(function() -- luacheck: ignore 211
      ecr.sleep(1)
      kill("TERM")
    end)
    local verdict = assert(ecr.gate(client, "app:v1", { interrupt = interrupt }))
    assert.equal(143, verdict.exit_code)
    assert.equal("inconclusive", verdict.verdict)
    assert.matches("before the image was found", verdict.reason)
  end)

  it("that comes while the tag is looked after is told all the same", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, scan = { states = { "PENDING", "COMPLETE" } } })
    local client = mock:client{}
    local describe, calls = client.image.describe, 0
    client.image.describe = function(...)
      calls = calls + 1
      if calls == 2 then
        kill("TERM")
        ecr.sleep(3)
      end
      return describe(...)
    end
    local interrupt <close> = assert(ecr.interrupt())
    local verdict = assert(ecr.gate(client, "app:v1", { interrupt = interrupt }))
    assert.same({ "SIGTERM", 143 }, { verdict.interrupted, verdict.exit_code })
  end)

  it("is one at a time, and closed more than once", function()
    local interrupt = assert(ecr.interrupt())
    local second, err = ecr.interrupt()
    assert.is_nil(second)
    assert.equal("config", err.kind)
    interrupt:close()
    interrupt:close()
    assert(ecr.interrupt()):close()
  end)
end)
