-- SPDX-License-Identifier: MIT
-- Rules: "Object Names and IDs", "Labels and Selectors" in the Kubernetes documentation; RFC 1123.
local kubernetes = require "ecr.kubernetes"

local function long(count) return ("a"):rep(count) end

local ROWS = {
  name = {
    takes = { "a", "7", "ecr-pull", "1.2", "a.b-c.d", "a--b", long(253), long(100) .. "." .. long(100) },
    refuses = { "", "A", "a_b", "a b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a-.b", "a/b", "a\n", "a\0b", "\xc3\xa4",
      "\xff", long(254) },
  },
  namespace = {
    takes = { "a", "7", "kube-system", "a--b", long(63) },
    refuses = { "", "A", "a.b", "a_b", "-a", "a-", "a\n", long(64) },
  },
  label_key = {
    takes = { "a", "Team", "a.b_c-D", "9", "app.kubernetes.io/name", "a/b", "x.y-z/A_b", long(63), long(253) .. "/"
      .. long(63) },
    refuses = { "", "/", "a/", "/a", "a/b/c", "-a", "a-", "_a", "a.", "a b", "A.b/c", "a_b/c", "a./b", "a..b/c", "a\n",
      long(64), "a/" .. long(64), long(254) .. "/a" },
  },
  label_value = {
    takes = { "", "a", "Red", "v1.2_3-4", "9", long(63) },
    refuses = { "-a", "a-", ".a", "a.", "_", "a b", "a/b", "a=b", "a\n", "a\0", "\xc3\xa4", long(64) },
  },
}

for check, row in pairs(ROWS) do
  describe("kubernetes." .. check, function()
    for _, text in ipairs(row.takes) do
      it(("takes %q"):format(text:sub(1, 40)), function() assert.equal(text, kubernetes[check](text)) end)
    end

    for _, text in ipairs(row.refuses) do
      it(("refuses %q in one line"):format(text:sub(1, 40)), function()
        local got, why = kubernetes[check](text)
        assert.is_nil(got)
        assert.matches("^\"[\32-\126\xc2-\xc3\x80-\xbf]+$", why)
      end)
    end
  end)
end

describe("kubernetes.label", function()
  it("takes a label apart at its first =", function()
    assert.same({ key = "team", value = "red" }, kubernetes.label("team=red"))
    assert.same({ key = "a.b/c", value = "" }, kubernetes.label("a.b/c="))
  end)

  for _, text in ipairs{ "", "team", "=red", "team=a=b", "te am=red", "team=-", "team=red " } do
    it(("refuses %q"):format(text), function()
      local got, why = kubernetes.label(text)
      assert.is_nil(got)
      assert.is_string(why)
    end)
  end
end)
