-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local document_of = require "ecr.gate.document"
local ecr = require "ecr"
local report = require "ecr.gate.report"

local function verdict_of(image, options)
  image.tags = { "v1" }
  return ecr.gate(ecr.mock():with_image("app", image):client{}, "app:v1", options)
end

describe("the report", function()
  it("never lets control characters of findings through", function()
    local text = report.text(verdict_of{ scan = { findings = { { id = "CVE-1\27[2J\r\n::error::x",
      severity = "CRITICAL", package = "a\7\xc2\x9b31m", version = "1" } } } })
    assert.is_nil(text:gsub("\n", ""):find("%c"))
    assert.is_nil(text:find("\xc2\x9b", 1, true))
    assert.is_nil(text:find("\n::error", 1, true))
  end)

  it("says what was allowed", function()
    assert.matches("allowed: critical 0, high 5, undefined 0, untriaged 0; others unlimited",
      report.text(verdict_of({ scan = {} }, { thresholds = { HIGH = 5 } })))
  end)

  it("lists the worst first", function()
    local text = report.text(verdict_of{ scan = { findings = {
      { id = "CVE-3", severity = "LOW", package = "a", version = "1" },
      { id = "CVE-2", severity = "HIGH", package = "a", version = "1", score = 7.1 },
      { id = "CVE-1", severity = "HIGH", package = "a", version = "1", score = 8.8 } } } })
    local first, second, third = text:find("CVE-1", 1, true), text:find("CVE-2", 1, true), text:find("CVE-3", 1, true)
    assert.is_true(first < second and second < third)
  end)

  it("is a JSON document with lists that stay lists and whole numbers that stay whole", function()
    local text = document_of(verdict_of{ scan = {} })
    assert.matches('"findings": %[%]', text)
    assert.matches('"left_out": %[%]', text)
    assert.matches('"exit_code": 0,', text)
    local document = cjson.decode(text)
    assert.equal("pass", document.verdict)
    assert.equal("COMPLETE", document.images[1].scan.status)
    assert.equal("basic", document.images[1].scan.type)
    assert.equal(0, document.thresholds.critical)
  end)

  it("gives every finding to JSON, also those that the table leaves out", function()
    local findings = {}
    for i = 1, 30 do findings[i] = { id = "CVE-" .. i, severity = "LOW", package = "p", version = "1" } end
    local verdict = verdict_of{ scan = { findings = findings } }
    assert.equal(30, #cjson.decode(document_of(verdict)).images[1].findings)
    assert.matches("and 10 more", report.text(verdict))
  end)

  it("says in JSON why there is no verdict", function()
    local document = cjson.decode((document_of(verdict_of{ scan = { states = { "FAILED" } } })))
    assert.equal("inconclusive", document.verdict)
    assert.equal(2, document.exit_code)
    assert.matches("the scan failed", document.images[1].reason)
    assert.is_nil(document.images[1].counts)
  end)

  it("says that there are no findings, and of none that they are hidden", function()
    assert.matches("scanned [%dT:Z-]+: no findings\n", report.text(verdict_of{ scan = {} }))
    local findings = {}
    for i = 1, 20 do findings[i] = { id = "CVE-" .. i, severity = "LOW", package = "p", version = "1" } end
    assert.is_nil(report.text(verdict_of{ scan = { findings = findings } }):find("more", 1, true))
  end)

  it("colours the verdict and severities, and nothing else", function()
    local text = report.text(verdict_of{ scan = { findings = { { id = "HIGH", severity = "CRITICAL", package = "LOW",
      version = "MEDIUM" } } } }, { colour = true })
    assert.matches("^\27%[31mFAIL\27%[0m  app:v1\n", text)
    assert.matches("\n  \27%[31mCRITICAL\27%[0m  HIGH  LOW      MEDIUM   %-\n", text)
    assert.equal(4, select(2, text:gsub("\27", "")))
  end)

  it("is one line, with the reasons of the images that decided", function()
    local index = { index = { { scan = { states = { "FAILED" } } },
      { platform = "linux/arm64", scan = { findings = { { id = "CVE-1", severity = "CRITICAL" } } } } } }
    assert.matches("^FAIL  app:v1@sha256:%x+: 1 CRITICAL %(allowed: 0%)\n$", report.line(verdict_of(index)))
    assert.matches("^PASS  app:v1@sha256:%x+\n$", report.line(verdict_of{ scan = {} }))
    assert.matches("^NO VERDICT  app:v1@sha256:%x+: the scan failed", report.line(verdict_of{ scan = {
      states = { "FAILED" } } }))
    assert.matches("^NO VERDICT  app:v1@sha256:%x+: no image stands behind", report.line(verdict_of{ index = {
      { attestation = true } } }))
  end)

  it("tells warnings, a scan of its own, and what broke it off", function()
    local verdict = verdict_of{ on_start = {} }
    verdict.warnings[1] = "careful"
    verdict.interrupted = "SIGINT"
    local text = report.text(verdict)
    assert.matches("the scan was started by this gate", text)
    assert.matches("warning: careful", text)
    assert.matches("broken off by SIGINT; this is what is known", text)
  end)
end)
