-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local json = require "ecr.json"

describe("a JSON document", function()
  it("has numbers in the fewest digits that are the number", function()
    for value, text in pairs{ [0.1] = "0.1", [0.008] = "0.008", [-0.5] = "-0.5", [1e300] = "1e+300", [3.0] = "3",
      [2 ^ 51 + 0.5] = "2251799813685248.5", [123456.789] = "123456.789" } do
      assert.equal(text .. "\n", json.encode(value))
    end
    for _, value in ipairs{ 1 / 3, 2 / 3, 0.1 + 0.2, 1e-320, 1.7976931348623157e308 } do
      assert.equal(value, tonumber((json.encode(value))))
    end
  end)

  it("has keys in order, lists that stay lists, and null", function()
    assert.equal('{\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    null\n  ]\n}\n',
      json.encode{ c = { 1, json.null }, a = json.list(), b = {} })
  end)

  it("is read back by another reader as what was written", function()
    local text = "\0\1\31\"\\/\u{7f}\u{2028}\u{1f600}\u{e9}"
    local document = { text = text, list = { true, false } }
    assert.same(document, cjson.decode(json.encode(document)))
  end)

  it("refuses what JSON has not, a secret among it", function()
    for _, value in ipairs{ 0 / 0, 1 / 0, -1 / 0, print, require("ecr").secret("x"), { [1.5] = 1 } } do
      assert.is_false((pcall(json.encode, { value = value })))
    end
  end)
end)
