-- SPDX-License-Identifier: MIT
local table_text = require "ecr.table_text"

local ROWS = { { "SEVERITY", "ID", "PACKAGE", "FIXED IN" },
  { "HIGH", "CVE-2026-0001", "libsomething-long", "1.2.3-4" } }

describe("a table as text", function()
  it("aligns columns, with nothing after the last one", function()
    assert.same({ "SEVERITY  ID             PACKAGE            FIXED IN",
      "HIGH      CVE-2026-0001  libsomething-long  1.2.3-4" }, table_text(ROWS, { keep = 2 }))
  end)

  it("cuts the widest columns where it is too wide, and never those that are kept", function()
    assert.same({ "SEVERITY  ID             PACKAGE     FIXED IN", "HIGH      CVE-2026-0001  libsometh~  1.2.3-4" },
      table_text(ROWS, { keep = 2, limit = 45 }))
  end)

  it("leaves out columns from the right where cutting is not enough", function()
    assert.same({ "SEVERITY  ID             PACKAGE", "HIGH      CVE-2026-0001  libsomethi~" },
      table_text(ROWS, { keep = 2, limit = 36 }))
    assert.same({ "SEVERITY  ID", "HIGH      CVE-2026-0001" }, table_text(ROWS, { keep = 2, limit = 5 }))
  end)

  it("counts characters, not bytes", function()
    assert.same({ "\u{e9}\u{e9}  b", "a   b" }, table_text({ { "\u{e9}\u{e9}", "b" }, { "a", "b" } }, { keep = 1 }))
  end)

  it("paints cells after they were cut and filled up", function()
    local lines = table_text({ { "a", "b" }, { "long", "c" } }, { keep = 1, paint = function(row, column, text)
      return ("<%d%d:%s>"):format(row, column, text)
    end })
    assert.same({ "<11:a   >  <12:b>", "<21:long>  <22:c>" }, lines)
  end)
end)
