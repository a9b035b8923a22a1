-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"
local core = require "ecr.core"
local digests = require "spec.fixtures.digests"

local ask = asking.ask
local ABSENT = "sha256:" .. ("0"):rep(64)
local INDEX = "application/vnd.oci.image.index.v1+json"
local IMAGE = "application/vnd.oci.image.manifest.v1+json"

--- A published manifest and its digest.
local function published()
  for _, each in ipairs(digests) do
    if each.name == "published-docker-v2-manifest" then return each.text, each.sha256 end
  end
end

local function with_images(images, more)
  local parts = more or {}
  parts.repositories = { { name = "app", images = images, tag_mutability = parts.tag_mutability } }
  parts.tag_mutability = nil
  return asking.open(parts)
end

local function digest_of(transport, tag)
  return assert(ask(transport, "DescribeImages", { repository_name = "app",
    image_ids = { { image_tag = tag } } })).image_details[1].image_digest
end

--- A number of repositories or images, called x1, x2, ...
local function many(count, make)
  local list = {}
  for i = 1, count do list[i] = make("x" .. i) end
  return list
end

local function read_pages(transport, operation, input, key)
  local sizes, total = {}, {}
  repeat
    local output = assert(ask(transport, operation, input))
    sizes[#sizes + 1] = #output[key]
    table.move(output[key], 1, #output[key], #total + 1, total)
    input.next_token = output.next_token
  until not output.next_token
  return sizes, total
end

describe("DescribeRepositories", function()
  it("tells what a repository is", function()
    local output = ask(asking.open{ repositories = { { name = "app" } } }, "DescribeRepositories")
    assert.same({ repositories = { {
      repository_name = "app", registry_id = "123456789012", created_at = 1767225600.0,
      repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/app",
      repository_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app",
      image_tag_mutability = "MUTABLE", image_scanning_configuration = { scan_on_push = false },
      encryption_configuration = { encryption_type = "AES256" },
    } } }, output)
  end)

  it("gives pages of 100, or of what is asked for", function()
    local function open()
      return asking.open{ repositories = many(120, function(name) return { name = name } end) }
    end
    assert.same({ 100, 20 }, (read_pages(open(), "DescribeRepositories", {}, "repositories")))
    assert.same({ 50, 50, 20 },
      (read_pages(open(), "DescribeRepositories", { max_results = 50 }, "repositories")))
  end)

  it("fails as a whole for one unknown name", function()
    local output, fault = ask(asking.open{ repositories = { { name = "app" } } },
      "DescribeRepositories",
      { repository_names = { "app", "nope" } })
    assert.is_nil(output)
    assert.equal("RepositoryNotFoundException", fault.code)
    assert.equal("The repository with name 'nope' does not exist in the registry with id '123456789012'",
      fault.message)
  end)

  it("refuses pages together with names", function()
    local _, fault = ask(asking.open{ repositories = { { name = "app" } } }, "DescribeRepositories",
      { repository_names = { "app" }, max_results = 1 })
    assert.equal("InvalidParameterException", fault.code)
  end)

  it("refuses a token that is not its own", function()
    local _, fault = ask(asking.open{}, "DescribeRepositories", { next_token = "616263" })
    assert.equal("InvalidParameterException", fault.code)
  end)

  it("does not show another account's or region's", function()
    local transport = asking.open{ repositories = { { name = "app" } } }
    assert.same({}, ask(transport, "DescribeRepositories",
      { registry_id = "210987654321" }).repositories)
    assert.same({}, ask(transport, "DescribeRepositories", {},
      { region = "eu-west-1" }).repositories)
  end)
end)

describe("CreateRepository", function()
  it("makes a repository that is there afterwards", function()
    local transport = asking.open{}
    local made = ask(transport, "CreateRepository", { repository_name = "new",
      image_tag_mutability = "IMMUTABLE" }).repository
    assert.equal("IMMUTABLE", made.image_tag_mutability)
    assert.same({ made }, ask(transport, "DescribeRepositories").repositories)
  end)

  it("refuses a name that is taken, even for the same settings", function()
    local _, fault = ask(asking.open{ repositories = { { name = "app" } } }, "CreateRepository",
      { repository_name = "app" })
    assert.equal("RepositoryAlreadyExistsException", fault.code)
    assert.equal("The repository with name 'app' already exists in the registry with id '123456789012'",
      fault.message)
  end)
end)

describe("ListImages", function()
  it("gives one id for each tag, and the digest alone for an untagged image", function()
    local transport = with_images{ { tags = { "b", "a" } }, {} }
    local ids = ask(transport, "ListImages", { repository_name = "app" }).image_ids
    assert.equal(3, #ids)
    assert.same({ "a", "b" }, { ids[1].image_tag, ids[2].image_tag })
    assert.equal(ids[1].image_digest, ids[2].image_digest)
    assert.is_nil(ids[3].image_tag)
  end)

  it("filters by tag status and by image status", function()
    local transport = with_images{ { tags = { "a" } }, {} }
    local function count(filter)
      return #ask(transport, "ListImages", { repository_name = "app", filter = filter }).image_ids
    end
    assert.equal(1, count{ tag_status = "TAGGED" })
    assert.equal(1, count{ tag_status = "UNTAGGED" })
    assert.equal(2, count{ tag_status = "ANY", image_status = "ANY" })
    assert.equal(0, count{ image_status = "ARCHIVED" })
  end)

  it("gives every image once over its pages", function()
    local transport = with_images(many(230, function(name) return { tags = { name } } end))
    local sizes, ids = read_pages(transport, "ListImages", { repository_name = "app" }, "image_ids")
    local seen, distinct = {}, 0
    for _, id in ipairs(ids) do
      distinct = distinct + (seen[id.image_digest] and 0 or 1)
      seen[id.image_digest] = true
    end
    assert.same({ 100, 100, 30 }, sizes)
    assert.equal(230, distinct)
  end)
end)

describe("DescribeImages", function()
  it("tells what an image is", function()
    local transport = with_images{ { tags = { "b", "a" }, size = 5000, pushed_at = 1767000000 } }
    local detail = ask(transport, "DescribeImages", { repository_name = "app" }).image_details[1]
    assert.same({
      registry_id = "123456789012", repository_name = "app", image_digest = digest_of(transport,
        "a"),
      image_tags = { "a", "b" }, image_size_in_bytes = 5000, image_pushed_at = 1767000000,
      image_manifest_media_type = IMAGE, image_status = "ACTIVE",
      artifact_media_type = "application/vnd.oci.image.config.v1+json",
    }, detail)
  end)

  it("has no image_tags for an untagged image", function()
    local details = ask(with_images{ {} }, "DescribeImages",
      { repository_name = "app" }).image_details
    assert.is_nil(details[1].image_tags)
  end)

  it("gives an image once however often it is named", function()
    local transport = with_images{ { tags = { "a", "b" } } }
    local output = ask(transport, "DescribeImages", { repository_name = "app",
      image_ids = { { image_tag = "a" }, { image_tag = "b" } } })
    assert.equal(1, #output.image_details)
  end)

  it("fails as a whole for one unknown image", function()
    local _, fault = ask(with_images{ { tags = { "a" } } }, "DescribeImages",
      { repository_name = "app",
      image_ids = { { image_tag = "a" }, { image_digest = ABSENT, image_tag = "nope" } } })
    assert.equal("ImageNotFoundException", fault.code)
    assert.equal(("The image with imageId {imageDigest:'%s', imageTag:'nope'} does not exist within the "
      .. "repository with name 'app' in the registry with id '123456789012'"):format(ABSENT),
        fault.message)
  end)

  it("does not find an image by a tag and a digest that disagree", function()
    local transport = with_images{ { tags = { "a" } }, { tags = { "b" } } }
    local _, fault = ask(transport, "DescribeImages", { repository_name = "app",
      image_ids = { { image_tag = "a", image_digest = digest_of(transport, "b") } } })
    assert.equal("ImageNotFoundException", fault.code)
  end)

  it("refuses pages together with ids", function()
    local _, fault = ask(with_images{ { tags = { "a" } } }, "DescribeImages",
      { repository_name = "app",
      image_ids = { { image_tag = "a" } }, max_results = 1 })
    assert.equal("InvalidParameterException", fault.code)
  end)

  it("shows an index beside its images, as large as the largest", function()
    local transport = with_images{ { tags = { "multi" }, index = { { size = 6000 },
      { size = 8000 } } } }
    local details = ask(transport, "DescribeImages", { repository_name = "app" }).image_details
    assert.equal(3, #details)
    assert.equal(INDEX, details[3].image_manifest_media_type)
    assert.equal(8000, details[3].image_size_in_bytes)
  end)
end)

describe("BatchGetImage", function()
  local transport, digest

  before_each(function()
    transport = with_images{ { tags = { "v1" } }, { tags = { "v2" } } }
    digest = digest_of(transport, "v1")
  end)

  local function get(...)
    return ask(transport, "BatchGetImage", { repository_name = "app", image_ids = { ... } })
  end

  it("gives the text whose digest was asked for", function()
    local image = get{ image_digest = digest }.images[1]
    assert.equal(digest, core.digest(image.image_manifest))
    assert.equal(IMAGE, image.image_manifest_media_type)
  end)

  it("names the tag only when it was asked by tag", function()
    local output = get({ image_tag = "v1" }, { image_digest = digest })
    assert.same({ image_digest = digest, image_tag = "v1" }, output.images[1].image_id)
    assert.same({ image_digest = digest }, output.images[2].image_id)
  end)

  it("reports what is not there beside what is", function()
    local output = get({ image_tag = "v1" }, { image_tag = "nope" })
    assert.equal(1, #output.images)
    assert.same({ { image_id = { image_tag = "nope" }, failure_code = "ImageNotFound",
      failure_reason = "Requested image not found" } }, output.failures)
  end)

  it("has a code for each way in which an id can be wrong", function()
    local output = get({}, { image_digest = "md5" }, { image_tag = "v2", image_digest = digest })
    local codes = {}
    for i, failure in ipairs(output.failures) do codes[i] = failure.failure_code end
    assert.same({ "MissingDigestAndTag", "InvalidImageDigest", "ImageTagDoesNotMatchDigest" },
      codes)
    assert.equal("Invalid request parameters: both tag and digest cannot be null",
      output.failures[1].failure_reason)
  end)

  it("gives an empty list of failures when there is none", function()
    assert.same({}, get{ image_tag = "v1" }.failures)
  end)
end)

describe("PutImage", function()
  local text, digest = published()

  local function put(transport, input)
    input.repository_name = "app"
    return ask(transport, "PutImage", input)
  end

  it("stores a manifest under the digest of its bytes", function()
    local transport = with_images{}
    local image = put(transport, { image_manifest = text, image_tag = "v1" }).image
    assert.same({ image_digest = digest, image_tag = "v1" }, image.image_id)
    assert.equal(text, ask(transport, "BatchGetImage", { repository_name = "app",
      image_ids = { { image_tag = "v1" } } }).images[1].image_manifest)
  end)

  it("counts the layers and the configuration for the size", function()
    local transport = with_images{}
    put(transport, { image_manifest = text, image_tag = "v1" })
    local detail = ask(transport, "DescribeImages", { repository_name = "app" }).image_details[1]
    assert.equal(2777 + 17743696 + 2565026 + 28005981 + 775, detail.image_size_in_bytes)
    assert.equal("application/vnd.docker.container.image.v1+json", detail.artifact_media_type)
  end)

  it("moves a mutable tag and leaves the old image untagged", function()
    local transport = with_images{ { tags = { "v1" } } }
    local before = digest_of(transport, "v1")
    put(transport, { image_manifest = text, image_tag = "v1" })
    assert.equal(digest, digest_of(transport, "v1"))
    assert.is_nil(ask(transport, "DescribeImages", { repository_name = "app",
      image_ids = { { image_digest = before } } }).image_details[1].image_tags)
  end)

  it("leaves an immutable tag where it is, and stores nothing", function()
    local transport = with_images({ { tags = { "v1" } } }, { tag_mutability = "IMMUTABLE" })
    local before = digest_of(transport, "v1")
    local _, fault = put(transport, { image_manifest = text, image_tag = "v1" })
    assert.equal("ImageTagAlreadyExistsException", fault.code)
    assert.equal(before, digest_of(transport, "v1"))
    assert.equal(1, #ask(transport, "DescribeImages", { repository_name = "app" }).image_details)
  end)

  it("adds another tag to an image", function()
    local transport = with_images({}, { tag_mutability = "IMMUTABLE" })
    put(transport, { image_manifest = text, image_tag = "v1" })
    put(transport, { image_manifest = text, image_tag = "v2", image_digest = digest })
    assert.same({ "v1", "v2" }, ask(transport, "DescribeImages",
      { repository_name = "app" }).image_details[1].image_tags)
  end)

  it("says so when the image has the tag already", function()
    local transport = with_images{}
    put(transport, { image_manifest = text, image_tag = "v1" })
    local _, fault = put(transport, { image_manifest = text, image_tag = "v1" })
    assert.equal("ImageAlreadyExistsException", fault.code)
    assert.equal(("Image with digest '%s' and tag 'v1' already exists in the repository with name 'app' "
      .. "in registry with id '123456789012'"):format(digest), fault.message)
  end)

  it("refuses a digest that is not the text's", function()
    local _, fault = put(with_images{}, { image_manifest = text, image_digest = ABSENT })
    assert.equal("ImageDigestDoesNotMatchException", fault.code)
  end)

  it("refuses an index whose images are not there", function()
    local _, fault = put(with_images{}, { image_manifest = ('{"schemaVersion":2,"mediaType":"%s",'
      .. '"manifests":[{"mediaType":"%s","size":1,"digest":"%s"}]}'):format(INDEX, IMAGE, ABSENT) })
    assert.equal("ReferencedImagesNotFoundException", fault.code)
  end)

  it("needs a media type from the text or from the caller", function()
    local _, fault = put(with_images{}, { image_manifest = '{"schemaVersion":2}' })
    assert.equal("InvalidParameterException", fault.code)
    assert.is_table(put(with_images{}, { image_manifest = '{"schemaVersion":2}',
      image_manifest_media_type = IMAGE }))
  end)

  it("refuses what is no JSON", function()
    local _, fault = put(with_images{}, { image_manifest = "{", image_manifest_media_type = IMAGE })
    assert.equal("InvalidParameterException", fault.code)
  end)
end)

describe("the simulator", function()
  it("says which operations it does not know", function()
    local event = asking.event(asking.open{}, "GetRegistryPolicy")
    assert.equal(501, event.status)
    assert.equal("NotSimulated", event.fault.code)
    assert.equal("the simulator does not know GetRegistryPolicy yet", event.fault.message)
  end)

  it("does not take ECR Public's operations for its own", function()
    assert.equal(501, asking.event(asking.open{}, "DescribeRegistry", {},
      { service = "ecr-public" }).status)
  end)
end)
