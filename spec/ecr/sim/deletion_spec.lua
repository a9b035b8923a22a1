-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"

local ask = asking.ask
local ABSENT = "sha256:" .. ("0"):rep(64)

local function world(...)
  return asking.open{ repositories = { { name = "app", images = { ... } } } }
end

local function digest_of(transport, tag)
  return assert(ask(transport, "DescribeImages",
    { repository_name = "app", image_ids = { { image_tag = tag } } })).image_details[1].image_digest
end

local function delete(transport, ...)
  return assert(ask(transport, "BatchDeleteImage", { repository_name = "app", image_ids = { ... } }))
end

--- What is left, as "tag" or "-" for an image without one, sorted.
local function left(transport)
  local names = {}
  for _, id in ipairs(ask(transport, "ListImages", { repository_name = "app" }).image_ids) do
    names[#names + 1] = id.image_tag or "-"
  end
  table.sort(names)
  return table.concat(names, " ")
end

describe("BatchDeleteImage", function()
  it("by tag takes the tag alone while the image has another one", function()
    local transport = world{ tags = { "a", "b" } }
    local digest = digest_of(transport, "a")
    assert.same({ image_ids = { { image_digest = digest, image_tag = "a" } }, failures = {} },
      delete(transport, { image_tag = "a" }))
    assert.equal("b", left(transport))
  end)

  it("by tag takes the image with its last tag", function()
    local transport = world({ tags = { "a", "b" } }, { tags = { "c" } })
    local digest = digest_of(transport, "a")
    delete(transport, { image_tag = "a" }, { image_tag = "b" })
    assert.equal("c", left(transport))
    assert.equal("ImageNotFoundException", select(2, ask(transport, "DescribeImages",
      { repository_name = "app", image_ids = { { image_digest = digest } } })).code)
  end)

  it("by digest takes the image and gives an id for each of its tags", function()
    local transport = world({ tags = { "a", "b" } }, { tags = { "c" } })
    local digest = digest_of(transport, "a")
    assert.same({ image_ids = { { image_digest = digest, image_tag = "a" },
      { image_digest = digest, image_tag = "b" } }, failures = {} }, delete(transport, { image_digest = digest }))
    assert.equal("c", left(transport))
  end)

  it("gives the digest alone of an image that had no tag", function()
    local transport = world{}
    local digest = ask(transport, "ListImages", { repository_name = "app" }).image_ids[1].image_digest
    assert.same({ { image_digest = digest } }, delete(transport, { image_digest = digest }).image_ids)
    assert.equal("", left(transport))
  end)

  it("lets a tag be given to another image afterwards, and the same image be pushed again", function()
    local transport = world{ tags = { "a" } }
    local text = ask(transport, "BatchGetImage",
      { repository_name = "app", image_ids = { { image_tag = "a" } } }).images[1].image_manifest
    delete(transport, { image_tag = "a" })
    assert(ask(transport, "PutImage", { repository_name = "app", image_manifest = text, image_tag = "a" }))
    assert.equal("a", left(transport))
  end)

  it("keeps what an index names until the index is gone", function()
    local transport = world{ tags = { "multi" }, index = { { tags = { "child" } }, {} } }
    local index, child = digest_of(transport, "multi"), digest_of(transport, "child")
    local reason = "Requested image referenced by manifest list: [" .. index .. "]"
    for _, id in ipairs{ { image_tag = "child" }, { image_digest = child } } do
      assert.same({ image_ids = {}, failures = { { image_id = id, failure_code = "ImageReferencedByManifestList",
        failure_reason = reason } } }, delete(transport, id))
    end
    assert.equal("- child multi", left(transport))
    local output = delete(transport, { image_digest = index }, { image_digest = child })
    assert.same({ {}, 2 }, { output.failures, #output.image_ids })
    assert.equal("-", left(transport)) -- the other child stays: deleting an index deletes no child
  end)

  it("takes the one tag of a child that has more", function()
    local transport = world{ tags = { "multi" }, index = { { tags = { "child", "other" } } } }
    assert.same({}, delete(transport, { image_tag = "other" }).failures)
    assert.equal("child multi", left(transport))
  end)

  it("tells of each id why it failed, and does the others", function()
    local transport = world({ tags = { "a" } }, { tags = { "b" } })
    local a = digest_of(transport, "a")
    local rows = {
      { { image_tag = "none" }, "ImageNotFound", "Requested image not found" },
      { { image_digest = ABSENT }, "ImageNotFound", "Requested image not found" },
      { {}, "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null" },
      { { image_digest = "sha256" }, "InvalidImageDigest", "Invalid request parameters: image digest should satisfy "
        .. "the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'" },
      { { image_tag = "-" }, "InvalidImageTag" },
      { { image_tag = "b", image_digest = a }, "ImageTagDoesNotMatchDigest" },
      { { image_tag = "a", image_digest = a } },
      { { image_tag = "a" }, "ImageNotFound" }, -- it went a moment ago
    }
    local ids = {}
    for i, row in ipairs(rows) do ids[i] = row[1] end
    local output = delete(transport, table.unpack(ids))
    assert.same({ { image_digest = a, image_tag = "a" } }, output.image_ids)
    table.remove(rows, 7)
    for i, row in ipairs(rows) do
      assert.same(row[1], output.failures[i].image_id)
      assert.equal(row[2], output.failures[i].failure_code)
      if row[3] then assert.equal(row[3], output.failures[i].failure_reason) end
    end
    assert.equal(#rows, #output.failures)
    assert.equal("b", left(transport))
  end)

  it("needs its repository", function()
    assert.equal("RepositoryNotFoundException", select(2, ask(asking.open{}, "BatchDeleteImage",
      { repository_name = "app", image_ids = { { image_tag = "a" } } })).code)
  end)
end)

describe("DeleteRepository", function()
  it("takes an empty repository and says once more what it was", function()
    local transport = world()
    local was = ask(transport, "DescribeRepositories").repositories[1]
    assert.same({ repository = was }, ask(transport, "DeleteRepository", { repository_name = "app" }))
    assert.same({}, ask(transport, "DescribeRepositories").repositories)
  end)

  it("takes one with images only by force", function()
    local transport = world{ tags = { "a" } }
    local _, fault = ask(transport, "DeleteRepository", { repository_name = "app" })
    assert.equal("RepositoryNotEmptyException", fault.code)
    assert.equal("The repository with name 'app' in registry with id '123456789012' cannot be deleted because it "
      .. "still contains images", fault.message)
    assert(ask(transport, "DeleteRepository", { repository_name = "app", force = true }))
    assert.equal("RepositoryNotFoundException",
      select(2, ask(transport, "ListImages", { repository_name = "app" })).code)
  end)

  it("needs its repository", function()
    assert.equal("RepositoryNotFoundException",
      select(2, ask(asking.open{}, "DeleteRepository", { repository_name = "app" })).code)
  end)
end)
