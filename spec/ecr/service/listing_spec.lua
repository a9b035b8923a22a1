-- SPDX-License-Identifier: MIT
-- Lists by the name of an operation. Which operations have pages: the models' paginators, and the two that
-- have none published (ListImageReferrers, ListPullTimeUpdateExclusions).
local answers = require "spec.support.answers"
local ecr = require "ecr"

local PAGED = { DescribeImages = "image_details", DescribePullThroughCacheRules = "pull_through_cache_rules",
  DescribeRepositories = "repositories", ListImageReferrers = "referrers", ListImages = "image_ids",
  ListPullTimeUpdateExclusions = "pull_time_update_exclusions", ["ecr-public:DescribeImages"] = "image_details",
  ["ecr-public:DescribeRegistries"] = "registries", DescribeImageTags = "image_tag_details" }

describe("a list by an operation's name", function()
  it("is read over all pages", function()
    for name, key in pairs(PAGED) do
      local client = ecr.mock():client{}
      answers.put(client, { [name] = function(input)
        local first = not input.next_token
        return { [key] = { { number = first and 1 or 2 } }, next_token = first and "2" or nil }
      end })
      assert.same({ { number = 1 }, { number = 2 } }, ecr.list(client, name, {}), name)
      local got = {}
      for item in ecr.each(client, name, {}, { max_items = 1 }) do got[#got + 1] = item.number end
      assert.same({ 1 }, got)
    end
  end)

  it("is refused for what gives none", function()
    local client = ecr.mock():client{}
    for _, name in ipairs{ "GetLifecyclePolicy", "DescribeImageScanFindings", "Nothing" } do
      local got, err = ecr.list(client, name)
      assert.is_nil(got)
      assert.same({ "input", "not_a_list" }, { err.kind, err.code })
      assert.is_false(pcall(ecr.each, client, name))
    end
    assert.equal("input", select(2, ecr.list(client, "ListImages", {}, { max = 1 })).kind)
  end)
end)
