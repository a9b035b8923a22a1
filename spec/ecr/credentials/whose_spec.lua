-- SPDX-License-Identifier: MIT
-- Whose credentials a source gives: what processes that share a cache may take from each other.
local core = require "ecr.core"
local web_identity = require "ecr.credentials.web_identity"
local whose = require "ecr.credentials.whose"

local ROLE, OTHER = "arn:aws:iam::123456789012:role/web", "arn:aws:iam::123456789012:role/other"

local function source(role)
  role.role_arn = ROLE
  return assert(web_identity.of({}, "web identity", role))
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

  it("is not told by a role that is assumed with such a token either", function()
    assert.is_nil(whose.of_role({ role_arn = OTHER }, source{ web_identity_token = core.secret("canary") }))
    assert.is_string(whose.of_role({ role_arn = OTHER }, source{ web_identity_token_file = "/a" }))
  end)
end)
