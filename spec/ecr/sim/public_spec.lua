-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"
local ecr = require "ecr"

local function ask(transport, operation, input, region)
  return asking.ask(transport, operation, input, { service = "ecr-public", region = region })
end

local function world()
  return asking.open{ region = "eu-west-1", repositories = { { name = "private" } },
    public_repositories = { { name = "app", images = { { tags = { "v1" }, pushed_at = 1000, size = 70 }, {} } } } }
end

describe("ECR Public", function()
  it("tells what its repository is, and nothing that it does not have", function()
    assert.same({ repositories = { { repository_name = "app", registry_id = "123456789012",
      created_at = 1767225600.0, repository_arn = "arn:aws:ecr-public::123456789012:repository/app",
      repository_uri = "public.ecr.aws/a1b2c3d4/app" } } }, ask(world(), "DescribeRepositories"))
  end)

  it("has a world of its own", function()
    local transport = world()
    assert.equal("RepositoryNotFoundException",
      select(2, ask(transport, "DescribeRepositories", { repository_names = { "private" } })).code)
    assert.equal("RepositoryNotFoundException", select(2, asking.ask(transport, "DescribeRepositories",
      { repository_names = { "app" } }, { region = "us-east-1" })).code)
  end)

  it("tells what its images are, by the members that it has", function()
    local details = ask(world(), "DescribeImages", { repository_name = "app" }).image_details
    assert.equal(2, #details)
    assert.same({ "v1" }, details[1].image_tags)
    assert.same({ 1000, 70 }, { details[1].image_pushed_at, details[1].image_size_in_bytes })
    assert.is_nil(details[1].image_status)
    assert.is_nil(details[2].image_tags)
  end)

  it("gives pages", function()
    local transport = world()
    local first = ask(transport, "DescribeImages", { repository_name = "app", max_results = 1 })
    local second = ask(transport, "DescribeImages",
      { repository_name = "app", max_results = 1, next_token = first.next_token })
    assert.not_equal(first.image_details[1].image_digest, second.image_details[1].image_digest)
    assert.is_nil(second.next_token)
  end)

  it("says what is not there", function()
    assert.equal("RepositoryNotFoundException",
      select(2, ask(world(), "DescribeImages", { repository_name = "none" })).code)
    assert.equal("ImageNotFoundException", select(2, ask(world(), "DescribeImages",
      { repository_name = "app", image_ids = { { image_tag = "none" } } })).code)
  end)

  for _, operation in ipairs{ "DescribeRepositories", "DescribeImages", "GetAuthorizationToken" } do
    it("answers " .. operation .. " only where it is", function()
      local input = { repository_name = operation == "DescribeImages" and "app" or nil }
      assert.is_table(ask(world(), operation, input, "us-west-2"))
      local _, fault = ask(world(), operation, input, "eu-west-1")
      assert.equal("UnsupportedCommandException", fault.code)
    end)
  end

  it("is reached by the client's service from any region", function()
    local client = assert(ecr.mock():with_public_repository{ name = "app", images = { { tags = { "v1" } } } }
      :client{ region = "eu-west-1" })
    assert.equal("app", client.public:list_repos()[1].repository_name)
    assert.same({ "v1" }, client.public:list_images("app")[1].image_tags)
    assert.matches("ECR Public", tostring(client.public:get_token()))
    assert.equal("not_found", select(2, client.public:get_repo("none")).kind)
  end)
end)
