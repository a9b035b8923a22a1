-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"

local ask, wait = asking.ask, asking.wait
local DAY = 24 * 3600

local FINDING = { id = "CVE-2026-0001", severity = "HIGH", package = "libexample",
  version = "1.2.3-1",
  score = 7.5, vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
  description = "Example flaw in libexample.", uri = "https://cve.example/CVE-2026-0001" }

--- A world with one image, `v1`, and the answers about its scan; an answer takes no time.
local function with_image(image, more)
  local parts = more or {}
  image.tags = { "v1" }
  parts.repositories = { { name = "team/app", images = { image } } }
  parts.latency = { { seconds = 0 } }
  return asking.open(parts)
end

local function input(more)
  local made = { repository_name = "team/app", image_id = { image_tag = "v1" } }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function read(transport, more)
  return ask(transport, "DescribeImageScanFindings", input(more))
end

local function status(transport)
  return assert(read(transport)).image_scan_status.status
end

local function start(transport)
  return ask(transport, "StartImageScan", input())
end

local function findings(count, severity)
  local list = {}
  for i = 1, count do
    list[i] = { id = ("CVE-2026-%04d"):format(i), severity = severity or "LOW" }
  end
  return list
end

describe("a simulated scan", function()
  it("stays in a named state for one reading", function()
    local transport = with_image{ scan = { states = { "PENDING", "IN_PROGRESS", "COMPLETE" } } }
    assert.same({ "PENDING", "IN_PROGRESS", "COMPLETE", "COMPLETE" },
      { status(transport), status(transport), status(transport), status(transport) })
  end)

  it("stays in a state for a number of readings", function()
    local transport = with_image{ scan = { states = { { state = "PENDING", reads = 2 },
      "COMPLETE" } } }
    assert.same({ "PENDING", "PENDING", "COMPLETE" },
      { status(transport), status(transport), status(transport) })
  end)

  it("stays in a state for a time, however often it is read", function()
    local transport = with_image{ scan = { states = { { state = "PENDING", seconds = 10 },
      { state = "IN_PROGRESS", seconds = 20 }, "COMPLETE" } } }
    wait(transport, 9)
    assert.same({ "PENDING", "PENDING" }, { status(transport), status(transport) })
    wait(transport, 1)
    assert.equal("IN_PROGRESS", status(transport))
    wait(transport, 20)
    assert.equal("COMPLETE", status(transport))
  end)

  it("passes through several states between two readings", function()
    local transport = with_image{ scan = { states = { { state = "PENDING", seconds = 10 },
      { state = "IN_PROGRESS", seconds = 20 }, "COMPLETE" } } }
    wait(transport, 31)
    assert.equal("COMPLETE", status(transport))
  end)

  it("counts a state's time from the reading that led to it", function()
    local transport = with_image{ scan = { states = { "PENDING", { state = "IN_PROGRESS",
      seconds = 20 },
      "COMPLETE" } } }
    wait(transport, 100)
    assert.equal("PENDING", status(transport))
    wait(transport, 19)
    assert.equal("IN_PROGRESS", status(transport))
    wait(transport, 1)
    assert.equal("COMPLETE", status(transport))
  end)

  it("is complete, or active when enhanced, where no states are given", function()
    assert.equal("COMPLETE", status(with_image{ scan = {} }))
    assert.equal("ACTIVE", status(with_image{ scan = { type = "enhanced" } }))
    assert.equal("ACTIVE", status(with_image({ scan = {} }, { scanning = { type = "enhanced" } })))
  end)

  it("finishes at the time it came to its result", function()
    local transport = with_image{ scan = { states = { { state = "PENDING", seconds = 10 },
      "COMPLETE" } } }
    wait(transport, 50)
    assert.equal(1767225610, read(transport).image_scan_findings.image_scan_completed_at)
  end)

  it("may show other findings in another state", function()
    local transport = with_image{ scan = { type = "enhanced",
      states = { { state = "ACTIVE", findings = findings(1) }, { state = "ACTIVE",
        findings = findings(3) } } } }
    assert.same({ LOW = 1 }, read(transport).image_scan_findings.finding_severity_counts)
    assert.same({ LOW = 3 }, read(transport).image_scan_findings.finding_severity_counts)
  end)
end)

