-- SPDX-License-Identifier: MIT
-- The gate as a table: what the service answers over time and what the gate was told -> verdict, exit
-- code, requests sent. All in virtual time; answers come at once, readings are 5 s apart, the last one
-- is a second before the deadline. The rules are the product's promise (README, "Gating an image") and
-- the API reference's; requests are counted by hand from them: D = DescribeImages,
-- F = DescribeImageScanFindings, S = StartImageScan, B = BatchGetImage.
local ecr = require "ecr"
local loop = require "ecr.loop"

local NOW = 1767225600 -- the simulator's 2026-01-01T00:00:00Z
local DAY = 86400
local LETTERS = { DescribeImages = "D", DescribeImageScanFindings = "F", StartImageScan = "S", BatchGetImage = "B" }

local function found(severity, id, more)
  local finding = { id = id or "CVE-2026-1", severity = severity, package = "openssl", version = "3.0.1" }
  for key, value in pairs(more or {}) do finding[key] = value end
  return finding
end

local CRITICAL, HIGH, LOW = found("CRITICAL", "CVE-2026-1"), found("HIGH", "CVE-2026-2"), found("LOW", "CVE-2026-3")

local function many(severity, count)
  local findings = {}
  for i = 1, count do findings[i] = found(severity, ("CVE-2026-%05d"):format(i)) end
  return findings
end

local function basic(scan) return { scan = scan } end
local function enhanced(scan)
  scan.type = "enhanced"
  return { scan = scan }
end
local function old(seconds, scan)
  scan = scan or {}
  scan.completed_at = NOW - seconds
  return scan
end
local function fault(code, more)
  local rule = { operation = "DescribeImageScanFindings", code = code }
  for key, value in pairs(more or {}) do rule[key] = value end
  return rule
end
local function no_start(code, message) return fault(code, { operation = "StartImageScan", message = message }) end

