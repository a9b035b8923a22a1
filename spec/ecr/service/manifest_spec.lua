-- SPDX-License-Identifier: MIT
-- Behaviour: BatchGetImage and ListImageReferrers in the Amazon ECR API Reference; the OCI image
-- specification. Configurations and layers are spec/ecr/service/blob_spec.lua's.
local answers = require "spec.support.answers"
local core = require "ecr.core"
local ecr = require "ecr"

local function client_of(image)
  image.tags = { "v1" }
  return ecr.mock():with_image("app", image):client{}
end

local MULTI = { index = { { platform = "linux/amd64" }, { platform = "linux/arm64/v8" }, { platform = "linux/arm/v7" },
  { attestation = true } } }

describe("manifest:get_manifest and get_list", function()
  it("give a manifest of which the bytes are verified", function()
    local manifest = assert(client_of({}).manifest:get_manifest("app:v1"))
    assert.equal("image", manifest.kind)
    assert.equal(2, manifest.document.schema_version)
    assert.equal(manifest.digest, core.digest(manifest.text))
    assert.equal(1, #manifest.layers)
  end)

  it("tell an index from an image, each with a code of its own", function()
    local index = client_of{ index = { {}, { platform = "linux/arm64" } } }
    assert.equal(2, #index.manifest:get_list("app:v1").manifests)
    local _, err = index.manifest:get_manifest("app:v1")
    assert.same({ "protocol", "is_an_index" }, { err.kind, err.code })
    assert.matches("application/vnd.oci.image.index.v1%+json", err.message)
    _, err = client_of({}).manifest:get_list("app:v1")
    assert.same({ "protocol", "not_an_index" }, { err.kind, err.code })
    assert.equal("index", index.manifest:read("app:v1").kind)
  end)

  it("refuse bytes that are not the digest's, once, whatever the service says", function()
    local client = client_of({})
    local asked = answers.put(client, { BatchGetImage = function(input)
      return { images = { { image_id = input.image_ids[1], image_manifest = "{}" } }, failures = {} }
    end })
    local manifest, err = client.manifest:get_manifest("app@sha256:" .. ("0"):rep(64))
    assert.is_nil(manifest)
    assert.same({ "integrity", "BatchGetImage", false }, { err.kind, err.operation, err.retryable })
    assert.equal(1, #asked)
  end)

  it("refuse another image than the one asked for by digest, however right its bytes are", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" } })
    local client = mock:with_image("app", { tags = { "v2" }, index = { {} } }):client{}
    local asked = client.image:describe("app:v1").image_digest
    local other = client.image:get("app:v2")
    client.image.get = function() return other end -- what a service does that mixes images up
    local manifest, err = client.manifest:get_manifest("app@" .. asked)
    assert.is_nil(manifest)
    assert.equal("integrity", err.kind)
  end)

  it("say not_found, and input for a name that is none", function()
    local client = client_of({})
    assert.equal("not_found", select(2, client.manifest:get_manifest("app:gone")).kind)
    assert.equal("input", select(2, client.manifest:get_manifest("App")).kind)
  end)
end)

describe("manifest:get_platform_manifest", function()
  it("gives the image for a platform, its names normalised", function()
    local client = client_of(MULTI)
    local index = client.manifest:get_list("app:v1")
    for wanted, position in pairs{ ["linux/amd64"] = 1, ["linux/x86_64"] = 1, ["linux/arm64"] = 2,
      ["linux/arm64/v8"] = 2,
      ["linux/aarch64"] = 2, ["linux/arm/v7"] = 3, ["linux/armhf"] = 3, ["linux/amd64/v3"] = 1 } do
      local got = assert(client.manifest:get_platform_manifest("app:v1", wanted), wanted)
      assert.equal(index.manifests[position].digest, got.digest, wanted)
    end
    assert(client.manifest:get_platform_manifest("app", { tag = "v1" }, { os = "linux", architecture = "arm64",
      variant = "v8" }))
  end)

  it("says what there is when there is none, and never gives an attestation", function()
    local client = client_of(MULTI)
    for _, wanted in ipairs{ "linux/s390x", "windows/amd64", "unknown/unknown", "linux/arm/v6" } do
      local got, err = client.manifest:get_platform_manifest("app:v1", wanted)
      assert.is_nil(got, wanted)
      assert.same({ "not_found", "platform" }, { err.kind, err.code })
      assert.matches("it has linux/amd64, linux/arm64, linux/arm/v7", err.message)
    end
    assert.equal("input", select(2, client.manifest:get_platform_manifest("app:v1", "linux")).kind)
  end)

  it("lets another architecture stand in only when told to", function()
    local client = client_of{ index = { { platform = "linux/arm/v7" }, { platform = "linux/386" } } }
    assert.is_nil(client.manifest:get_platform_manifest("app:v1", "linux/arm64"))
    assert(client.manifest:get_platform_manifest("app:v1", "linux/arm64", { match = "any" }))
    assert.is_nil(client.manifest:get_platform_manifest("app:v1", "linux/arm/v8", { match = "exact" }))
    assert(client.manifest:get_platform_manifest("app:v1", "linux/arm/v8"))
  end)

  it("looks into indexes in the index", function()
    local client = client_of{ index = { { platform = "linux/amd64" }, { index = { { platform = "linux/s390x" } } } } }
    assert(client.manifest:get_platform_manifest("app:v1", "linux/s390x"))
    assert.is_nil(client.manifest:get_platform_manifest("app:v1", "linux/riscv64"))
  end)
end)

describe("manifest:referrers", function()
  local REFERRER = { digest = "sha256:" .. ("1"):rep(64), media_type = "application/vnd.oci.image.manifest.v1+json",
    size = 5, artifact_type = "application/spdx+json" }

  it("gives all of them, page after page, fifty a page", function()
    local client = client_of({})
    local asked = answers.put(client, { ListImageReferrers = function(input)
      return { referrers = { REFERRER }, next_token = not input.next_token and "more" or nil }
    end })
    assert.equal(2, #assert(client.manifest:referrers("app:v1", nil, { artifact_types = { "application/spdx+json" } })))
    local input = asked[2][2]
    assert.same({ 50, { artifact_types = { "application/spdx+json" } } }, { input.max_results, input.filter })
    assert.matches("^sha256:%x+$", input.subject_id.image_digest)
  end)
end)
