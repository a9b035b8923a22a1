-- SPDX-License-Identifier: MIT
-- Behaviour: ListImages, DescribeImages, BatchGetImage, PutImage, BatchDeleteImage in the Amazon ECR API
-- Reference.
local answers = require "spec.support.answers"
local ecr = require "ecr"

local function many(count)
  local mock = ecr.mock():with_repository{ name = "app" }
  for i = 1, count do mock:with_image("app", { tags = { "v" .. i } }) end
  return mock
end

local function tagged(tags)
  local mock = ecr.mock():with_repository{ name = "app" }
  for i, tag in ipairs(tags) do
    mock:with_image("app", { tags = type(tag) == "table" and tag or { tag }, pushed_at = 1767225600 + i })
  end
  return mock
end

local function tags_of(list)
  local tags = {}
  for i, one in ipairs(list) do tags[i] = one.image_tag or (one.image_tags or {})[1] or "-" end
  return tags
end

describe("image:list", function()
  it("gives an id for each tag, over all pages", function()
    local ids = assert(many(1200):client{}.image:list("app"))
    assert.equal(1200, #ids)
    assert.matches("^v%d+@sha256:%x+$", tostring(ids[1]))
    assert.is_false(ids[1]:is_untagged())
  end)

  it("knows tagged from untagged ones", function()
    local client = ecr.mock():with_image("app", { tags = { "a", "b" } }):with_image("app", {}):client{}
    assert.equal(3, #client.image:list("app"))
    assert.equal(2, #client.image:list("app", { tag_status = "TAGGED" }))
    local untagged = client.image:list("app", { tag_status = "UNTAGGED" })
    assert.is_true(untagged[1]:is_untagged())
    assert.equal(1, #untagged)
  end)

  it("takes globs and orders versions over the whole set", function()
    local client = tagged{ "v1.9.0", "latest", "v1.10.0", "v1.2.0", "v1.10.0-rc.1", "dev-7" }:client{}
    assert.same({ "v1.10.0", "v1.10.0-rc.1", "v1.9.0", "v1.2.0", "dev-7", "latest" },
      tags_of(client.image:list("app", { order = "semver", page_size = 2 })))
    assert.same({ "v1.10.0", "v1.10.0-rc.1", "v1.9.0" }, tags_of(client.image:list("app", { glob = "v1.*",
      order = "semver", max_items = 3 })))
  end)

  it("refuses what is no option, no order, no repository", function()
    local mock = many(1)
    local client = mock:client{}
    for _, row in ipairs{ { "app", { globb = "x" } }, { "app", { order = "newest" } }, { "app", { order = "up" } },
      { "No" }, { nil } } do
      local got, err = client.image:list(row[1], row[2])
      assert.is_nil(got)
      assert.equal("input", err.kind)
    end
    assert.same({}, mock:history())
    assert.equal("not_found", select(2, client.image:list("gone")).kind)
  end)

  it("is walked one after the other with each, in the service's order", function()
    local count = 0
    for id in many(25):client{}.image:each("app", { page_size = 10 }) do
      assert.is_string(id.image_digest)
      count = count + 1
    end
    assert.equal(25, count)
    assert.is_false(pcall(function() many(1):client{}.image:each("app", { order = "semver" }) end))
  end)
end)

describe("image:describe", function()
  it("gives one image, named in any way", function()
    local client = many(1):client{}
    local detail = assert(client.image:describe("app:v1"))
    assert.same({ "v1" }, detail.image_tags)
    local digest = detail.image_digest
    assert.equal(digest, client.image:describe("app@" .. digest).image_digest)
    assert.equal(digest, client.image:describe("app", { tag = "v1" }).image_digest)
    assert.equal(digest, client.image:describe("app", { digest = digest }).image_digest)
    assert.equal(digest, client.image:describe("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1").image_digest)
    assert.is_true(detail:has_tag("v1"))
    assert.is_false(detail:has_tag("v2"))
    assert.is_false(detail:is_index())
    assert.matches("^app@sha256:%x+ %(v1%)$", tostring(detail))
  end)

  it("gives any number of ids, a hundred a call, at the same time", function()
    local mock = many(250)
    local ids = {}
    for i = 1, 250 do ids[i] = { tag = "v" .. i } end
    assert.equal(250, #assert(mock:client{}.image:describe("app", ids)))
    assert.equal(3, #mock:history())
    assert.equal(0, mock:history()[3].at)
    ids[251] = { tag = "gone" }
    local got, err = mock:client{}.image:describe("app", ids)
    assert.is_nil(got)
    assert.equal("not_found", err.kind)
    assert.matches("^ids%[2%]: ", select(2, mock:client{}.image:describe("app", { { tag = "a" }, {} })).message)
  end)

  it("gives all images of a repository, the newest first or the highest version first", function()
    local client = tagged{ "v1", "v3", "v2", { "v10", "latest" } }:client{}
    assert.equal(4, #client.image:describe("app"))
    assert.same({ "latest", "v2", "v3", "v1" }, tags_of(client.image:describe("app", { order = "newest" })))
    assert.same({ "latest", "v3", "v2", "v1" }, tags_of(client.image:describe("app", { order = "semver" })))
    assert.same({ "latest", "v2" }, tags_of(client.image:describe("app", { order = "newest", max_items = 2 })))
    assert.same({ "latest" }, tags_of(client.image:describe("app", { glob = "v1?" })))
  end)
end)

describe("image:batch_get and get", function()
  it("get more images than one call takes, and a failure for each that is not there", function()
    local mock = many(150)
    local ids = {}
    for i = 1, 151 do ids[i] = { tag = "v" .. i } end
    local got = assert(mock:client{}.image:batch_get("app", ids))
    assert.equal(150, #got.images)
    assert.equal(1, #got.failures)
    assert.equal("ImageNotFound", got.failures[1].failure_code)
    assert.equal("not_found", got.failures[1].error.kind)
    assert.equal(2, #mock:history())
    assert.equal(5, #mock:history()[1].input.accepted_media_types)
  end)

  it("give one image with its manifest, or not_found", function()
    local client = many(1):client{}
    local image = assert(client.image:get("app:v1"))
    assert.equal("image", assert(image:manifest()).kind)
    assert.matches("^app:v1@sha256", tostring(image))
    image.image_manifest = image.image_manifest .. " "
    assert.equal("integrity", select(2, image:manifest()).kind)
    assert.equal("not_found", select(2, client.image:get("app:nothing")).kind)
  end)
end)

describe("image:put_tag", function()
  local function immutable()
    return ecr.mock():with_repository{ name = "app", tag_mutability = "IMMUTABLE" }
      :with_image("app", { tags = { "v1" } }):with_image("app", { tags = { "v2" } })
  end

  it("puts a tag on an image: the same bytes, type and digest, no layer read", function()
    local mock = tagged{ "v1" }
    local client = mock:client{}
    local image = assert(client.image:get("app:v1"))
    local put = assert(client.image:put_tag("app:v1", "stable"))
    assert.same({ "created", "stable", image.image_id.image_digest }, { put.status, put.tag, put.digest })
    local sent = mock:history()[#mock:history()]
    assert.equal("PutImage", sent.operation)
    assert.same({ image.image_manifest, image.image_manifest_media_type, image.image_id.image_digest, "stable" },
      { sent.input.image_manifest, sent.input.image_manifest_media_type, sent.input.image_digest,
        sent.input.image_tag })
    assert.equal(put.digest, client.image:describe("app:stable").image_digest)
    for _, request in ipairs(mock:history()) do assert.is_nil(request.operation:find("Layer")) end
  end)

  it("reads the source by digest, so that nothing is translated", function()
    local mock = tagged{ "v1" }
    mock:client{}.image:put_tag("app", { tag = "v1" }, "x")
    local read = mock:history()[2]
    assert.equal("BatchGetImage", read.operation)
    assert.is_nil(read.input.image_ids[1].image_tag)
    assert.is_string(read.input.image_ids[1].image_digest)
  end)

  it("takes the digest alone, as text", function()
    local client = tagged{ "v1" }:client{}
    local digest = client.image:describe("app:v1").image_digest
    assert.equal("created", client.image:put_tag("app", digest, "a").status)
    assert.equal("created", client.image:put_tag("app@" .. digest, "b").status)
  end)

  it("is unchanged when the image has the tag already, also where tags are immutable", function()
    assert.equal("unchanged", tagged{ "v1" }:client{}.image:put_tag("app:v1", "v1").status)
    assert.equal("unchanged", immutable():client{}.image:put_tag("app:v1", "v1").status)
  end)

  it("moves a tag where that is allowed, and names the image in the way where it is not", function()
    local client = tagged{ "v1", "v2" }:client{}
    assert.equal("created", client.image:put_tag("app:v1", "v2").status)
    client = immutable():client{}
    local got, err = client.image:put_tag("app:v1", "v2")
    assert.is_nil(got)
    assert.same({ "conflict", "ImageTagAlreadyExistsException" }, { err.kind, err.code })
    assert.equal(client.image:describe("app:v2").image_digest, err.digest)
    assert.matches(err.digest, err.message, 1, true)
  end)

  it("takes an immutable tag that is this very image's for done: our own first attempt", function()
    local client = tagged{ "v1" }:client{}
    local call = client.call
    answers.put(client, { PutImage = function(input)
      assert(call(client, "PutImage", input))
      return nil, "ImageTagAlreadyExistsException"
    end })
    assert.equal("unchanged", client.image:put_tag("app:v1", "stable").status)
  end)

  it("never sends bytes that are not the digest's", function()
    local client = tagged{ "v1" }:client{}
    local get = client.image.get
    client.image.get = function(...)
      local image = assert(get(...))
      image.image_manifest = image.image_manifest .. "\n"
      return image
    end
    assert.equal("integrity", select(2, client.image:put_tag("app:v1", "x")).kind)
  end)

  it("refuses a tag that is none before anything is sent", function()
    local mock = tagged{ "v1" }
    for _, tag in ipairs{ "", "-x", "a b", ("x"):rep(129), 5 } do
      assert.equal("input", select(2, mock:client{}.image:put_tag("app:v1", tag)).kind)
    end
    assert.same({}, mock:history())
    assert.equal("not_found", select(2, mock:client{}.image:put_tag("app:gone", "x")).kind)
  end)
end)

describe("image:batch_delete", function()
  --- A client whose BatchDeleteImage says of each id what the function says.
  local function deleting(of_id)
    local client = many(1):client{}
    local asked = answers.put(client, { BatchDeleteImage = function(input)
      local gone, failures = {}, {}
      for _, id in ipairs(input.image_ids) do
        local code = of_id(id)
        if code and code:find("Exception$") then return nil, code end
        if code then
          failures[#failures + 1] = { image_id = id, failure_code = code, failure_reason = "why" }
        else
          gone[#gone + 1] = id
        end
      end
      return { image_ids = gone, failures = failures }
    end })
    return client, asked
  end

  local function ids(count)
    local list = {}
    for i = 1, count do list[i] = { tag = "v" .. i } end
    return list
  end

  it("deletes any number, a hundred a call, and tells every failure", function()
    local client, asked = deleting(function(id)
      return ({ v7 = "ImageNotFound", v205 = "ImageReferencedByManifestList" })[id.image_tag]
    end)
    local result = assert(client.image:batch_delete("app", ids(250)))
    assert.equal(3, #asked)
    assert.equal(248, #result.deleted)
    assert.same({ "ImageNotFound", "not_found", "v7" }, { result.failures[1].failure_code,
      result.failures[1].error.kind, result.failures[1].image_id.image_tag })
    assert.equal("conflict", result.failures[2].error.kind)
  end)

  it("counts every id of a call that failed as failed, and keeps what the others did", function()
    local client = deleting(function(id) return id.image_tag == "v150" and "AccessDeniedException" or nil end)
    local result = assert(client.image:batch_delete("app", ids(250)))
    assert.equal(150, #result.deleted)
    assert.equal(100, #result.failures)
    for _, failure in ipairs(result.failures) do assert.equal("denied", failure.error.kind) end
  end)

  it("gives both lists, not an error, when it may have been done after all", function()
    for _, code in ipairs{ "ServerException", "RequestTimeoutException" } do
      local client = deleting(function() return code end)
      local result = assert(client.image:batch_delete("app", ids(150)))
      assert.same({ 0, 150 }, { #result.deleted, #result.failures })
    end
  end)

  it("takes no id with a tag and a digest, which could delete more than was meant", function()
    local client, asked = deleting(function() end)
    for _, pair in ipairs{ { tag = "v1", digest = "sha256:" .. ("0"):rep(64) }, client.image:list("app")[1] } do
      local got, err = client.image:batch_delete("app", { { tag = "v2" }, pair })
      assert.is_nil(got)
      assert.equal("input", err.kind)
      assert.matches("^ids%[2%] has a tag and a digest", err.message)
    end
    for _, list in ipairs{ { tag = "v1" }, { nil, { tag = "v1" } }, { { tag = "v1" }, more = true }, "v1" } do
      assert.equal("input", select(2, client.image:batch_delete("app", list)).kind)
    end
    for _, call in ipairs(asked) do assert.not_equal("BatchDeleteImage", call[1]) end
  end)

  it("is an error when no call was accepted", function()
    local client = deleting(function() return "AccessDeniedException" end)
    local got, err = client.image:batch_delete("app", ids(250))
    assert.is_nil(got)
    assert.equal("denied", err.kind)
  end)

  it("deletes nothing when one id is none, or there is no id", function()
    local client, asked = deleting(function() end)
    local list = ids(150)
    list[150] = {}
    assert.matches("^ids%[150%]", select(2, client.image:batch_delete("app", list)).message)
    assert.equal("input", select(2, client.image:batch_delete("No", ids(1))).kind)
    assert.same({ deleted = {}, failures = {} }, client.image:batch_delete("app", {}))
    assert.equal(0, #asked)
  end)
end)

describe("image:get_for_deployment", function()
  it("gives the image gated, and a reference pinned by what was gated", function()
    local client = ecr.mock():with_image("app", { tags = { "v1" }, scan = {} }):client{}
    local got = assert(client.image:get_for_deployment("app", "v1"))
    assert.is_true(got.passed)
    assert.equal("123456789012.dkr.ecr.us-east-1.amazonaws.com", got.registry_uri)
    assert.equal(got.registry_uri .. "/app@" .. got.verdict.digest, got.reference)
    assert.equal(got.image.image_digest, got.verdict.digest)
  end)

  it("does not pass what the gate does not", function()
    local client = ecr.mock():with_image("app", { tags = { "v1" }, scan = { findings = {
      { id = "CVE-1", severity = "HIGH" } } } }):client{}
    assert.is_false(client.image:get_for_deployment("app", "v1", { thresholds = { HIGH = 0 } }).passed)
    assert.equal("not_found", select(2, client.image:get_for_deployment("app", "gone")).kind)
    assert.equal("input", select(2, client.image:get_for_deployment("app", "v1", { treshold = 1 })).kind)
  end)
end)
