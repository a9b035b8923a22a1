-- SPDX-License-Identifier: MIT
local finding = require "ecr.types.finding"

describe("a basic finding", function()
  it("does without an attribute that came without its key", function()
    local one = finding.from_basic{ name = "CVE-2026-0001", severity = "HIGH",
      attributes = { { value = "lost" }, { key = "package_name", value = "zlib" } } }
    assert.equal("zlib", one.package)
    assert.equal("HIGH", one.severity)
  end)
end)