-- name, image, options, {verdict, requests, reason?}, {faults}?, registry's scanning type?
local ROWS = {
  -- thresholds
  { "a clean basic scan", basic{}, nil, { "pass", "D1 F1" } },
  { "low findings only", basic{ findings = { HIGH, LOW } }, nil, { "pass", "D1 F1" } },
  { "a critical finding", basic{ findings = { LOW, CRITICAL } }, nil, { "fail", "D1 F1", "1 CRITICAL %(allowed" } },
  { "as many as allowed", basic{ findings = many("HIGH", 3) }, { thresholds = { HIGH = 3 } }, { "pass", "D1 F1" } },
  { "one more than allowed", basic{ findings = many("HIGH", 4) }, { thresholds = { HIGH = 3 } },
    { "fail", "D1 F1", "4 HIGH %(allowed: 3%)" } },
  { "an allowed critical finding", basic{ findings = { CRITICAL } }, { thresholds = { CRITICAL = 1 } },
    { "pass", "D1 F1" } },
  { "two thresholds broken", basic{ findings = { CRITICAL, HIGH } }, { thresholds = { HIGH = 0 } },
    { "fail", "D1 F1", "1 CRITICAL %(allowed: 0%), 1 HIGH %(allowed: 0%)" } },
  { "a medium finding that is not allowed", basic{ findings = many("MEDIUM", 1) }, { thresholds = { MEDIUM = 0 } },
    { "fail", "D1 F1", "1 MEDIUM" } },
  { "an informational finding that is not allowed", basic{ findings = many("INFORMATIONAL", 1) },
    { thresholds = { INFORMATIONAL = 0 } }, { "fail", "D1 F1", "1 INFORMATIONAL" } },
  { "a finding without priority", basic{ findings = many("UNDEFINED", 1) }, nil, { "fail", "D1 F1", "1 UNDEFINED" } },
  { "allowed findings without priority", basic{ findings = many("UNDEFINED", 2) }, { thresholds = { UNDEFINED = 2 } },
    { "pass", "D1 F1" } },
  { "untriaged findings, allowed as undefined", enhanced{ findings = many("UNTRIAGED", 2) },
    { thresholds = { UNDEFINED = 2 } }, { "pass", "D2 F7" } },
  { "untriaged findings with a number of their own", enhanced{ findings = many("UNTRIAGED", 2) },
    { thresholds = { UNDEFINED = 2, UNTRIAGED = 1 } }, { "fail", "D2 F7", "2 UNTRIAGED" } },
  { "a severity nobody knows", basic{ findings = many("CATASTROPHIC", 1) }, nil, { "fail", "D1 F1", "CATASTROPHIC" } },
  { "5,000 findings on 5 pages", basic{ findings = many("HIGH", 5000) }, { thresholds = { HIGH = 4999 } },
    { "fail", "D1 F5", "5000 HIGH" } },
  { "5,000 findings on 5 pages, all allowed", basic{ findings = many("HIGH", 5000) }, { thresholds = { HIGH = 5000 } },
    { "pass", "D1 F5" } },
  { "250 enhanced findings on 3 pages, read 7 times", enhanced{ findings = many("HIGH", 250) },
    { thresholds = { HIGH = 249 } }, { "fail", "D2 F21", "250 HIGH" } },
  -- what does not count
  { "suppressed and closed findings", enhanced{ findings = { found("CRITICAL", "CVE-1", { status = "SUPPRESSED" }),
    found("CRITICAL", "CVE-2", { status = "CLOSED" }) } }, nil, { "pass", "D2 F7" } },
  { "an active finding beside suppressed ones", enhanced{ findings = { found("CRITICAL", "CVE-1",
    { status = "SUPPRESSED" }), CRITICAL } }, nil, { "fail", "D2 F7", "1 CRITICAL" } },
  -- waiting
  { "one pending reading", basic{ states = { "PENDING", "COMPLETE" } }, nil, { "pass", "D2 F2" } },
  { "pending, in progress, done", basic{ states = { "PENDING", "IN_PROGRESS", "COMPLETE" }, findings = { CRITICAL } },
    nil, { "fail", "D2 F3" } },
  { "a minute in progress", basic{ states = { { state = "IN_PROGRESS", seconds = 60 }, "COMPLETE" } }, nil,
    { "pass", "D2 F13" } },
  { "a minute in progress, looked at every 20 s", basic{ states = { { state = "IN_PROGRESS", seconds = 60 },
    "COMPLETE" } }, { poll = 20 }, { "pass", "D2 F4" } },
  { "in progress past the deadline", basic{ states = { { state = "IN_PROGRESS", seconds = 400 }, "COMPLETE" } },
    { timeout = 60 }, { "inconclusive", "D2 F13", "no settled result in time: the scan is IN_PROGRESS" } },
  { "done by the last look, a second before the deadline", basic{ states = { { state = "IN_PROGRESS", seconds = 57 },
    "COMPLETE" } }, { timeout = 58 }, { "pass", "D2 F13" } },
  { "pending for ever", basic{ states = { { state = "PENDING", seconds = 100000 }, "COMPLETE" } }, { timeout = 12 },
    { "inconclusive", "D2 F4", "PENDING" } },
  { "pending, not waited for", basic{ states = { "PENDING", "COMPLETE" } }, { timeout = 0 },
    { "inconclusive", "D1 F1", "PENDING" } },
  { "done, not waited for", basic{}, { timeout = 0 }, { "pass", "D1 F1" } },
  -- called done before it is
  { "COMPLETE without anything delivered", basic{ states = { { state = "COMPLETE", empty = true, seconds = 1000 } } },
    { timeout = 20 }, { "inconclusive", "D2 F5", "nothing was delivered" } },
  { "COMPLETE but empty for three readings, then a critical finding", enhanced{ states = { { state = "COMPLETE",
    empty = true, reads = 3 }, "COMPLETE" }, findings = { CRITICAL } }, nil, { "fail", "D2 F10" } },
  { "ACTIVE without anything delivered", basic{ states = { { state = "ACTIVE", empty = true, seconds = 1000 } } },
    { timeout = 20 }, { "inconclusive", "D2 F5", "called ACTIVE but nothing was delivered" } },
  -- settling
  { "a clean enhanced scan", enhanced{}, nil, { "pass", "D2 F7" } },
  { "a clean enhanced scan that is COMPLETE", enhanced{ states = { "COMPLETE" } }, nil, { "pass", "D2 F7" } },
  { "an enhanced scan with a settle time of nothing: two equal readings all the same", enhanced{}, { settle = 0 },
    { "pass", "D2 F2" } },
  { "a longer settle time", enhanced{}, { settle = 60 }, { "pass", "D2 F13" } },
  { "no time to settle", enhanced{}, { timeout = 30 }, { "inconclusive", "D2 F7", "may still be growing" } },
  { "just enough time to settle", enhanced{}, { timeout = 31 }, { "pass", "D2 F7" } },
  { "an enhanced result, not waited for", enhanced{}, { timeout = 0 }, { "inconclusive", "D1 F1", "growing" } },
  { "a finding that comes after 20 s", enhanced{ states = { { state = "ACTIVE", seconds = 20, findings = {} },
    { state = "ACTIVE", findings = { CRITICAL } } } }, nil, { "fail", "D2 F11", "1 CRITICAL" } },
  { "findings that keep coming", enhanced{ states = { { state = "ACTIVE", seconds = 9, findings = many("LOW", 1) },
    { state = "ACTIVE", seconds = 9, findings = many("LOW", 2) }, { state = "ACTIVE", seconds = 9,
    findings = many("LOW", 3) }, { state = "ACTIVE", findings = many("LOW", 4) } } }, { timeout = 40 },
    { "inconclusive", "D2 F9", "growing" } },
  { "counts that differ: what is listed counts", basic{ findings = { LOW }, counts = { LOW = 3 } }, nil,
    { "pass", "D2 F7" } },
  { "fewer counted than listed: what is listed counts, at once", basic{ findings = { LOW, CRITICAL }, counts =
    { LOW = 1 } }, nil, { "fail", "D1 F1", "1 CRITICAL" } },
  { "a basic scan that counts a critical finding and lists none", basic{ findings = {}, counts = { CRITICAL = 3 } },
    nil, { "inconclusive", "D2 F7", "counts what it does not list: 3 CRITICAL %(allowed: 0%)" } },
  { "an enhanced scan that counts findings and lists none", enhanced{ findings = {}, counts = { CRITICAL = 3 } },
    { timeout = 60 }, { "inconclusive", "D2 F13", "nothing was delivered" } },
  { "an enhanced scan that counts more than it lists: what is listed counts", enhanced{ findings = { LOW },
    counts = { LOW = 1, CRITICAL = 3 } }, nil, { "pass", "D2 F7" } },
  -- the end of the waiting
  { "FAILED", basic{ states = { "FAILED" } }, nil, { "inconclusive", "D1 F1", "the scan failed" } },
  { "FAILED after a while", basic{ states = { "PENDING", "FAILED" } }, nil, { "inconclusive", "D2 F2", "failed" } },
  { "UNSUPPORTED_IMAGE", basic{ states = { "UNSUPPORTED_IMAGE" } }, nil,
    { "inconclusive", "D1 F1", "cannot be scanned" } },
  { "SCAN_ELIGIBILITY_EXPIRED", enhanced{ states = { "SCAN_ELIGIBILITY_EXPIRED" } }, nil,
    { "inconclusive", "D1 F1", "has ended" } },
  { "FINDINGS_UNAVAILABLE", enhanced{ states = { "FINDINGS_UNAVAILABLE" } }, nil,
    { "inconclusive", "D1 F1", "not available" } },
  { "LIMIT_EXCEEDED", basic{ states = { "LIMIT_EXCEEDED" } }, nil, { "inconclusive", "D1 F1", "quota" } },
  { "IMAGE_ARCHIVED", basic{ states = { "IMAGE_ARCHIVED" } }, nil, { "inconclusive", "D1 F1", "archived" } },
  { "a state of the future, with findings", basic{ states = { "A_STATE_OF_THE_FUTURE" } }, nil,
    { "inconclusive", "D1 F1", "A_STATE_OF_THE_FUTURE is not known" } },
  -- age
  { "a basic scan of two years ago is made again", basic(old(730 * DAY)), nil, { "pass", "D2 F3 S1" } },
  { "made again, it finds something", { scan = old(730 * DAY), on_start = { findings = { CRITICAL } } }, nil,
    { "fail", "D2 F3 S1", "1 CRITICAL" } },
  { "an old failure is no verdict either before it is made again", { scan = old(730 * DAY, { findings = { CRITICAL } }),
    on_start = {} }, nil, { "pass", "D2 F3 S1" } },
  { "a second too old", basic(old(DAY + 1)), nil, { "pass", "D2 F3 S1" } },
  { "just young enough", basic(old(DAY)), nil, { "pass", "D1 F1" } },
  { "any age allowed", basic(old(730 * DAY)), { max_scan_age = math.huge }, { "pass", "D1 F1" } },
  { "an age of nothing: only a scan from now on", basic(old(2 * DAY)), { max_scan_age = 0 }, { "pass", "D2 F3 S1" } },
  { "too old, and scanned today already", basic(old(5 * 3600)), { max_scan_age = 3600 },
    { "inconclusive", "D1 F2 S1", "5 hours old, which is more than allowed, and the service allows no other" } },
  { "too old, and starting is denied", basic(old(730 * DAY)), nil,
    { "inconclusive", "D1 F2 S1", "730 days old.+may not start one" }, { no_start("AccessDeniedException") } },
  { "too old, and no scan was to be started", basic(old(730 * DAY)), { start = false },
    { "inconclusive", "D1 F1", "730 days old.+none was to be started" } },
  { "two days old to the second", basic(old(2 * DAY)), { start = false }, { "inconclusive", "D1 F1", "2 days old" } },
  { "a second less than two days old", basic(old(2 * DAY - 1)), { start = false },
    { "inconclusive", "D1 F1", "47 hours old" } },
  { "too old, not waited for", basic(old(730 * DAY)), { timeout = 0 }, { "inconclusive", "D1 F1", "730 days old" } },
  { "too old, and the new scan is not done in time", { scan = old(730 * DAY), on_start = { states = {
    { state = "IN_PROGRESS", seconds = 100 }, "COMPLETE" } } }, { timeout = 20 },
    { "inconclusive", "D2 F5 S1", "IN_PROGRESS" } },
  { "too old, and the new scan fails", { scan = old(730 * DAY), on_start = { states = { "FAILED" } } }, nil,
    { "inconclusive", "D2 F2 S1", "the scan failed" } },
  { "an old basic result where scanning is enhanced by now", basic(old(730 * DAY, { type = "basic" })), nil,
    { "inconclusive", "D2 F26 S1", "lets none be started" }, nil, "enhanced" },
  { "an old enhanced result, which is kept up to date by itself", enhanced(old(730 * DAY)), nil, { "pass", "D2 F7" } },
  -- no scan
  { "no scan: one is started", { on_start = { findings = { CRITICAL } } }, nil, { "fail", "D2 F3 S1", "1 CRITICAL" } },
  { "no scan, started, takes two minutes", { on_start = { states = { { state = "PENDING", seconds = 120 },
    "COMPLETE" } } }, nil, { "pass", "D2 F25 S1" } },
  { "no scan yet, but one today: it is read", basic{}, nil, { "pass", "D2 F4 S1" },
    { fault("ScanNotFoundException", { times = 3 }) } },
  { "no scan, and starting is denied", {}, nil, { "inconclusive", "D2 F26 S1", "no scan.+may not start one" },
    { no_start("AccessDeniedException") } },
  { "no scan, and none was to be started", {}, { start = false }, { "inconclusive", "D2 F25", "none was to be" } },
  { "no scan, not waited for", {}, { timeout = 0 }, { "inconclusive", "D1 F1", "no scan" } },
  { "no scan, a short grace", {}, { start = false, grace = 10 }, { "inconclusive", "D2 F3", "no scan" } },
  { "no scan before the deadline, which is before the grace ends", {}, { start = false, timeout = 20 },
    { "inconclusive", "D2 F5", "no settled result in time: the image has no scan yet" } },
  { "no scan where scanning is enhanced", {}, nil, { "inconclusive", "D2 F26 S1", "lets none be started" }, nil,
    "enhanced" },
  { "an enhanced scan that appears after a while", enhanced{}, nil, { "pass", "D2 F10 S1" },
    { fault("ScanNotFoundException", { times = 3 }) }, "enhanced" },
  { "an image that can never be scanned", {}, nil, { "inconclusive", "D1 F1 S1", "cannot be scanned" },
    { no_start("UnsupportedImageTypeException") } },
  { "an archived image", {}, nil, { "inconclusive", "D1 F1 S1", "archived" }, { no_start("ImageArchivedException") } },
  { "no answer to the start, which may have been done", {}, nil, { "inconclusive", "D2 F26 S1", "is not known" },
    { { operation = "StartImageScan", failure = { kind = "timeout" } } } },
  { "the same, too old", basic(old(730 * DAY)), nil, { "inconclusive", "D1 F2 S1", "730 days.+is not known" },
    { { operation = "StartImageScan", failure = { kind = "timeout" } } } },
  { "throttled out while starting", {}, nil, { "error", "D1 F1 S4" }, { no_start("ThrottlingException") } },
  -- could not find out
  { "access denied to the image", basic{}, nil, { "error", "D1", "AccessDeniedException" },
    { fault("AccessDeniedException", { operation = "DescribeImages" }) } },
  { "access denied to the findings", basic{}, nil, { "error", "D1 F1", "AccessDeniedException" },
    { fault("AccessDeniedException") } },
  { "no such repository", basic{}, nil, { "error", "D1", "RepositoryNotFoundException" },
    { fault("RepositoryNotFoundException", { operation = "DescribeImages" }) } },
  { "no such image", basic{}, nil, { "error", "D1", "ImageNotFoundException" },
    { fault("ImageNotFoundException", { operation = "DescribeImages" }) } },
  { "an image that goes while it is waited for", basic{ states = { "PENDING", "PENDING", "COMPLETE" } }, nil,
    { "error", "D2 F2", "ImageNotFoundException" }, { fault("ImageNotFoundException", { after = 1 }) } },
  { "expired credentials", basic{}, nil, { "error", "D1 F1", "ExpiredTokenException" },
    { fault("ExpiredTokenException", { status = 403 }) } },
  { "throttled out", basic{}, nil, { "error", "D1 F4", "4 attempts" }, { fault("ThrottlingException") } },
  { "throttled for a while", basic{}, nil, { "pass", "D1 F3" }, { fault("ThrottlingException", { times = 2 }) } },
  { "throttled in the middle of waiting", basic{ states = { "PENDING", "IN_PROGRESS", "COMPLETE" } }, nil,
    { "pass", "D2 F5" }, { fault("ThrottlingException", { after = 1, times = 2 }) } },
  { "throttled on the third of five pages", basic{ findings = many("LOW", 5000) }, nil, { "pass", "D1 F6" },
    { fault("ThrottlingException", { after = 2, times = 1 }) } },
  { "a service that fails", basic{}, nil, { "error", "D1 F4", "ServerException" }, { fault("ServerException") } },
  { "no network", basic{}, nil, { "error", "D4", "network" },
    { fault(nil, { operation = "DescribeImages", failure = { kind = "network" } }) } },
  { "no answers", basic{}, nil, { "error", "D1 F4", "timeout" }, { fault(nil, { failure = { kind = "timeout" } }) } },
  { "answers that cannot be read", basic{}, nil, { "error", "D1 F1", "protocol" },
    { fault(nil, { failure = { kind = "protocol" } }) } },
  { "a quota that is used up", basic{}, nil, { "error", "D1 F1", "LimitExceeded" },
    { fault("LimitExceededException") } },
  -- indexes
  { "two clean images and an attestation", { index = { basic{}, { platform = "linux/arm64", scan = {} },
    { attestation = true } } }, nil, { "pass", "B2 D1 F2" } },
  { "one of two fails", { index = { basic{}, { platform = "linux/arm64", scan = { findings = { CRITICAL } } } } }, nil,
    { "fail", "B2 D1 F2", "1 CRITICAL" } },
  { "one of two is not done", { index = { basic{}, { platform = "linux/arm64", scan = { states = { "FAILED" } } } } },
    nil, { "inconclusive", "B2 D1 F2", "the scan failed" } },
  { "one fails, one is not done", { index = { basic{ findings = { CRITICAL } }, { platform = "linux/arm64",
    scan = { states = { "FAILED" } } } } }, nil, { "fail", "B2 D1 F2" } },
  { "one could not be read, one fails", { index = { basic{ findings = { CRITICAL } }, { platform = "linux/arm64",
    scan = {} } } }, nil, { "fail", "B2 D1 F2" }, { fault("AccessDeniedException", { after = 1 }) } },
  { "one could not be read, one passes", { index = { basic{}, { platform = "linux/arm64", scan = {} } } }, nil,
    { "error", "B2 D1 F2", "AccessDenied" }, { fault("AccessDeniedException", { after = 1 }) } },
  { "nothing but attestations", { index = { { attestation = true } } }, nil,
    { "inconclusive", "B2 D1", "nothing to gate" } },
  { "an image that is called an attestation", { index = { basic{}, { label_as_attestation = true,
    scan = { findings = { CRITICAL } } } } }, nil, { "fail", "B2 D1 F2", "1 CRITICAL" } },
  { "an index in an index", { index = { basic{}, { index = { { platform = "linux/arm64",
    scan = { findings = { CRITICAL } } } } } } }, nil, { "fail", "B3 D1 F2", "1 CRITICAL" } },
  { "an index in an index of nothing but attestations", { index = { { index = { { attestation = true } } } } }, nil,
    { "inconclusive", "B3 D1", "nothing to gate" } },
  { "a child without scan, which is started", { index = { basic{}, { platform = "linux/arm64", on_start = {} } } }, nil,
    { "pass", "B2 D2 F4 S1" } },
  { "an index that may not be read", { index = { basic{} } }, nil, { "error", "B1 D1", "AccessDenied" },
    { fault("AccessDeniedException", { operation = "BatchGetImage" }) } },
}

