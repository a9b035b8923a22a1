-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local manifest = require "ecr.sim.manifest"

local IN_TOTO = "application/vnd.in-toto+json"

--- The digest as coreutils computes it.
local function sha256sum(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local pipe = assert(io.popen("sha256sum " .. path))
  local hex = pipe:read("a"):match("^%x+")
  pipe:close()
  os.remove(path)
  return "sha256:" .. hex
end

local function image(seed, platform, size)
  return manifest.image{ seed = seed, platform = platform or "linux/amd64", size = size or 5000 }
end

describe("a simulated manifest", function()
  it("has the digest of its bytes", function()
    local made = image("app:v1")
    assert.equal(sha256sum(made.text), made.digest)
    local index = manifest.index{ { image = made } }
    assert.equal(sha256sum(index.text), index.digest)
  end)

  it("is the same for the same seed and different for another", function()
    assert.equal(image("app:v1").digest, image("app:v1").digest)
    assert.not_equal(image("app:v1").digest, image("app:v2").digest)
  end)

  it("states the true digests and sizes of the blobs that come with it", function()
    local layers = { { content = "one" }, { content = "two\n", media_type = "text/plain" } }
    local made = manifest.image{ seed = "a", platform = "linux/amd64", size = 5000, layers = layers }
    local document = cjson.decode(made.text)
    assert.equal(5000, made.size)
    assert.equal(3, #made.contents)
    for i, content in ipairs(made.contents) do
      local descriptor = i == 1 and document.config or document.layers[i - 1]
      assert.same({ sha256sum(content), #content }, { descriptor.digest, descriptor.size })
    end
    assert.same({ "one", "two\n" }, { made.contents[2], made.contents[3] })
    assert.equal("text/plain", document.layers[2].mediaType)
    assert.equal("linux", cjson.decode(made.contents[1]).os)
    assert.equal(document.layers[2].digest, made.layer)
  end)

  it("lists the platforms of an index with their variants", function()
    local document = cjson.decode(manifest.index{
      { image = image("a", "linux/amd64") }, { image = image("b", "linux/arm64/v8") },
    }.text)
    assert.same({ os = "linux", architecture = "amd64" }, document.manifests[1].platform)
    assert.same({ os = "linux", architecture = "arm64", variant = "v8" },
      document.manifests[2].platform)
  end)

  it("states the true length of each child", function()
    local child = image("a")
    local document = cjson.decode(manifest.index{ { image = child } }.text)
    assert.equal(#child.text, document.manifests[1].size)
    assert.equal(child.digest, document.manifests[1].digest)
  end)

  it("gives an index the size of its largest child", function()
    local index = manifest.index{ { image = image("a", nil, 7000) }, { image = image("b", nil,
      9000) } }
    assert.equal(9000, index.size)
  end)

  it("makes attestations of in-toto layers alone", function()
    for _, layer in ipairs(cjson.decode(manifest.attestation("a").text).layers) do
      assert.equal(IN_TOTO, layer.mediaType)
    end
  end)

  it("lists an attestation for an unknown platform, with what it attests", function()
    local subject = image("a")
    local document = cjson.decode(manifest.index{
      { image = subject }, { image = manifest.attestation("b"), attests = subject.digest },
    }.text)
    assert.same({ os = "unknown", architecture = "unknown" }, document.manifests[2].platform)
    assert.same({ ["vnd.docker.reference.type"] = "attestation-manifest",
      ["vnd.docker.reference.digest"] = subject.digest }, document.manifests[2].annotations)
  end)
end)
