-- SPDX-License-Identifier: MIT
-- Whose credentials a source gives: what processes that share a cache may take from each other.
local core = require "ecr.core"
local role = require "ecr.credentials.role"
local web_identity = require "ecr.credentials.web_identity"
local whose = require "ecr.credentials.whose"

local ROLE, OTHER = "arn:aws:iam::123456789012:role/web", "arn:aws:iam::123456789012:role/other"

local function source(given)
  given.role_arn = ROLE
  return assert(web_identity.of({}, "web identity", given))
end

describe("a web identity", function()
  it("is told by its role and its token file", function()
    local a, b = source{ web_identity_token_file = "/a" }, source{ web_identity_token_file = "/b" }
    assert.is_string(whose.of_source(a))
    assert.not_equal(whose.of_source(a), whose.of_source(b))
    assert.equal(whose.of_source(a), whose.of_source(source{ web_identity_token_file = "/a" }))
  end)

  it("is not told by a token that was handed over: another's may not be trusted by the role", function()
    assert.is_nil(whose.of_source(source{ web_identity_token = core.secret("canary") }))
  end)

  it("is not told, and never, by a role that is assumed with such a token either", function()
    local function of(base) return role.of({ random = math.random }, "role", { role_arn = OTHER }, base) end
    assert.same({ n = 2, nil, true }, table.pack(whose.of_source(of(source{ web_identity_token = core.secret("x") }))))
    assert.is_string(whose.of_source(of(source{ web_identity_token_file = "/a" })))
  end)
end)

describe("keys", function()
  local function keys(id)
    return { title = "keys", at_hand = true, fetch = function()
      return core.creds{ id = id, key = "canary", source = "spec" }
    end }
  end
  local function chain(inner, asked) return { title = "credentials", peek = function() return inner, asked end } end
  local broken = { title = "keys", at_hand = true, fetch = function() return nil, "broken" end }

  it("are told by a hash of their id", function()
    local told = whose.of_source(keys("AKIDONE"))
    assert.is_nil(told:find("AKIDONE", 1, true))
    assert.equal(told, whose.of_source(keys("AKIDONE")))
    assert.not_equal(told, whose.of_source(keys("AKIDTWO")))
    assert.equal(told, whose.of_source(chain(keys("AKIDONE"))))
  end)

  it("are told by those in use once there are some, whatever stands there now", function()
    assert.same({ n = 1 }, table.pack((whose.of_source(chain(keys("AKIDTWO"), true)))))
  end)

  it("that are broken tell nothing", function()
    assert.is_nil(whose.of_source(broken))
    assert.is_nil(whose.of_source(chain(nil, "an error")))
  end)

  it("of a role's base are asked for where nothing else tells who assumes it", function()
    local function of(base) return role.of({ random = math.random }, "role", { role_arn = OTHER }, base) end
    local asked = 0
    local function machine(id)
      return { title = "instance metadata", fetch = function()
        asked = asked + 1
        return core.creds{ id = id, key = "canary", source = "spec" }
      end }
    end
    assert.not_equal(whose.of_source(of(machine("AKIDONE"))), whose.of_source(of(machine("AKIDTWO"))))
    assert.equal(2, asked)
    local named = machine("AKIDONE")
    named.place = "credential_process\0print-keys"
    assert.is_string(whose.of_source(of(chain(named))))
    assert.equal(2, asked)
  end)
end)
