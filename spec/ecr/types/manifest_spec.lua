-- SPDX-License-Identifier: MIT
-- Manifests by the OCI image specification and Docker's manifest version 2, schema 2; attestations by
-- BuildKit's "image attestation storage". The published manifests are those of spec/fixtures/digests.lua.
local cjson = require "cjson"
local core = require "ecr.core"
local manifest = require "ecr.types.manifest"
local platform = require "ecr.types.platform"

local INDEX = "application/vnd.oci.image.index.v1+json"
local IMAGE = "application/vnd.oci.image.manifest.v1+json"
local DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
local LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
local LAYER, IN_TOTO = "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.in-toto+json"
local CONFIG = "application/vnd.oci.image.config.v1+json"

local function descriptor(media_type, more)
  local made = { mediaType = media_type, digest = "sha256:" .. ("a"):rep(64), size = 3 }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function document(more)
  local made = { schemaVersion = 2, mediaType = IMAGE, config = descriptor(CONFIG), layers = { descriptor(LAYER) } }
  for key, value in pairs(more or {}) do made[key] = value ~= cjson.null and value or nil end
  return made
end

local function index(entries, more)
  local made = { schemaVersion = 2, mediaType = INDEX, manifests = entries }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function read(value, media_type)
  local text = type(value) == "string" and value or cjson.encode(value)
  return manifest.read(text, core.digest(text), media_type)
end

