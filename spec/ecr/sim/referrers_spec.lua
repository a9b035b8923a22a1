-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"
local core = require "ecr.core"

local ask = asking.ask
local SUBJECT = "sha256:" .. ("a"):rep(64)
local IMAGE = "application/vnd.oci.image.manifest.v1+json"
local CONFIG = "application/vnd.oci.image.config.v1+json"
local EMPTY = "application/vnd.oci.empty.v1+json"

--- An artifact's manifest as the OCI image specification has it; `more` are members of it.
local function artifact(seed, config, more)
  return ('{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":2},"layers":[]%s}')
    :format(IMAGE, config, core.digest(seed), more)
end

local function referring(seed, artifact_type, more)
  return artifact(seed, artifact_type and EMPTY or CONFIG, (',"subject":{"mediaType":"%s","digest":"%s","size":7}')
    :format(IMAGE, SUBJECT) .. (artifact_type and ',"artifactType":"' .. artifact_type .. '"' or "") .. (more or ""))
end

local function world(...)
  local transport = asking.open{ repositories = { { name = "app" } } }
  for _, text in ipairs{ ... } do
    assert(ask(transport, "PutImage", { repository_name = "app", image_manifest = text }))
  end
  return transport
end

local function list(transport, input)
  input = input or {}
  input.repository_name, input.subject_id = "app", input.subject_id or { image_digest = SUBJECT }
  return ask(transport, "ListImageReferrers", input)
end

describe("ListImageReferrers", function()
  it("tells what was pushed with the image as its subject", function()
    local text = referring("one", "text/sbom", ',"annotations":{"by":"a builder"}')
    assert.same({ referrers = { { digest = core.digest(text), media_type = IMAGE, size = #text,
      artifact_type = "text/sbom", annotations = { by = "a builder" }, artifact_status = "ACTIVE" } } },
      list(world(text, artifact("two", CONFIG, ""))))
  end)

  it("takes the configuration's type for an artifact that names none", function()
    assert.equal(CONFIG, list(world(referring("one"))).referrers[1].artifact_type)
  end)

  it("gives those of the types that are asked for", function()
    local transport = world(referring("one", "text/sbom"), referring("two", "text/sig"), referring("three", "text/x"))
    local function count(filter) return #list(transport, { filter = filter }).referrers end
    assert.equal(3, count{})
    assert.equal(1, count{ artifact_types = { "text/sig" } })
    assert.equal(2, count{ artifact_types = { "text/sig", "text/sbom" } })
    assert.equal(3, count{ artifact_types = {}, artifact_status = "ANY" })
    assert.equal(0, count{ artifact_status = "ARCHIVED" })
  end)

  it("gives pages of 50, or of what is asked for, each referrer once", function()
    local texts = {}
    for i = 1, 70 do texts[i] = referring("seed " .. i, "text/sbom") end
    local transport = world(table.unpack(texts))
    local first = list(transport)
    local second = list(transport, { next_token = first.next_token })
    assert.same({ 50, 20 }, { #first.referrers, #second.referrers })
    assert.is_nil(second.next_token)
    local seen = {}
    for _, each in ipairs(first.referrers) do seen[each.digest] = true end
    for _, each in ipairs(second.referrers) do assert.is_nil(seen[each.digest]) end
    assert.equal(3, #list(transport, { max_results = 3 }).referrers)
  end)

  it("refuses the token of another image's list", function()
    local transport = world(referring("one", "a/b"), referring("two", "a/b"))
    local token = list(transport, { max_results = 1 }).next_token
    assert.equal("InvalidParameterException", select(2, list(transport, { next_token = token,
      subject_id = { image_digest = "sha256:" .. ("b"):rep(64) } })).code)
  end)

  it("gives none for an image that has none, or is not there", function()
    assert.same({ referrers = {} }, list(world(artifact("one", CONFIG, ""))))
  end)

  it("needs its repository", function()
    assert.equal("RepositoryNotFoundException", select(2, list(asking.open{})).code)
  end)
end)

describe("DescribeImages", function()
  it("tells the subject of an artifact", function()
    local transport = world(referring("one", "text/sbom"))
    assert.equal(SUBJECT,
      ask(transport, "DescribeImages", { repository_name = "app" }).image_details[1].subject_manifest_digest)
  end)
end)
