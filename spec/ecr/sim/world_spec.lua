-- SPDX-License-Identifier: MIT
local faults = require "ecr.sim.faults"
local world = require "ecr.sim.world"

local function image(digest)
  return { digest = digest, text = "{}", media_type = "x", size = 1, pushed_at = 0 }
end

describe("the simulated world", function()
  local state, registry, repository

  before_each(function()
    state = world.new{ faults = faults.new() }
    registry = state:registry("123456789012", "us-east-1")
    repository = world.add_repository(registry, "team/app", { created_at = 5 })
  end)

  it("starts with the year 2026 and moves both clocks together", function()
    assert.same({ mono = 0, wall = 1767225600 }, state.clock)
    state:advance_to(2.5)
    assert.same({ mono = 2.5, wall = 1767225602.5 }, state.clock)
  end)

  it("never moves the clock back", function()
    state:advance_to(3)
    state:advance_to(1)
    assert.equal(3, state.clock.mono)
  end)

  it("keeps accounts and regions apart", function()
    assert.is_nil(state:registry("123456789012", "eu-west-1").repositories["team/app"])
    assert.is_nil(state:registry("210987654321", "us-east-1").repositories["team/app"])
    assert.equal(repository, state:registry("123456789012", "us-east-1").repositories["team/app"])
  end)

  it("writes ARNs and hosts in the region's partition", function()
    assert.equal("arn:aws:ecr:us-east-1:123456789012:repository/team/app", repository.arn)
    assert.equal("123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app", repository.uri)
    local other = world.add_repository(state:registry("123456789012", "cn-north-1"), "app",
      { created_at = 0 })
    assert.equal("arn:aws-cn:ecr:cn-north-1:123456789012:repository/app", other.arn)
    assert.equal("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app", other.uri)
  end)

  it("takes a tag from the image that had it", function()
    world.add_image(repository, image("sha256:aa"))
    world.add_image(repository, image("sha256:bb"))
    world.set_tag(repository, "v1", "sha256:aa")
    world.set_tag(repository, "v1", "sha256:bb")
    assert.same({}, repository.images["sha256:aa"].tags)
    assert.same({ "v1" }, repository.images["sha256:bb"].tags)
  end)

  it("finds an image by tag, by digest, and by both when they agree", function()
    local stored = world.add_image(repository, image("sha256:aa"))
    world.set_tag(repository, "v1", "sha256:aa")
    assert.equal(stored, world.find_image(repository, { image_tag = "v1" }))
    assert.equal(stored, world.find_image(repository, { image_digest = "sha256:aa" }))
    assert.equal(stored, world.find_image(repository, { image_tag = "v1",
      image_digest = "sha256:aa" }))
  end)

  it("says why it finds none", function()
    world.add_image(repository, image("sha256:aa"))
    assert.equal("ImageNotFound", select(2, world.find_image(repository, { image_tag = "v1" })))
    assert.equal("ImageTagDoesNotMatchDigest",
      select(2, world.find_image(repository, { image_tag = "v1", image_digest = "sha256:aa" })))
  end)

  it("lets tags move by mutability and its exclusions", function()
    local filters = { { filter_type = "WILDCARD", filter = "dev-*" } }
    local function movable(mutability, tag)
      return world.is_movable({ tag_mutability = mutability, exclusion_filters = filters }, tag)
    end
    assert.is_true(movable("IMMUTABLE_WITH_EXCLUSION", "dev-1"))
    assert.is_false(movable("IMMUTABLE_WITH_EXCLUSION", "v1"))
    assert.is_false(movable("MUTABLE_WITH_EXCLUSION", "dev-1"))
    assert.is_true(movable("MUTABLE_WITH_EXCLUSION", "v1.dev-1"))
  end)
end)