describe("a manifest", function()
  it("is read from the exact bytes, which it keeps", function()
    for _, row in ipairs(dofile("spec/fixtures/digests.lua")) do
      local parsed = manifest.parse{ image_manifest = row.text, image_id = { image_digest = row.sha256 } }
      if parsed then assert.equal(row.text, parsed.text) end
      local other, err = manifest.parse{ image_manifest = row.text .. "\n", image_id = { image_digest = row.sha256 } }
      assert.is_nil(other)
      assert.equal("integrity", err.kind)
      assert.is_false(err.retryable)
    end
  end)

  it("of an image has configuration, layers, annotations and size", function()
    local got = assert(read(document{ annotations = { a = "b" }, layers = { descriptor(LAYER), descriptor(LAYER) } }))
    assert.same({ "image", IMAGE, 2, "b", 9 }, { got.kind, got.media_type, #got.layers, got.annotations.a, got:size() })
    assert.matches("^sha256:%x+ %(2 layers, 9 bytes%)$", tostring(got))
    assert.equal("image", assert(read(document{ mediaType = DOCKER })).kind)
  end)

  it("of an index has its entries and their platforms", function()
    local got = assert(read(index{ descriptor(IMAGE, { platform = { os = "linux", architecture = "x86_64" } }),
      descriptor(IMAGE, { platform = { os = "unknown", architecture = "unknown" } }), descriptor(IMAGE) }))
    assert.same({ "index", 3 }, { got.kind, #got.manifests })
    assert.same({ "linux/amd64" }, got:platforms())
    assert.equal(got.manifests[1], got:find(platform.read("linux/amd64")))
    assert.is_nil(got:find(platform.read("linux/arm64")))
    assert.matches("%(index of 3: linux/amd64%)$", tostring(got))
    assert.equal("index", assert(read(index({ descriptor(IMAGE) }, { mediaType = LIST }))).kind)
    assert.same({}, assert(read('{"schemaVersion":2,"manifests":[]}')).manifests)
  end)

  it("without a type is told by what it has, or by what the registry calls it", function()
    assert.equal("image", assert(read(document{ mediaType = cjson.null })).kind)
    assert.equal(IMAGE, assert(read(document{ mediaType = cjson.null })).media_type)
    assert.equal(DOCKER, assert(read(document{ mediaType = cjson.null }, DOCKER)).media_type)
    assert.equal("index", assert(read{ schemaVersion = 2, manifests = { descriptor(IMAGE) } }).kind)
  end)

  it("of an artifact has its type and subject", function()
    local got = assert(read(document{ artifactType = "application/spdx+json", subject = descriptor(IMAGE),
      config = descriptor("application/vnd.oci.empty.v1+json") }))
    assert.equal("application/spdx+json", got.artifact_type)
    assert.equal(IMAGE, got.subject.media_type)
  end)

  -- what is wrong, the bytes or document, the registry's type, the code, what the message says
  local wrong = {
    { "schema 1", '{"schemaVersion":1,"fsLayers":[],"name":"a"}', nil, "schema1", "obsolete" },
    { "schema 1 by its type", document(), "application/vnd.docker.distribution.manifest.v1+json", "schema1" },
    { "a type nobody knows", document{ mediaType = "application/x" }, nil, "media_type", "application/x" },
    { "neither one nor the other", '{"schemaVersion":2}', nil, "media_type", "%(none%)" },
    { "index and image at once", document{ manifests = { descriptor(IMAGE) } }, nil, "manifest", "at once" },
    { "an index called an image", index({ descriptor(IMAGE) }, { mediaType = IMAGE }), nil, "manifest", "is not" },
    { "an image that the registry calls an index", document(), INDEX, "manifest", "its content is not" },
    { "another schema version", document{ schemaVersion = 3 }, nil, "manifest", "schemaVersion" },
    { "no schema version", document{ schemaVersion = cjson.null }, nil, "manifest", "schemaVersion" },
    { "a layer without digest", document{ layers = { { mediaType = LAYER, size = 1 } } }, nil, "manifest",
      "layers%[1%]: digest" },
    { "a layer without size", document{ layers = { { mediaType = LAYER, digest = "sha256:" .. ("a"):rep(64) } } },
      nil, "manifest", "layers%[1%]: size" },
    { "a negative size", document{ config = descriptor(CONFIG, { size = -1 }) }, nil, "manifest", "a negative" },
    { "a digest of the wrong length", document{ layers = { descriptor(LAYER, { digest = "sha256:abc" }) } }, nil,
      "manifest", "64 digits" },
    { "a subject that is none", document{ subject = { size = 1 } }, nil, "manifest", "subject: digest" },
    { "a wrong type", '{"schemaVersion":2,"layers":{}}', nil, "manifest", "cannot be read" },
    { "a list", "[]", nil, "manifest", "cannot be read" },
    { "a size that is no integer", '{"schemaVersion":2,"config":{"size":1e99}}', nil, "manifest", "cannot be read" },
    { "two of a key", '{"schemaVersion":2,"schemaVersion":2}', nil, "manifest", "cannot be read" },
    { "bad UTF-8", '{"a":"\xff"}', nil, "manifest", "cannot be read" },
    { "bytes behind it", "{}{}", nil, "manifest", "cannot be read" },
    { "a thousand levels", ("["):rep(1000) .. ("]"):rep(1000), nil, "manifest", "cannot be read" },
    { "nothing", "", nil, "manifest", "cannot be read" },
    { "more than 4 MiB", '{"a":"' .. ("x"):rep(4 * 1024 * 1024) .. '"}', nil, "too_large", "4194304" },
  }
  for _, row in ipairs(wrong) do
    it("is refused for " .. row[1], function()
      local got, err = read(row[2], row[3])
      assert.is_nil(got)
      assert.same({ "protocol", row[4] }, { err.kind, err.code }, err.message)
      if row[5] then assert.matches(row[5], err.message) end
      assert.is_false(err.retryable)
    end)
  end

  it("is refused when it did not come, or came without a digest", function()
    for _, image in ipairs{ {}, { image_manifest = "{}" }, { image_manifest = "{}", image_id = {} } } do
      assert.equal("protocol", select(2, manifest.parse(image)).kind)
    end
  end)
end)

describe("what is an attestation", function()
  local function is_attestation(layers, artifact_type)
    local made = { schemaVersion = 2, mediaType = IMAGE, artifactType = artifact_type }
    local parts = {}
    for i, media_type in ipairs(layers) do parts[i] = cjson.encode(descriptor(media_type)) end
    local text = cjson.encode(made):sub(1, -2) .. ',"config":' .. cjson.encode(descriptor(CONFIG)) .. ',"layers":['
      .. table.concat(parts, ",") .. "]}"
    return assert(read(text)):is_attestation()
  end

  it("is told by its layers or its artifact type", function()
    assert.is_true(is_attestation{ IN_TOTO, IN_TOTO })
    assert.is_true(is_attestation({}, IN_TOTO))
    assert.is_true(is_attestation({ "application/x" }, IN_TOTO))
  end)

  it("is never something with a layer that could be unpacked", function()
    assert.is_false(is_attestation{ IN_TOTO, LAYER })
    assert.is_false(is_attestation({ LAYER }, IN_TOTO))
    assert.is_false(is_attestation({ "application/vnd.docker.image.rootfs.diff.tar.gzip" }, IN_TOTO))
    assert.is_false(is_attestation{})
  end)
end)