describe("DescribeImageScanFindings", function()
  it("gives both lists empty while the scan is pending", function()
    local output = read(with_image{ scan = { states = { "PENDING", "COMPLETE" } } })
    assert.same({ status = "PENDING", description = "Pending start of the image scan." },
      output.image_scan_status)
    assert.same({ findings = {}, enhanced_findings = {} }, output.image_scan_findings)
  end)

  it("gives no findings while the scan is in progress, or after it failed", function()
    for _, state in ipairs{ "IN_PROGRESS", "FAILED", "UNSUPPORTED_IMAGE", "SOMETHING_NEW" } do
      local output = read(with_image{ scan = { states = { state } } })
      assert.equal(state, output.image_scan_status.status)
      assert.is_nil(output.image_scan_findings)
    end
  end)

  it("writes a basic finding as the service does", function()
    local transport = with_image{ scan = { findings = { FINDING }, completed_at = 1767323105 } }
    local body = read(transport).image_scan_findings
    assert.same({ {
      name = "CVE-2026-0001", description = "Example flaw in libexample.",
      uri = "https://cve.example/CVE-2026-0001", severity = "HIGH", attributes = {
        { key = "package_version", value = "1.2.3-1" }, { key = "package_name",
          value = "libexample" },
        { key = "CVSS3_VECTOR", value = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N" },
        { key = "CVSS3_SCORE", value = "7.5" },
      },
    } }, body.findings)
    assert.same({ HIGH = 1 }, body.finding_severity_counts)
    assert.equal(1767323105, body.image_scan_completed_at)
    assert.is_nil(body.enhanced_findings)
  end)

  it("gives empty counts for a clean image", function()
    local body = read(with_image{ scan = {} }).image_scan_findings
    assert.same({}, body.findings)
    assert.same({}, body.finding_severity_counts)
    assert.is_number(body.image_scan_completed_at)
  end)

  it("writes an enhanced finding with every member that the service has", function()
    local transport = with_image{ scan = { type = "enhanced", findings = { FINDING } } }
    local body = read(transport).image_scan_findings
    local got = body.enhanced_findings[1]
    local members = {}
    for name in pairs(got) do members[#members + 1] = name end
    table.sort(members)
    assert.same({ "aws_account_id", "description", "exploit_available", "finding_arn",
      "first_observed_at",
      "fix_available", "last_observed_at", "package_vulnerability_details", "remediation",
        "resources",
      "score", "score_details", "severity", "status", "title", "type", "updated_at" }, members)
    assert.is_nil(body.findings)
    assert.matches("^arn:aws:inspector2:us%-east%-1:123456789012:finding/" .. ("%x"):rep(32) .. "$",
      got.finding_arn)
  end)

  it("tells of an enhanced finding's package and fix", function()
    local fixed = { id = "CVE-2026-0011", severity = "CRITICAL", package = "openssl",
      version = "3.0.1",
      fixed_version = "3.0.2" }
    local list = read(with_image{ scan = { type = "enhanced", findings = { fixed, FINDING } } })
      .image_scan_findings.enhanced_findings
    assert.equal("CVE-2026-0011 - openssl", list[1].title)
    assert.equal("YES", list[1].fix_available)
    assert.equal("3.0.2",
      list[1].package_vulnerability_details.vulnerable_packages[1].fixed_in_version)
    assert.equal("NO", list[2].fix_available)
    assert.equal("NotAvailable",
      list[2].package_vulnerability_details.vulnerable_packages[1].fixed_in_version)
  end)

  it("names the image in an enhanced finding", function()
    local transport = with_image{ platform = "linux/arm64/v8",
      scan = { type = "enhanced", findings = { FINDING } } }
    local output = read(transport)
    local image = output.image_scan_findings.enhanced_findings[1].resources[1].details.aws_ecr_container_image
    assert.equal(output.image_id.image_digest, image.image_hash)
    assert.same({ "v1" }, image.image_tags)
    assert.equal("arm64", image.architecture)
  end)

  it("counts active findings only, and the untriaged among them", function()
    local body = read(with_image{ scan = { type = "enhanced", findings = {
      { id = "A", severity = "CRITICAL" }, { id = "B", severity = "UNTRIAGED" },
      { id = "C", severity = "HIGH", status = "SUPPRESSED" },
    } } }).image_scan_findings
    assert.equal(3, #body.enhanced_findings)
    assert.same({ CRITICAL = 1, UNTRIAGED = 1 }, body.finding_severity_counts)
  end)

  it("may count otherwise than it lists", function()
    local transport = with_image{ scan = { findings = findings(1), counts = { HIGH = 4 } } }
    assert.same({ HIGH = 4 }, read(transport).image_scan_findings.finding_severity_counts)
  end)

  it("may call a scan complete before anything was delivered", function()
    local transport = with_image{ scan = { type = "enhanced",
      states = { { state = "COMPLETE", empty = true }, "COMPLETE" }, findings = findings(1) } }
    local early = read(transport)
    assert.equal("COMPLETE", early.image_scan_status.status)
    assert.same({ findings = {} }, early.image_scan_findings)
    assert.equal(1, #read(transport).image_scan_findings.enhanced_findings)
  end)

  it("describes the last state in the scenario's words", function()
    local transport = with_image{ scan = { states = { "PENDING", "FAILED" },
      description = "Out of luck." } }
    assert.equal("Pending start of the image scan.", read(transport).image_scan_status.description)
    assert.equal("Out of luck.", read(transport).image_scan_status.description)
  end)

  it("does not find the scan of an image that has none", function()
    local transport = with_image{}
    local digest = ask(transport, "DescribeImages",
      { repository_name = "team/app" }).image_details[1].image_digest
    local output, fault = read(transport)
    assert.is_nil(output)
    assert.equal("ScanNotFoundException", fault.code)
    assert.equal(("Image scan does not exist for the image with '{imageDigest:'%s', imageTag:'v1'}' in the "
      .. "repository with name 'team/app' in the registry with id '123456789012'"):format(digest),
      fault.message)
  end)

  it("does not find the scan of an index", function()
    local _, fault = read(with_image{ index = { { scan = {} } } })
    assert.equal("ScanNotFoundException", fault.code)
  end)

  it("does not find an image that is not there", function()
    local _, fault = read(with_image{ scan = {} }, { image_id = { image_tag = "nope" } })
    assert.equal("ImageNotFoundException", fault.code)
  end)
end)

describe("pages of findings", function()
  it("are as long as asked for when basic, with counts on each", function()
    local transport = with_image{ scan = { findings = findings(5) } }
    local first = read(transport, { max_results = 3 })
    assert.equal(3, #first.image_scan_findings.findings)
    local second = read(transport, { max_results = 3, next_token = first.next_token })
    assert.equal(2, #second.image_scan_findings.findings)
    assert.same({ LOW = 5 }, second.image_scan_findings.finding_severity_counts)
    assert.is_nil(second.next_token)
  end)

  it("are of 100 when enhanced, whatever is asked for", function()
    local transport = with_image{ scan = { type = "enhanced", findings = findings(120) } }
    local first = read(transport, { max_results = 1000 })
    assert.equal(100, #first.image_scan_findings.enhanced_findings)
    local small = read(transport, { max_results = 1 })
    assert.equal(100, #small.image_scan_findings.enhanced_findings)
    local rest = read(transport, { next_token = first.next_token })
    assert.equal(20, #rest.image_scan_findings.enhanced_findings)
  end)

  it("belong to the state that the first of them showed", function()
    local transport = with_image{ scan = { states = {
      { state = "COMPLETE", findings = findings(2, "HIGH") }, { state = "COMPLETE",
        findings = {} } } } }
    local first = read(transport, { max_results = 1 })
    local second = read(transport, { max_results = 1, next_token = first.next_token })
    assert.equal("HIGH", second.image_scan_findings.findings[1].severity)
    assert.same({}, read(transport).image_scan_findings.findings)
  end)

  it("are one reading together", function()
    local transport = with_image{ scan = { states = {
      { state = "COMPLETE", reads = 2, findings = findings(3) }, "FAILED" } } }
    local first = read(transport, { max_results = 1 })
    read(transport, { max_results = 1, next_token = first.next_token })
    assert.same({ "COMPLETE", "FAILED" }, { status(transport), status(transport) })
  end)

  it("refuse a token of another image", function()
    local transport = asking.open{ repositories = { { name = "team/app", images = {
      { tags = { "v1" }, scan = { findings = findings(2) } },
      { tags = { "v2" }, scan = { findings = findings(2) } } } } } }
    local token = read(transport, { max_results = 1 }).next_token
    local _, fault = read(transport, { image_id = { image_tag = "v2" }, next_token = token })
    assert.equal("InvalidParameterException", fault.code)
  end)
end)

describe("StartImageScan", function()
  it("finds nothing after ten seconds where the scenario does not say", function()
    local transport = with_image{}
    assert.equal("PENDING", start(transport).image_scan_status.status)
    wait(transport, 9)
    assert.equal("IN_PROGRESS", status(transport))
    wait(transport, 1)
    assert.equal("COMPLETE", status(transport))
    assert.same({}, read(transport).image_scan_findings.findings)
  end)

  it("goes as on_start or a manual scan says", function()
    local plan = { states = { "PENDING", "COMPLETE" }, findings = { FINDING } }
    local manual = { manual = true, states = plan.states, findings = plan.findings }
    for _, image in ipairs{ { on_start = plan }, { scan = manual } } do
      local transport = with_image(image)
      assert.equal("ScanNotFoundException", select(2, read(transport)).code)
      assert.equal("PENDING", start(transport).image_scan_status.status)
      assert.same({ "PENDING", "COMPLETE" }, { status(transport), status(transport) })
      assert.same({ HIGH = 1 }, read(transport).image_scan_findings.finding_severity_counts)
    end
  end)

  it("is refused within 24 hours of the last scan, the one on push included", function()
    local transport = with_image{ scan = {} }
    local _, fault = start(transport)
    assert.equal("LimitExceededException", fault.code)
    assert.equal("The scan quota per image has been exceeded. Wait and try again.", fault.message)
    wait(transport, DAY)
    assert.is_table(start(transport))
    assert.equal("LimitExceededException", select(2, start(transport)).code)
  end)

  it("is allowed when the scenario's scan was long ago", function()
    assert.is_table(start(with_image{ scan = { completed_at = 1767225600 - DAY } }))
  end)

  it("leaves the findings readable when it is refused", function()
    local transport = with_image{ scan = { findings = { FINDING } } }
    start(transport)
    assert.equal(1, #read(transport).image_scan_findings.findings)
  end)

  it("is disabled with enhanced scanning", function()
    local _, fault = start(with_image({}, { scanning = { type = "enhanced" } }))
    assert.equal("ValidationException", fault.code)
    assert.equal("This feature is disabled", fault.message)
  end)

  it("refuses an index", function()
    local _, fault = start(with_image{ index = { {} } })
    assert.equal("UnsupportedImageTypeException", fault.code)
  end)
end)

describe("GetRegistryScanningConfiguration", function()
  it("tells the registry's type of scanning", function()
    for _, scan_type in ipairs{ "basic", "enhanced" } do
      local output = ask(asking.open{ scanning = { type = scan_type } },
        "GetRegistryScanningConfiguration")
      assert.equal("123456789012", output.registry_id)
      assert.equal(scan_type:upper(), output.scanning_configuration.scan_type)
    end
  end)
end)
