-- SPDX-License-Identifier: MIT
local files = require "spec.support.files"
local process = require "spec.support.process"

--- What the binary holds: digests by kind and name.
local function inside()
  local result = process.ecrlua{ "-e", [[
    local core, embedded = require "ecr.core", require "ecr.embedded"
    for kind, table in pairs(embedded) do
      for name, text in pairs(table) do print(kind .. " " .. name .. " " .. core.digest(text)) end
    end]] }
  assert.equal(0, result.code, result.errors)
  local found = {}
  for kind, name, digest in result.output:gmatch("(%S+) (%S+) (%S+)\n") do found[kind .. " " .. name] = digest end
  return found
end

describe("the binary", function()
  it("holds every module and script of the tree, byte for byte, and nothing else of ours", function()
    local core = require "ecr.core"
    local found = inside()
    local expected = { ["modules argparse"] = found["modules argparse"] }
    for _, path in ipairs(files.find("lua -name '*.lua'")) do
      expected["modules " .. path:match("^lua/(.*)%.lua$"):gsub("/", ".")] = core.digest(files.read(path))
    end
    for _, path in ipairs(files.find("scripts -name '*.lua'")) do
      expected["scripts " .. path:match("^scripts/(.*)$")] = core.digest(files.read(path))
    end
    assert.is_string(found["modules argparse"])
    assert.same(expected, found)
  end)

  it("needs nothing beside it but the C library and libcrypto", function()
    local needed = process.run("readelf -d " .. process.ECRLUA).output
    local allowed = { ["libc.so.6"] = true, ["libm.so.6"] = true, ["libcrypto.so.3"] = true,
      ["libasan.so.8"] = true, ["libubsan.so.1"] = true, ["ld-linux-x86-64.so.2"] = true, ["libgcc_s.so.1"] = true }
    for library in needed:gmatch("%(NEEDED%)[^%[]*%[([^%]]+)%]") do
      assert.is_true(allowed[library], "needs " .. library)
    end
  end)
end)
