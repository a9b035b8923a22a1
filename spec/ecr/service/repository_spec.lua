-- SPDX-License-Identifier: MIT
-- Behaviour: DescribeRepositories, GetLifecyclePolicy, GetRepositoryPolicy, ListTagsForResource in the
-- Amazon ECR API Reference.
local answers = require "spec.support.answers"
local ecr = require "ecr"

local function world(names)
  local mock = ecr.mock()
  for _, name in ipairs(names) do mock:with_repository{ name = name } end
  return mock
end

local function many(count)
  local names = {}
  for i = 1, count do names[i] = ("app%04d"):format(i) end
  return names
end

local function names_of(list)
  local names = {}
  for i, one in ipairs(list) do names[i] = one.repository_name end
  return names
end

describe("repository:list", function()
  it("gives every repository, page after page", function()
    local mock = world(many(2500))
    assert.equal(2500, #assert(mock:client{}.repository:list()))
    assert.equal(3, #mock:history())
  end)

  it("gives those whose names match, over all pages", function()
    local client = world{ "team/a", "team/b", "other/a", "team/a/deep" }:client{}
    assert.same({ "team/a", "team/a/deep", "team/b" }, names_of(client.repository:list{ glob = "team/*" }))
    assert.same({ "other/a", "team/a" }, names_of(client.repository:list{ glob = "*/[ab]", max_items = 2 }))
    assert.same({}, client.repository:list{ glob = "nothing*" })
  end)

  it("gives those that are named, a hundred a call", function()
    local mock = world(many(250))
    local client = mock:client{}
    assert.equal(250, #assert(client.repository:list{ names = many(250) }))
    assert.equal(3, #mock:history())
    assert.same({ "app0002", "app0001" }, names_of(client.repository:list{ names = { "app0002", "app0001" } }))
    local got, err = client.repository:list{ names = { "app0001", "gone" } }
    assert.is_nil(got)
    assert.equal("not_found", err.kind)
  end)

  it("refuses a mistyped option and a name that is none, before anything is sent", function()
    local mock = world{ "app" }
    local client = mock:client{}
    for _, filter in ipairs{ { glub = "x" }, { glob = 5 }, { names = { "app", "Not" } }, { max_items = 1.5 }, 5 } do
      local got, err = client.repository:list(filter)
      assert.is_nil(got)
      assert.equal("input", err.kind)
    end
    assert.matches("did you mean glob", select(2, client.repository:list{ glub = "x" }).message)
    assert.matches("^names%[2%]: \"Not\" is no repository name", select(2,
      client.repository:list{ names = { "app", "Not" } }).message)
    assert.same({}, mock:history())
  end)

  it("is walked one after the other with each", function()
    local got = {}
    for one in world(many(5)):client{}.repository:each{ page_size = 2 } do got[#got + 1] = one.repository_name end
    assert.same(many(5), got)
    assert.is_false(pcall(function() world{ "app" }:client{}.repository:each{ glub = 1 } end))
    local ok, err = pcall(function() world{ "app" }:client{}.repository:each{ names = { "app" } } end)
    assert.is_false(ok) -- what it does not heed it must not take: it would walk all of them
    assert.equal("option", err.code)
  end)
end)

describe("repository:get", function()
  it("gives one by its name, or not_found", function()
    local client = world{ "app" }:client{}
    local got = assert(client.repository:get("app"))
    assert.equal("123456789012.dkr.ecr.us-east-1.amazonaws.com/app", tostring(got))
    assert.equal("not_found", select(2, client.repository:get("nothing")).kind)
    assert.equal("input", select(2, client.repository:get("No Name")).kind)
    assert.equal("input", select(2, client.repository:get(nil)).kind)
  end)
end)

describe("a repository's policies and tags", function()
  local POLICY = '{"rules":[{"rulePriority":2,"selection":{"tagStatus":"any","countType":"imageCountMoreThan",'
    .. '"countNumber":50},"action":{"type":"expire"}},{"rulePriority":1,"description":"old",'
    .. '"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14},'
    .. '"action":{"type":"expire"}}]}'

  local function client_of(functions)
    local client = world{ "app" }:client{}
    return client, answers.put(client, functions)
  end

  it("is a lifecycle policy, its rules by priority and readable", function()
    local client = client_of{ GetLifecyclePolicy = function()
      return { repository_name = "app", registry_id = "1", lifecycle_policy_text = POLICY, last_evaluated_at = 5.0 }
    end }
    local policy = assert(client.repository:get_lifecycle("app"))
    assert.equal(POLICY, policy.text)
    assert.same({ 1, 2 }, { policy.rules[1].rule_priority, policy.rules[2].rule_priority })
    assert.equal(14, policy.rules[1].selection.count_number)
    assert.same({ "1: expire untagged images 14 days after the push", "2: expire images all but the newest 50" },
      policy:sentences())
  end)

  it("tells no policy from no repository, and a text that is none from both", function()
    local client = client_of{ GetLifecyclePolicy = function(input)
      if input.repository_name == "app" then return nil, "LifecyclePolicyNotFoundException" end
      if input.repository_name == "odd" then return { lifecycle_policy_text = "no JSON" } end
      return nil, "RepositoryNotFoundException"
    end }
    local policy, err = client.repository:get_lifecycle("app")
    assert.is_nil(policy)
    assert.is_nil(err)
    assert.equal("not_found", select(2, client.repository:get_lifecycle("gone")).kind)
    assert.equal("protocol", select(2, client.repository:get_lifecycle("odd")).kind)
  end)

  it("is an access policy, or nothing", function()
    local client = client_of{ GetRepositoryPolicy = function(input)
      if input.repository_name == "app" then return { policy_text = '{"Version":"2012-10-17"}' } end
      return nil, "RepositoryPolicyNotFoundException"
    end }
    assert.equal('{"Version":"2012-10-17"}', client.repository:get_policy("app"))
    assert.same({ n = 2 }, table.pack(client.repository:get_policy("other")))
  end)

  it("is tags by key, asked for by the repository's ARN", function()
    local client, asked = client_of{ ListTagsForResource = function()
      return { tags = { { key = "team", value = "red" }, { key = "empty" } } }
    end }
    assert.same({ team = "red", empty = "" }, client.repository:list_tags("app"))
    assert.equal("arn:aws:ecr:us-east-1:123456789012:repository/app", asked[2][2].resource_arn)
    assert.same({ team = "red", empty = "" }, client.repository:list_tags("arn:aws:ecr:us-east-1:1:repository/x"))
    assert.equal(3, #asked)
    assert.equal("not_found", select(2, client.repository:list_tags("gone")).kind)
  end)

  it("needs no call for the ARN where the registry is known", function()
    local client = world{ "app" }:client{ registry_id = "210987654321", region = "cn-north-1" }
    local asked = answers.put(client, { ListTagsForResource = function() return { tags = {} } end })
    assert.same({}, client.repository:list_tags("app"))
    local arn = "arn:aws-cn:ecr:cn-north-1:210987654321:repository/app"
    assert.same({ { "ListTagsForResource", { resource_arn = arn } } }, asked)
  end)
end)

describe("a repository", function()
  local repository = require "ecr.types.repository"

  it("says which tags may move", function()
    local rows = { { "MUTABLE", nil, true }, { "IMMUTABLE", nil, false }, { "IMMUTABLE_WITH_EXCLUSION", "dev-*", true },
      { "IMMUTABLE_WITH_EXCLUSION", "rel-*", false }, { "MUTABLE_WITH_EXCLUSION", "dev-*", false },
      { "MUTABLE_WITH_EXCLUSION", "rel-*", true } }
    for _, row in ipairs(rows) do
      local one = repository.of{ image_tag_mutability = row[1], image_tag_mutability_exclusion_filters =
        row[2] and { { filter_type = "WILDCARD", filter = row[2] } } }
      assert.equal(row[3], one:allows_move("dev-1"), row[1])
    end
  end)

  it("gives references for whoever pulls, and says what it is", function()
    local one = repository.of{ repository_uri = "h/app", image_scanning_configuration = { scan_on_push = true },
      encryption_configuration = { encryption_type = "KMS", kms_key = "arn:k" } }
    assert.equal("h/app:v1", one:reference{ tag = "v1" })
    assert.equal("h/app@sha256:0", one:reference{ tag = "v1", digest = "sha256:0" })
    assert.same({ "scan on push", "KMS (arn:k)", true }, { tostring(one.image_scanning_configuration),
      tostring(one.encryption_configuration), one.encryption_configuration:uses_kms() })
  end)
end)
