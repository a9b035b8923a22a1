-- SPDX-License-Identifier: MIT
-- core/model.c is what the generator makes of AWS's published models: checked where the machine has the
-- very files (as a part of botocore) whose sums stand in it.
local files = require "spec.support.files"
local process = require "spec.support.process"

local function models()
  local result = process.run("python3 -c 'import botocore, os; print(os.path.dirname(botocore.__file__))'")
  return result.code == 0 and result.output:gsub("%s+$", "") .. "/data"
end

local function sum_of(folder, service)
  return process.run(("sh -c 'gzip -dcf %s/%s/*/service-2.json* | sha256sum'"):format(folder, service)).output
    :match("^%x+")
end

describe("the generated model", function()
  it("is what the generator writes today", function()
    local folder = models()
    if not folder then return pending("there is no botocore, and so no published model, on this machine") end
    local text = files.read("core/model.c")
    for _, service in ipairs{ "ecr", "ecr-public" } do
      if not text:find(sum_of(folder, service), 1, true) then
        return pending("this botocore has another version of the model of " .. service)
      end
    end
    local result = process.run("sh -c 'lua5.4 core/model/generate.lua " .. folder .. " | cmp - core/model.c'")
    assert.equal(0, result.code, result.output .. result.errors)
  end)
end)
