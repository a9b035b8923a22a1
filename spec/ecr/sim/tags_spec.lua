-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"

local ask = asking.ask
local ARN = "arn:aws:ecr:us-east-1:123456789012:repository/app"

local function world(tags)
  return asking.open{ repositories = { { name = "app", resource_tags = tags } } }
end

local function tags_of(transport)
  return assert(ask(transport, "ListTagsForResource", { resource_arn = ARN })).tags
end

local function add(transport, tags)
  return ask(transport, "TagResource", { resource_arn = ARN, tags = tags })
end

--- So many tags, called k1, k2, ...
local function many(count)
  local list = {}
  for i = 1, count do list[i] = { key = "k" .. i, value = "v" } end
  return list
end

describe("the tags of a repository", function()
  it("are none at first, and the scenario's where it has some", function()
    assert.same({}, tags_of(world()))
    assert.same({ { key = "a", value = "1" }, { key = "b", value = "" } }, tags_of(world{ b = "", a = "1" }))
  end)

  it("can be given when it is created", function()
    local transport = asking.open{}
    assert(ask(transport, "CreateRepository", { repository_name = "app", tags = { { key = "a", value = "1" } } }))
    assert.same({ { key = "a", value = "1" } }, tags_of(transport))
  end)

  it("are added to, and replaced by key", function()
    local transport = world{ a = "1", b = "2" }
    assert.same({}, add(transport, { { key = "b", value = "3" }, { key = "c", value = "4" } }))
    assert.same({ { key = "a", value = "1" }, { key = "b", value = "3" }, { key = "c", value = "4" } },
      tags_of(transport))
  end)

  it("are taken off by key, also those that are not there", function()
    local transport = world{ a = "1", b = "2" }
    assert.same({}, ask(transport, "UntagResource", { resource_arn = ARN, tag_keys = { "a", "z" } }))
    assert.same({ { key = "b", value = "2" } }, tags_of(transport))
  end)

  it("are 50 at most, and none is added with the one too many", function()
    local transport = world()
    assert(add(transport, many(50)))
    assert(add(transport, { { key = "k1", value = "other" } }))
    local output, fault = add(transport, { { key = "more", value = "" }, { key = "k2", value = "other" } })
    assert.is_nil(output)
    assert.equal("TooManyTagsException", fault.code)
    assert.equal(50, #tags_of(transport))
  end)

  it("have no key of AWS's own, and none twice", function()
    for _, tags in ipairs{ { { key = "aws:team", value = "" } }, { { key = "AWS:team", value = "" } },
      { { key = "a", value = "1" }, { key = "a", value = "2" } } } do
      local transport = world()
      assert.equal("InvalidTagParameterException", select(2, add(transport, tags)).code)
      assert.same({}, tags_of(transport))
      local _, fault = ask(transport, "CreateRepository", { repository_name = "new", tags = tags })
      assert.equal("InvalidTagParameterException", fault.code)
      assert.equal("RepositoryNotFoundException",
        select(2, ask(transport, "DescribeRepositories", { repository_names = { "new" } })).code)
    end
  end)

  for operation, input in pairs{ ListTagsForResource = {}, TagResource = { tags = {} },
    UntagResource = { tag_keys = {} } } do
    it("need the ARN of a repository that is there, for " .. operation, function()
      for arn, code in pairs{
        ["arn:aws:ecr:us-east-1:123456789012:repository/none"] = "RepositoryNotFoundException",
        ["arn:aws:ecr:us-east-1:210987654321:repository/app"] = "RepositoryNotFoundException",
        ["arn:aws:ecr:eu-west-1:123456789012:repository/app"] = "InvalidParameterException",
        ["arn:aws:ecs:us-east-1:123456789012:repository/app"] = "InvalidParameterException",
        app = "InvalidParameterException",
      } do
        input.resource_arn = arn
        assert.equal(code, select(2, ask(world(), operation, input)).code, arn)
      end
    end)
  end
end)
