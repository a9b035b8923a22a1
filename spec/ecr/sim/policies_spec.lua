-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"

local ask = asking.ask

--- A lifecycle policy of the user guide's form, long enough for the model's 100 characters.
local LIFECYCLE = '{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":'
  .. '"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}'
local POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}'

local function world(fields)
  fields = fields or {}
  fields.name = "app"
  return asking.open{ repositories = { fields } }
end

local function code_of(...)
  return select(2, ask(...)).code
end

--- The two policies have the same life; by their operations' names, what is different.
local KINDS = {
  { name = "the lifecycle policy", field = "lifecycle_policy", member = "lifecycle_policy_text", text = LIFECYCLE,
    get = "GetLifecyclePolicy", put = "PutLifecyclePolicy", delete = "DeleteLifecyclePolicy",
    code = "LifecyclePolicyNotFoundException", said = "Lifecycle policy" },
  { name = "the access policy", field = "policy", member = "policy_text", text = POLICY,
    get = "GetRepositoryPolicy", put = "SetRepositoryPolicy", delete = "DeleteRepositoryPolicy",
    code = "RepositoryPolicyNotFoundException", said = "Repository policy" },
}

for _, kind in ipairs(KINDS) do
  local function holds(output)
    assert.same({ registry_id = "123456789012", repository_name = "app", [kind.member] = kind.text }, output)
  end

  local function put(transport, text)
    return ask(transport, kind.put, { repository_name = "app", [kind.member] = text or kind.text })
  end

  describe(kind.name, function()
    it("is given as it was put", function()
      local transport = world()
      holds(put(transport))
      holds(ask(transport, kind.get, { repository_name = "app" }))
    end)

    it("can be the scenario's", function()
      holds(ask(world{ [kind.field] = kind.text }, kind.get, { repository_name = "app" }))
    end)

    it("is given once more when it is deleted, and is gone then", function()
      local transport = world{ [kind.field] = kind.text }
      holds(ask(transport, kind.delete, { repository_name = "app" }))
      assert.equal(kind.code, code_of(transport, kind.get, { repository_name = "app" }))
      assert.equal(kind.code, code_of(transport, kind.delete, { repository_name = "app" }))
    end)

    it("is missing in the service's words", function()
      local _, fault = ask(world(), kind.get, { repository_name = "app" })
      assert.equal(kind.code, fault.code)
      assert.equal(kind.said .. " does not exist for the repository with name 'app' in the registry with id "
        .. "'123456789012'", fault.message)
    end)

    it("needs its repository", function()
      for _, operation in ipairs{ kind.get, kind.put, kind.delete } do
        assert.equal("RepositoryNotFoundException", code_of(world(), operation,
          { repository_name = "none", [kind.member] = kind.text }))
      end
    end)

    it("stays as it was when another one is refused", function()
      local transport = world{ [kind.field] = kind.text }
      for _, text in ipairs{ "no JSON", "[]", "{}", '"text"', "null", "7" } do
        local output, fault = put(transport, text)
        assert.is_nil(output)
        assert.equal("InvalidParameterException", fault.code, text)
      end
      holds(ask(transport, kind.get, { repository_name = "app" }))
    end)
  end)
end

describe("PutLifecyclePolicy", function()
  local function with_rules(count)
    local rule = LIFECYCLE:match("%[(.+)%]")
    return '{"rules":[' .. rule .. ("," .. rule):rep(count - 1) .. "]}"
  end

  it("takes 50 rules and refuses 51", function()
    local transport = world()
    assert(ask(transport, "PutLifecyclePolicy", { repository_name = "app", lifecycle_policy_text = with_rules(50) }))
    local _, fault = ask(transport, "PutLifecyclePolicy",
      { repository_name = "app", lifecycle_policy_text = with_rules(51) })
    assert.equal("InvalidParameterException", fault.code)
    assert.matches("^Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
      .. "'Lifecycle policy validation failure: ", fault.message)
  end)
end)

describe("SetRepositoryPolicy", function()
  local function set(statement, force)
    return ask(world(), "SetRepositoryPolicy", { repository_name = "app", force = force,
      policy_text = '{"Version":"2012-10-17","Statement":' .. statement .. "}" })
  end

  it("refuses what would lock everybody out, unless it is forced", function()
    for _, action in ipairs{ '"*"', '"ecr:*"', '["ecr:GetRepositoryPolicy","ecr:SetRepositoryPolicy"]' } do
      for _, principal in ipairs{ '"*"', '{"AWS":"*"}' } do
        local statement = ('[{"Effect":"Deny","Principal":%s,"Action":%s}]'):format(principal, action)
        local output, fault = set(statement)
        assert.is_nil(output)
        assert.equal("InvalidParameterException", fault.code)
        assert(set(statement, true))
      end
    end
  end)

  it("sees a single statement that would lock everybody out", function()
    assert.is_nil((set('{"Effect":"Deny","Principal":"*","Action":"ecr:*"}')))
  end)

  it("takes no statements, a single one, and denials that lock nobody out", function()
    assert(set("[]"))
    assert(set('{"Effect":"Allow","Principal":"*","Action":"ecr:*"}'))
    assert(set('{"Effect":"Deny","Principal":"*","Action":"ecr:BatchDeleteImage"}'))
    assert(set('{"Effect":"Deny","Principal":{"AWS":"210987654321"},"Action":"ecr:*"}'))
  end)
end)
