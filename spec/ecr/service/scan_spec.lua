-- SPDX-License-Identifier: MIT
-- Behaviour: StartImageScan, DescribeImageScanFindings and ScanStatus in the Amazon ECR API Reference.
local ecr = require "ecr"
local loop = require "ecr.loop"

local HIGH = { id = "CVE-2026-1", severity = "HIGH", package = "zlib", version = "1.2", fixed_version = "1.3",
  score = 7.5, uri = "https://x" }

local function client_of(image)
  image.tags = { "v1" }
  local mock = ecr.mock():with_image("app", image):with_latency_injection{ seconds = 0 }
  return mock:client{}, mock
end

describe("scan:start", function()
  it("starts a scan and shows its way", function()
    local client = client_of{}
    assert.equal("ScanNotFoundException", select(2, client.scan:get_status("app:v1")).code)
    assert.equal("PENDING", client.scan:start("app:v1").status)
    assert.equal("IN_PROGRESS", client.scan:get_status("app:v1").status)
    ecr.sleep(11)
    assert.equal("COMPLETE", client.scan:get_status("app:v1").status)
    local _, err = client.scan:start("app:v1")
    assert.equal("limit", err.kind)
    assert.equal(1, err.attempts) -- a daily limit is not throttling
  end)
end)

describe("scan:get_findings", function()
  it("gives basic and enhanced findings in one form", function()
    for _, kind in ipairs{ "basic", "enhanced" } do
      local result = assert(client_of{ scan = { type = kind, findings = { HIGH } } }.scan:get_findings("app:v1"))
      local one = result.findings[1]
      assert.equal(kind, result.kind)
      assert.same({ "CVE-2026-1", "HIGH", "zlib", "1.2", 7.5, "https://x", "ACTIVE" },
        { one.id, one.severity, one.package, one.version, one.score, one.url, one.status })
      assert.equal(kind == "enhanced" and "1.3" or nil, one.fixed_version)
      assert.same({ HIGH = 1 }, result:count())
      assert.is_true(result:has("MEDIUM"))
      assert.is_false(result:has("CRITICAL"))
      assert.matches(": 1 high$", tostring(result))
      assert.equal("HIGH CVE-2026-1 in zlib 1.2", tostring(one))
    end
  end)

  it("asks in the region and registry of a full reference", function()
    local client, mock = client_of{ scan = {} }
    local west = mock:client{ region = "eu-west-1" }
    assert(west.scan:get_findings("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1"))
    assert.equal("us-east-1", mock:history()[1].region)
    assert.equal("not_found", select(2, west.scan:get_findings("app:v1")).kind)
    assert.equal("eu-west-1", mock:history()[2].region)
    assert.equal(client.config.region, "us-east-1")
  end)
end)

describe("scan:wait_for", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("gives the findings when the scan is done, and tells the way there", function()
    local seen = {}
    local client = client_of{ scan = { states = { { state = "PENDING", seconds = 10 }, { state = "IN_PROGRESS",
      seconds = 10 }, "COMPLETE" }, findings = { HIGH } } }
    local result = assert(client.scan:wait_for("app:v1", { timeout_seconds = 300, poll_interval_seconds = 10,
      on_progress = function(status, waited) seen[#seen + 1] = status .. " " .. math.floor(waited) end }))
    assert.equal("COMPLETE", result.status)
    assert.same({ HIGH = 1 }, result:count())
    assert.same({ "PENDING 0", "IN_PROGRESS 10" }, seen)
  end)

  it("waits until an enhanced scan has settled, and any age of a basic one will do", function()
    local client = client_of{ scan = { type = "enhanced" } }
    local start = loop.now()
    assert(client.scan:wait_for("app", { tag = "v1" }))
    assert.is_true(loop.now() - start >= 30)
    assert(client_of{ scan = { completed_at = 1 } }.scan:wait_for("app:v1"))
  end)

  it("says when it is not there in time, and starts nothing", function()
    local client, mock = client_of{}
    local got, err = client.scan:wait_for("app:v1", { timeout_seconds = 20 })
    assert.is_nil(got)
    assert.same({ "timeout", "no_result", false }, { err.kind, err.code, err.retryable })
    for _, request in ipairs(mock:history()) do assert.not_equal("StartImageScan", request.operation) end
  end)

  it("says at once, with the state, when there will be none", function()
    for _, state in ipairs{ "FAILED", "UNSUPPORTED_IMAGE", "SOMETHING_NEW" } do
      local client = client_of{ scan = { states = { state } } }
      local start = loop.now()
      local _, err = client.scan:wait_for("app:v1")
      assert.same({ "conflict", state }, { err.kind, err.code })
      assert.is_true(loop.now() - start < 1)
    end
    assert.same({ "conflict", "no_scan" }, (function()
      local _, err = client_of{}.scan:wait_for("app:v1")
      return { err.kind, err.code }
    end)())
  end)

  it("keeps to the digest that the tag had at first", function()
    local client, mock = client_of{ scan = { states = { "PENDING", "COMPLETE" } } }
    assert(client.scan:wait_for("app:v1"))
    for _, request in ipairs(mock:history()) do
      if request.operation == "DescribeImageScanFindings" then
        assert.is_string(request.input.image_id.image_digest)
      end
    end
  end)

  it("passes on errors, and refuses options that are none", function()
    assert.equal("not_found", select(2, client_of{}.scan:wait_for("app:other")).kind)
    for _, options in ipairs{ { timeout = 5 }, { timeout_seconds = "5" }, { timeout_seconds = -1 } } do
      assert.equal("input", select(2, client_of{}.scan:wait_for("app:v1", options)).kind)
    end
  end)
end)

describe("severities", function()
  local severity = require "ecr.types.severity"

  it("have an order, in which two have no place", function()
    assert.same({ 1, 2, 3, 4, 5 }, { severity.rank("CRITICAL"), severity.rank("HIGH"), severity.rank("MEDIUM"),
      severity.rank("LOW"), severity.rank("INFORMATIONAL") })
    assert.is_true(severity.at_least("HIGH", "HIGH"))
    assert.is_true(severity.at_least("CRITICAL", "LOW"))
    assert.is_false(severity.at_least("LOW", "HIGH"))
    for _, word in ipairs{ "UNDEFINED", "UNTRIAGED", "NEW" } do
      assert.is_nil(severity.rank(word))
      assert.is_nil(severity.at_least(word, "LOW"))
      assert.is_nil(severity.at_least("LOW", word))
    end
    assert.is_true(severity.is_known("UNTRIAGED"))
    assert.is_false(severity.is_known("NEW"))
    assert.same({ "HIGH", "LOW", "UNDEFINED", "A", "B" },
      severity.sorted{ LOW = 1, B = 1, UNDEFINED = 1, HIGH = 1, A = 1 })
  end)
end)