local EXIT = { pass = 0, fail = 1, inconclusive = 2, error = 3 }

local function requests(mock)
  local counts, parts = {}, {}
  for _, request in ipairs(mock:history()) do
    local letter = LETTERS[request.operation] or request.operation
    counts[letter] = (counts[letter] or 0) + 1
  end
  for letter, count in pairs(counts) do parts[#parts + 1] = letter .. count end
  table.sort(parts)
  return table.concat(parts, " ")
end

local function reasons(verdict)
  local parts = { verdict.reason }
  for _, target in ipairs(verdict.targets) do parts[#parts + 1] = target.reason end
  return table.concat(parts, "; ")
end

local function all_have_advice(verdict)
  if verdict.reason and not verdict.advice then return false end
  for _, target in ipairs(verdict.targets) do
    local needs_it = target.verdict == "inconclusive" or target.verdict == "error"
    if needs_it and not target.advice then return false end
  end
  return true
end

describe("the gate's table", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("has at least sixty rows", function() assert.is_true(#ROWS >= 60, #ROWS .. " rows") end)

  for _, row in ipairs(ROWS) do
    local name, image, options, expected, faults, scanning = table.unpack(row, 1, 6)
    it(("says %s for %s"):format(expected[1], name), function()
      image.tags = { "v1" }
      local mock = ecr.mock():with_image("app", image):with_latency_injection{ seconds = 0 }
      for _, each in ipairs(faults or {}) do mock:with_error_injection(each) end
      mock.scenario.scanning = scanning and { type = scanning }
      local verdict = assert(ecr.gate(mock:client{}, "app:v1", options))
      assert.equal(expected[1], verdict.verdict, reasons(verdict))
      assert.equal(EXIT[expected[1]], verdict.exit_code)
      assert.equal(expected[2], requests(mock))
      if expected[3] then assert.matches(expected[3], reasons(verdict)) end
      if verdict.exit_code >= 2 then assert.is_true(all_have_advice(verdict), "no advice") end
    end)
  end
end)
