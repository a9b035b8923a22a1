-- SPDX-License-Identifier: MIT
-- The gate against simulated registries, in virtual time. What a state means is the API reference's
-- (ScanStatus) and the user guide's; the exit codes are the product's promise.
local ecr = require "ecr"
local loop = require "ecr.loop"

local CRITICAL = { id = "CVE-2026-1", severity = "CRITICAL", package = "openssl", version = "3.0.1" }
local HIGH = { id = "CVE-2026-2", severity = "HIGH", package = "zlib", version = "1.2" }
local LOW = { id = "CVE-2026-3", severity = "LOW", package = "tar", version = "1.34" }

local function many(severity, count)
  local findings = {}
  for i = 1, count do
    findings[i] = { id = ("CVE-2026-%05d"):format(i), severity = severity, package = "p" .. i, version = "1" }
  end
  return findings
end

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

describe("what is an attestation", function()
  local is_attestation = require("ecr.gate.children").is_attestation
  local LAYER, IN_TOTO = "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.in-toto+json"

  it("is told by its layers or its artifact type", function()
    assert.is_true(is_attestation{ layers = { { media_type = IN_TOTO }, { media_type = IN_TOTO } } })
    assert.is_true(is_attestation{ artifact_type = IN_TOTO, layers = {} })
    assert.is_true(is_attestation{ artifact_type = IN_TOTO, layers = { { media_type = "application/x" } } })
  end)

  it("is never something with a layer that could be unpacked", function()
    assert.is_false(is_attestation{ layers = { { media_type = IN_TOTO }, { media_type = LAYER } } })
    assert.is_false(is_attestation{ artifact_type = IN_TOTO, layers = { { media_type = LAYER } } })
    assert.is_false(is_attestation{ artifact_type = IN_TOTO,
      layers = { { media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip" } } })
    assert.is_false(is_attestation{ artifact_type = IN_TOTO, layers = { {} } })
    assert.is_false(is_attestation{ layers = {} })
    assert.is_false(is_attestation{})
  end)
end)

describe("the gate", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  -- description, image, options, verdict, exit code, what the reason says
  local rows = {
    { "passes a clean basic scan", { scan = { findings = {} } }, nil, "pass", 0 },
    { "passes what has only findings below the thresholds", { scan = { findings = { HIGH, LOW } } }, nil, "pass", 0 },
    { "fails on a critical finding", { scan = { findings = { LOW, CRITICAL } } }, nil, "fail", 1, "1 CRITICAL" },
    { "passes a critical finding that is allowed", { scan = { findings = { CRITICAL } } },
      { thresholds = { CRITICAL = 1 } }, "pass", 0 },
    { "fails on one finding more than allowed", { scan = { findings = { HIGH, HIGH } } },
      { thresholds = { HIGH = 1 } }, "fail", 1, "2 HIGH %(allowed: 1%)" },
    { "fails on a finding without a priority", { scan = { findings = many("UNDEFINED", 1) } }, nil, "fail", 1,
      "UNDEFINED" },
    { "passes findings without a priority where they are allowed", { scan = { findings = many("UNDEFINED", 2) } },
      { thresholds = { UNDEFINED = 2 } }, "pass", 0 },
    { "holds untriaged findings to the same number as undefined ones",
      { scan = { type = "enhanced", findings = many("UNTRIAGED", 3) } }, { thresholds = { UNDEFINED = 2 } },
      "fail", 1, "UNTRIAGED" },
    { "fails on a severity that nobody knows", { scan = { findings = many("APOCALYPTIC", 1) } }, nil, "fail", 1,
      "APOCALYPTIC" },
    { "waits for a scan in progress", { scan = { states = { "PENDING", { state = "IN_PROGRESS", seconds = 60 },
      "COMPLETE" } } }, nil, "pass", 0 },
    { "has no verdict when the scan is not done in time", { scan = { states = {
      { state = "IN_PROGRESS", seconds = 400 }, "COMPLETE" } } }, nil, "inconclusive", 2, "IN_PROGRESS" },
    { "has no verdict with a deadline of nothing", { scan = { states = { "PENDING", "COMPLETE" } } },
      { timeout = 0 }, "inconclusive", 2 },
    { "does not take COMPLETE for a result before anything was delivered",
      { scan = { states = { { state = "COMPLETE", empty = true, seconds = 1000 } } } }, nil, "inconclusive", 2,
      "nothing was delivered" },
    { "waits until what is called COMPLETE is delivered", { scan = { type = "enhanced", states = {
      { state = "COMPLETE", empty = true, reads = 3 }, "COMPLETE" }, findings = { CRITICAL } } }, nil, "fail", 1 },
    { "waits until an enhanced result has settled", { scan = { type = "enhanced", states = {
      { state = "ACTIVE", seconds = 20, findings = {} }, { state = "ACTIVE", findings = { CRITICAL } } } } }, nil,
      "fail", 1 },
    { "has no verdict while enhanced findings keep growing", { scan = { type = "enhanced", states = {
      { state = "ACTIVE", seconds = 9, findings = many("LOW", 1) },
      { state = "ACTIVE", seconds = 9, findings = many("LOW", 2) },
      { state = "ACTIVE", seconds = 9, findings = many("LOW", 3) },
      { state = "ACTIVE", findings = many("LOW", 4) } } } }, { timeout = 40 }, "inconclusive", 2, "growing" },
    { "passes a clean enhanced scan once it has settled", { scan = { type = "enhanced" } }, nil, "pass", 0 },
    { "does not count suppressed and closed findings", { scan = { type = "enhanced", findings = {
      { id = "CVE-1", severity = "CRITICAL", package = "a", version = "1", status = "SUPPRESSED" },
      { id = "CVE-2", severity = "CRITICAL", package = "b", version = "1", status = "CLOSED" } } } }, nil,
      "pass", 0 },
    { "counts all pages of a basic scan", { scan = { findings = many("HIGH", 2500) } },
      { thresholds = { HIGH = 2499 } }, "fail", 1, "2500 HIGH" },
    { "counts all pages of an enhanced scan", { scan = { type = "enhanced", findings = many("HIGH", 250) } },
      { thresholds = { HIGH = 249 } }, "fail", 1, "250 HIGH" },
    { "has no verdict on an image without a scan", {}, nil, "inconclusive", 2, "no scan" },
    { "has no verdict on an index of nothing but attestations", { index = { { attestation = true } } }, nil,
      "inconclusive", 2, "nothing to gate" },
    { "passes an index whose images all pass", { index = { { scan = {} }, { platform = "linux/arm64", scan = {} },
      { attestation = true } } }, nil, "pass", 0 },
    { "fails an index of which one image fails", { index = { { scan = {} }, { platform = "linux/arm64",
      scan = { findings = { CRITICAL } } } } }, nil, "fail", 1 },
    { "has no verdict on an index of which one image has none", { index = { { scan = {} },
      { platform = "linux/arm64" } } }, nil, "inconclusive", 2 },
    { "fails an index of which one image fails and one has no verdict", { index = {
      { scan = { findings = { CRITICAL } } }, { platform = "linux/arm64" } } }, nil, "fail", 1 },
    { "gates an image that only a label calls an attestation", { index = { { scan = {} },
      { label_as_attestation = true, scan = { findings = { CRITICAL } } } } }, nil, "fail", 1 },
    { "gates the images of an index in an index", { index = { { scan = {} },
      { index = { { platform = "linux/arm64", scan = { findings = { CRITICAL } } } } } } }, nil, "fail", 1 },
  }
  for _, row in ipairs(rows) do
    it(row[1], function()
      local verdict = assert(gate(row[2], row[3]))
      assert.equal(row[4], verdict.verdict)
      assert.equal(row[5], verdict.exit_code)
      if row[6] then
        local reason = verdict.reason or verdict.targets[1].reason
        assert.matches(row[6], reason)
      end
    end)
  end

  for _, status in ipairs{ "FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", "FINDINGS_UNAVAILABLE",
    "LIMIT_EXCEEDED", "IMAGE_ARCHIVED", "A_STATE_OF_THE_FUTURE" } do
    it("has no verdict, at once and with advice, when the scan is " .. status, function()
      local verdict = assert(gate({ scan = { states = { status } } }))
      assert.equal(2, verdict.exit_code)
      assert.is_string(verdict.targets[1].reason)
      assert.is_string(verdict.targets[1].advice)
      assert.is_true(verdict.seconds < 1)
    end)
  end

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

  it("could not find out when it is throttled to the end, and passes when throttling ends", function()
    local function throttle(times)
      return function(mock)
        mock:with_error_injection{ operation = "DescribeImageScanFindings", code = "ThrottlingException",
          times = times }
      end
    end
    assert.equal(3, gate({ scan = {} }, nil, throttle(nil)).exit_code)
    assert.equal(0, gate({ scan = {} }, nil, throttle(2)).exit_code)
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

  it("asks in the region and the account that a full reference names", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, scan = {} })
    local client = mock:client{ region = "eu-west-1" }
    local verdict = ecr.gate(client, "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1")
    assert.equal(0, verdict.exit_code)
    assert.equal("us-east-1", mock:history()[1].region)
    assert.equal("123456789012", mock:history()[1].input.registry_id)
  end)
end)
