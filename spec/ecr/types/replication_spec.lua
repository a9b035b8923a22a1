-- SPDX-License-Identifier: MIT
local replication = require "ecr.types.replication"

local function to(region) return { region = region, registry_id = "123456789012" } end

--- The regions where rules lead to.
local function regions(rules, repository)
  local list = {}
  for i, each in ipairs(replication.destinations(rules, repository)) do list[i] = each.region end
  return table.concat(list, " ")
end

describe("replication rules", function()
  local function filtered(kind, ...)
    local rule = { destinations = { to("eu-west-1") }, repository_filters = {} }
    for i, each in ipairs{ ... } do rule.repository_filters[i] = { filter = each, filter_type = kind } end
    return rule
  end

  it("are for all repositories without filters", function()
    assert.equal("eu-west-1", regions({ { destinations = { to("eu-west-1") } } }, "app"))
    assert.equal("eu-west-1", regions({ filtered("PREFIX_MATCH") }, "app"))
  end)

  it("are for what begins with one of their filters", function()
    local rules = { filtered("PREFIX_MATCH", "team/", "ap") }
    assert.equal("eu-west-1", regions(rules, "app"))
    assert.equal("eu-west-1", regions(rules, "team/x"))
    assert.equal("", regions(rules, "team"))
    assert.equal("", regions(rules, "my-app"))
    assert.equal("eu-west-1", regions(rules))
  end)

  it("take a filter's text as it is", function()
    assert.equal("", regions({ filtered("PREFIX_MATCH", "a.p") }, "app"))
  end)

  it("match by a filter whose kind is not known: then more is waited for, not less", function()
    assert.equal("eu-west-1", regions({ filtered("WILDCARD", "team/*") }, "app"))
  end)

  it("lead nowhere when there is nothing in them", function()
    assert.equal("", regions{ {}, { destinations = {} } })
  end)
end)

describe("a replication status", function()
  it("is a line of where, how and why", function()
    local status = replication.status{ region = "eu-west-1", registry_id = "123456789012", status = "FAILED",
      failure_code = "X" }
    assert.equal("123456789012/eu-west-1: FAILED (X)", tostring(status))
    assert.is_true(status:is_final())
  end)

  it("is final when it is complete or failed, and not in a state that nobody knows", function()
    local function final(word) return replication.status{ status = word }:is_final() end
    assert.same({ true, true, false, false },
      { final("COMPLETE"), final("FAILED"), final("IN_PROGRESS"), final("RETRYING") })
  end)
end)
