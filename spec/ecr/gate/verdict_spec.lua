-- SPDX-License-Identifier: MIT
local finding = require "ecr.types.finding"
local verdict = require "ecr.gate.verdict"

local function found(severity, id, score, package, version)
  return finding.from_enhanced{ severity = severity, score = score, package_vulnerability_details = {
    vulnerability_id = id, vulnerable_packages = { { name = package or "p", version = version or "1" } } } }
end

local function of_result(findings, thresholds)
  return verdict.of_target({ digest = "sha256:0" }, { outcome = "result", status = "ACTIVE",
    result = { status = "ACTIVE", kind = "enhanced", findings = findings } }, thresholds or {})
end

describe("the verdict on an image", function()
  it("lists unknown severities, then the worst, the highest score, and names in their order", function()
    local expected = { found("APOCALYPTIC", "CVE-9"), found("CRITICAL", "CVE-8", 9.1), found("CRITICAL", "CVE-7", 9.0),
      found("CRITICAL", "CVE-6"), found("HIGH", "CVE-1", 7), found("HIGH", "CVE-2", 7, "a"),
      found("HIGH", "CVE-2", 7, "b", "1"), found("HIGH", "CVE-2", 7, "b", "2"), found("UNTRIAGED", "CVE-0") }
    for shift = 1, #expected do
      local mixed = {}
      for i = 1, #expected do mixed[i] = expected[(i * 7 + shift) % #expected + 1] end
      local got = of_result(mixed).findings
      for i, one in ipairs(expected) do assert.equal(one, got[i]) end
    end
  end)

  it("is the same for findings that are the same twice", function()
    local findings = {}
    for i = 1, 20 do findings[i] = found("HIGH", "CVE-1") end
    assert.equal(20, of_result(findings).counts.HIGH)
  end)
end)

describe("the verdict for all", function()
  it("is the worst there is; nothing passes before everything is known", function()
    local function all(...)
      local targets = {}
      for i, answer in ipairs{ ... } do targets[i] = { verdict = answer } end
      return verdict.of_all(targets)
    end
    assert.equal("pass", all("pass", "pass"))
    assert.equal("fail", all("pass", "inconclusive", "error", "fail"))
    assert.equal("error", all("pass", "error", "inconclusive"))
    assert.equal("inconclusive", all("inconclusive", "pass"))
    assert.equal("inconclusive", all())
  end)
end)
