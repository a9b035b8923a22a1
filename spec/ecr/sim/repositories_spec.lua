-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"

local ask = asking.ask

local function manifest(config)
  return ('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":'
    .. '"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":2},"layers":[]}'):format(config:rep(64))
end

local function push(transport, config, tag)
  return ask(transport, "PutImage", { repository_name = "app", image_manifest = manifest(config), image_tag = tag })
end

describe("PutImageTagMutability", function()
  local function set(transport, mutability, filters)
    return ask(transport, "PutImageTagMutability", { repository_name = "app", image_tag_mutability = mutability,
      image_tag_mutability_exclusion_filters = filters })
  end

  it("holds for the pushes after it", function()
    local transport = asking.open{ repositories = { { name = "app", images = { { tags = { "v1" } } } } } }
    assert.same({ registry_id = "123456789012", repository_name = "app", image_tag_mutability = "IMMUTABLE" },
      set(transport, "IMMUTABLE"))
    assert.equal("ImageTagAlreadyExistsException", select(2, push(transport, "a", "v1")).code)
    set(transport, "MUTABLE")
    assert(push(transport, "a", "v1"))
  end)

  it("takes exceptions, which go with the next setting", function()
    local transport = asking.open{ repositories = { { name = "app", images = { { tags = { "latest", "v1" } } } } } }
    local filters = { { filter_type = "WILDCARD", filter = "lat*" } }
    assert.same(filters, set(transport, "IMMUTABLE_WITH_EXCLUSION", filters).image_tag_mutability_exclusion_filters)
    assert(push(transport, "a", "latest"))
    assert.equal("ImageTagAlreadyExistsException", select(2, push(transport, "a", "v1")).code)
    set(transport, "IMMUTABLE")
    assert.equal("ImageTagAlreadyExistsException", select(2, push(transport, "b", "latest")).code)
  end)

  it("is what DescribeRepositories tells then", function()
    local transport = asking.open{ repositories = { { name = "app" } } }
    set(transport, "IMMUTABLE")
    assert.equal("IMMUTABLE", ask(transport, "DescribeRepositories").repositories[1].image_tag_mutability)
  end)

  it("needs its repository", function()
    assert.equal("RepositoryNotFoundException", select(2, set(asking.open{}, "MUTABLE")).code)
  end)
end)
