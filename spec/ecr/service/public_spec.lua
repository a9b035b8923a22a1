-- SPDX-License-Identifier: MIT
-- Behaviour: the Amazon ECR Public API Reference: us-east-1 whatever the client's region; a token that is
-- an object, without an endpoint.
local answers = require "spec.support.answers"
local core = require "ecr.core"
local ecr = require "ecr"

local function client_of(functions)
  local client = ecr.mock():with_repository{ name = "app" }:client{ region = "eu-west-1" }
  local named = {}
  for name, fn in pairs(functions) do named["ecr-public:" .. name] = fn end
  return client, answers.put(client, named)
end

describe("the public service", function()
  it("lists repositories and images, page after page, by glob", function()
    local client, asked = client_of{
      DescribeRepositories = function(input)
        if input.next_token then return { repositories = { { repository_name = "tools/b" } } } end
        return { repositories = { { repository_name = "tools/a" }, { repository_name = "x" } }, next_token = "2" }
      end,
      DescribeImages = function()
        return { image_details = { { image_digest = "sha256:1", image_tags = { "v1" } },
          { image_digest = "sha256:2" } } }
      end,
    }
    assert.equal(3, #client.public:list_repos())
    assert.equal(2, #client.public:list_repos{ glob = "tools/*" })
    assert.equal(2, #client.public:list_images("tools/a"))
    assert.equal("sha256:1", client.public:list_images("tools/a", { glob = "v*" })[1].image_digest)
    assert.equal(1000, asked[1][2].max_results)
  end)

  it("gives one repository, or not_found, by the narrower rules of public names", function()
    local client = client_of{ DescribeRepositories = function(input)
      if input.repository_names[1] == "gone" then return nil, "RepositoryNotFoundException" end
      return { repositories = { { repository_name = input.repository_names[1],
        repository_uri = "public.ecr.aws/x/a" } } }
    end }
    assert.equal("public.ecr.aws/x/a", tostring(client.public:get_repo("aa")))
    assert.equal("not_found", select(2, client.public:get_repo("gone")).kind)
    assert.equal("input", select(2, client.public:get_repo("a__b")).kind)
    assert.equal("input", select(2, client.public:list_images("A")).kind)
  end)

  it("gives a sealed token", function()
    local client = client_of{ GetAuthorizationToken = function()
      return { authorization_data = { authorization_token = core.secret("x"), expires_at = 1767268800 } }
    end }
    local token = assert(client.public:get_token())
    assert.equal("token for ECR Public until 2026-01-01T12:00:00Z", tostring(token))
    assert.equal("<secret>", tostring(token.authorization_token))
  end)

  it("says of an operation that only ECR has that ECR Public has it not", function()
    local client = ecr.mock():client{}
    local _, err = client:call("ecr-public:ListImages", { repository_name = "app" })
    assert.same({ "input", "operation" }, { err.kind, err.code })
    assert.matches("ECR Public has no operation ListImages", err.message)
    assert.matches("ECR has no operation DescribeImageTags", select(2, client:call("ecr:DescribeImageTags")).message)
  end)
end)
