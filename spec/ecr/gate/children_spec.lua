-- SPDX-License-Identifier: MIT
-- Which children of an index are gated. Attestations: the OCI image specification's artifact types and
-- BuildKit's "image attestation storage" (layers of in-toto statements).
local cjson = require "cjson"
local core = require "ecr.core"
local ecr = require "ecr"

local INDEX = "application/vnd.oci.image.index.v1+json"
local IMAGE = "application/vnd.oci.image.manifest.v1+json"
local CONFIG = "application/vnd.oci.image.config.v1+json"
local LAYER, IN_TOTO = "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.in-toto+json"

local function descriptor(media_type, text, more)
  local made = { mediaType = media_type, digest = core.digest(text), size = #text }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function image_text(layer_type, seed, more)
  local document = { schemaVersion = 2, mediaType = IMAGE, config = descriptor(CONFIG, "config " .. seed),
    layers = { descriptor(layer_type, "layer " .. seed) } }
  for key, value in pairs(more or {}) do document[key] = value end
  return cjson.encode(document)
end

--- A registry, and a function that pushes a manifest.
local function registry()
  local mock = ecr.mock():with_repository{ name = "app" }:with_latency_injection{ seconds = 0 }
  local client = assert(mock:client{})
  return client, mock, function(text, tag)
    assert(client:call("PutImage", { repository_name = "app", image_manifest = text, image_tag = tag,
      image_manifest_media_type = text:find('"manifests"', 1, true) and INDEX or IMAGE }))
    return text
  end
end

local function index_of(entries)
  return cjson.encode{ schemaVersion = 2, mediaType = INDEX, manifests = entries }
end

local AMD64 = { platform = { os = "linux", architecture = "amd64" } }
local UNKNOWN = { platform = { os = "unknown", architecture = "unknown" } }

describe("a child of an index", function()
  it("that is an attestation is left out, however it is labelled", function()
    for _, label in ipairs{ UNKNOWN, AMD64, {}, { annotations = { ["vnd.docker.reference.type"] = "x" } } } do
      local client, _, push = registry()
      local image, statement = push(image_text(LAYER, "a")), push(image_text(IN_TOTO, "b"))
      push(index_of{ descriptor(IMAGE, image, AMD64), descriptor(IMAGE, statement, label) }, "v1")
      local verdict = assert(ecr.gate(client, "app:v1"))
      assert.equal("pass", verdict.verdict)
      assert.equal(core.digest(image), verdict.targets[1].digest)
      assert.equal(1, #verdict.targets)
      assert.equal(core.digest(statement), verdict.skipped[1].digest)
    end
  end)

  it("that is an image is gated, however it is labelled", function()
    for _, more in ipairs{ {}, { artifactType = IN_TOTO } } do
      local client, _, push = registry()
      local image = push(image_text(LAYER, "a", more))
      push(index_of{ descriptor(IMAGE, image, { platform = UNKNOWN.platform,
        annotations = { ["vnd.docker.reference.type"] = "attestation-manifest" } }) }, "v1")
      local verdict = assert(ecr.gate(client, "app:v1"))
      assert.equal(1, #verdict.targets)
      assert.same({}, verdict.skipped)
    end
  end)

  it("that is an index is opened, whatever the index above calls it", function()
    local client, _, push = registry()
    local image = push(image_text(LAYER, "a"))
    local inner = push(index_of{ descriptor(IMAGE, image, AMD64) })
    push(index_of{ descriptor(IMAGE, inner, AMD64) }, "v1")
    local verdict = assert(ecr.gate(client, "app:v1"))
    assert.equal("pass", verdict.verdict)
    assert.equal(core.digest(image), verdict.targets[1].digest)
    assert.equal("linux/amd64", verdict.targets[1].platform)
  end)

  it("is named by its platform, with the variant where there is one", function()
    for text, platform in pairs{ ["linux/amd64"] = { os = "linux", architecture = "amd64", variant = "" },
      ["linux/arm/v7"] = { os = "linux", architecture = "arm", variant = "v7" } } do
      local client, _, push = registry()
      push(index_of{ descriptor(IMAGE, push(image_text(LAYER, "a")), { platform = platform }) }, "v1")
      assert.equal(text, assert(ecr.gate(client, "app:v1")).targets[1].platform)
    end
  end)

  it("that is named twice is gated once", function()
    local client, _, push = registry()
    local image = push(image_text(LAYER, "a"))
    push(index_of{ descriptor(IMAGE, image, AMD64), descriptor(IMAGE, image, { platform = { os = "linux",
      architecture = "arm64", variant = "v8" } }) }, "v1")
    assert.equal(1, #assert(ecr.gate(client, "app:v1")).targets)
  end)

  it("whose manifest cannot be had is gated all the same", function()
    local client, _, push = registry()
    local image = push(image_text(LAYER, "a"))
    push(index_of{ descriptor(IMAGE, image, UNKNOWN) }, "v1")
    client.image.batch_get = function() return { images = {}, failures = { { image_id = {},
      failure_code = "ImageInaccessible" } } } end
    client.image.get = getmetatable(client.image).__index.get
    client.manifest.get_list = function() return { kind = "index", digest = "sha256:0", manifests = {
      { digest = core.digest(image) } } } end
    local verdict = assert(ecr.gate(client, "app:v1"))
    assert.equal(1, #verdict.targets)
    assert.is_nil(verdict.targets[1].platform)
  end)

  it("whose bytes are not what its digest says ends the gate", function()
    local client, _, push = registry()
    local image = push(image_text(LAYER, "a"))
    push(index_of{ descriptor(IMAGE, image, AMD64) }, "v1")
    local get = client.image.batch_get
    client.image.batch_get = function(...)
      local got = assert(get(...))
      for _, each in ipairs(got.images) do
        if each.image_manifest == image then each.image_manifest = image_text(IN_TOTO, "evil") end
      end
      return got
    end
    local verdict = assert(ecr.gate(client, "app:v1"))
    assert.equal("error", verdict.verdict)
    assert.equal("integrity", verdict.error.kind)
  end)
end)

describe("an index", function()
  local function nested(levels)
    local client, _, push = registry()
    local text = push(image_text(LAYER, "a"))
    for level = 1, levels do
      text = push(index_of{ descriptor(level == 1 and IMAGE or INDEX, text, AMD64) }, level == levels and "v1" or nil)
    end
    return assert(ecr.gate(client, "app:v1"))
  end

  it("may stand in an index in an index in an index, no deeper", function()
    assert.equal("pass", nested(4).verdict)
    local verdict = nested(5)
    assert.equal("error", verdict.verdict)
    assert.matches("nested more than 4 deep", verdict.reason)
  end)

  it("of five hundred images is gated, of one more is refused", function()
    for _, count in ipairs{ 500, 501 } do
      local client, _, push = registry()
      local entries = {}
      for i = 1, count do entries[i] = descriptor(IMAGE, push(image_text(LAYER, "image " .. i)), AMD64) end
      push(index_of(entries), "v1")
      local verdict = assert(ecr.gate(client, "app:v1"))
      assert.equal(count == 500 and "pass" or "error", verdict.verdict)
      assert.equal(count == 500 and 500 or 0, #verdict.targets)
      if count > 500 then assert.matches("more than 500", verdict.reason) end
    end
  end)

  it("is known as one also where the registry does not say its media type", function()
    local client, _, push = registry()
    local image = push(image_text(LAYER, "a"), "plain")
    push(index_of{ descriptor(IMAGE, image, AMD64) }, "v1")
    local describe = client.image.describe
    client.image.describe = function(...)
      local detail = assert(describe(...))
      detail.image_manifest_media_type = nil
      return detail
    end
    assert.is_true(assert(ecr.gate(client, "app:v1")).index)
    assert.is_false(assert(ecr.gate(client, "app:plain")).index)
  end)

  it("with a child that has no digest is refused", function()
    local client, _, push = registry()
    push(index_of{ { mediaType = IMAGE, size = 1 } }, "v1")
    assert.matches("manifests%[1%]: digest is missing", assert(ecr.gate(client, "app:v1")).reason)
  end)
end)
