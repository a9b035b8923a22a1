-- SPDX-License-Identifier: MIT
-- The characters are Unicode's: C0 and C1 controls, "Bidirectional Character Types", format characters.
local printable = require "ecr.printable"

describe("printable text", function()
  it("is what it was when there is nothing in it", function()
    for _, text in ipairs{ "", "plain ASCII ~", "\u{e9}\u{4e2d}\u{1f600}", "a\u{2013}b \u{201c}c\u{201d}" } do
      assert.equal(text, printable(text))
    end
  end)

  it("has no character that steers, hides or turns text around", function()
    for _, code in ipairs{ 0, 7, 9, 10, 13, 27, 0x7f, 0x80, 0x9b, 0x9f, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029,
      0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0xfeff, 0xe0001, 0xe0020, 0xe007f } do
      assert.equal("a b", printable("a" .. utf8.char(code) .. "b"), ("U+%04X"):format(code))
    end
  end)

  it("has no bytes that are not UTF-8", function()
    assert.equal("a?b", printable("a\x9bb"))
    assert.equal("a?? b", printable("a\xc3\xff\nb"))
  end)

  it("is made of any value", function()
    assert.equal("5", printable(5))
    assert.equal("nil", printable(nil))
  end)

  it("is cut between two characters", function()
    assert.equal("a\u{e9}...", printable("a\u{e9}\u{e9}", 4))
    assert.equal("a\u{e9}", printable("a\u{e9}", 3))
    assert.is_nil(printable(("\x80"):rep(10), 3):find("[\x80-\xff]"))
  end)
end)
