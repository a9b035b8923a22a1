-- SPDX-License-Identifier: MIT
local page = require "ecr.sim.page"

describe("a page", function()
  local items = { "a", "b", "c", "d", "e" }

  it("has a token for the rest, and none at the end", function()
    local first, token = page.cut("list", items, 0, 3)
    assert.same({ "a", "b", "c" }, first)
    local rest, last = page.cut("list", items, page.open("list", token), 3)
    assert.same({ "d", "e" }, rest)
    assert.is_nil(last)
  end)

  it("has no token when the list ends with it", function()
    assert.is_nil(select(2, page.cut("list", items, 0, 5)))
  end)

  it("gives back the note that went with it", function()
    local _, token = page.cut("list", items, 0, 2, 7)
    assert.same({ 2, 7 }, { page.open("list", token) })
  end)

  it("refuses another list's token", function()
    local _, token = page.cut("list", items, 0, 3)
    assert.is_nil(page.open("other", token))
  end)

  it("refuses a token that nobody gave", function()
    for _, token in ipairs{ "", "zz", "abc", "616263" } do
      assert.is_nil(page.open("list", token))
    end
  end)
end)
