-- SPDX-License-Identifier: MIT
-- The generated model against the same published models read by another program.
local core = require "ecr.core"
local rows = dofile "spec/fixtures/operations.lua"

local function words(list) table.sort(list) return table.concat(list, " ") end

local function members(view, mark)
  local names = {}
  for i, member in ipairs(view.members) do
    names[i] = member.wire .. (mark and member.required and "!" or "")
  end
  return words(names)
end

describe("the model", function()
  it("has 58 operations of ECR and 23 of ECR Public, no more and no less", function()
    local ours, theirs = {}, {}
    for i, operation in ipairs(core.operations()) do ours[i] = operation.service .. ":" .. operation.name end
    for i, row in ipairs(rows) do theirs[i] = row.service .. ":" .. row.name end
    assert.equal(81, #ours)
    assert.equal(words(theirs), words(ours))
  end)

  for _, row in ipairs(rows) do
    it(("knows %s:%s as it is published"):format(row.service, row.name), function()
      local view = core.model(row.service, row.name)
      assert.equal(row.class, view.class)
      assert.equal(row.input, members(view.input, true))
      assert.equal(row.output, members(view.output, false))
      assert.equal(row.errors, words(view.errors))
      assert.equal(row.pages, view.pages and table.concat(view.pages.results, " ") or "")
    end)
  end

  it("seals both authorization tokens and the download URL, and nothing else", function()
    local sealed = {}
    local function walk(shape)
      for _, member in ipairs(shape.members or {}) do
        if member.sealed then sealed[member.wire] = (sealed[member.wire] or 0) + 1 end
        walk(member)
      end
      if shape.element then walk(shape.element) end
    end
    for _, row in ipairs(rows) do walk(core.model(row.service, row.name).output) end
    assert.same({ authorizationToken = 2, downloadUrl = 1 }, sealed)
  end)

  it("spells names in Lua's way", function()
    local names = {}
    for _, row in ipairs(rows) do
      for _, member in ipairs(core.model(row.service, row.name).input.members) do names[member.name] = true end
    end
    for name in pairs(names) do assert.matches("^[a-z][a-z0-9_]*$", name) end
    assert.is_true(names.image_ids and names.max_results and names.ecr_repository_prefix)
  end)

  it("says where a repeated write ends", function()
    assert.equal("safe", core.model("ecr", "DescribeImages")["repeat"])
    assert.matches("ImageAlreadyExistsException", core.model("ecr", "PutImage")["repeat"])
    assert.matches("LimitExceededException", core.model("ecr", "StartImageScan")["repeat"])
  end)

  it("gives nothing for an operation that does not exist", function()
    assert.is_nil(core.model("ecr", "MakeCoffee"))
    assert.is_nil(core.model("ec2", "DescribeImages"))
  end)
end)
