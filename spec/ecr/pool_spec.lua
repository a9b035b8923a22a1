-- SPDX-License-Identifier: MIT
local ecr = require "ecr"
local loop = require "ecr.loop"

local REGIONS = { "us-east-1", "eu-west-1", "ap-south-1" }
local ACCOUNTS = { { name = "prod", registry_id = "111111111111" }, { name = "test", registry_id = "222222222222" } }

--- Three regions of two accounts, each with a repository of its own.
local function world()
  local mock = ecr.mock()
  for _, region in ipairs(REGIONS) do
    for _, account in ipairs(ACCOUNTS) do
      mock:with_repository{ name = ("%s-%s"):format(account.name, region), region = region,
        account = account.registry_id }
    end
  end
  return mock
end

local function pool_of(mock, options)
  local transport = mock:client{}.exchange.transport
  local settings = { regions = REGIONS, accounts = ACCOUNTS, transport = transport }
  for key, value in pairs(options or {}) do settings[key] = value end
  return assert(ecr.pool(settings))
end

local function names(client)
  local list, err = client.repository:list()
  return list and list[1].repository_name, err
end

describe("a pool", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  it("asks each region of each account for its own", function()
    local rows = pool_of(world()):map(names)
    assert.equal(6, #rows)
    assert.equal(0, rows.failed)
    for _, row in ipairs(rows) do assert.equal(row.account .. "-" .. row.region, row.value) end
  end)

  it("has the answers of the others where one region is down, and its error", function()
    local rows = pool_of(world():with_error_injection{ region = "eu-west-1",
      failure = { kind = "network" } }, { max_retries = 1 }):map(names)
    assert.equal(2, rows.failed)
    for _, row in ipairs(rows) do
      if row.region == "eu-west-1" then
        assert.is_nil(row.value)
        assert.equal("network", row.error.kind)
        assert.equal("eu-west-1", row.error.region)
      else
        assert.equal(row.account .. "-" .. row.region, row.value)
      end
    end
  end)

  it("keeps breakers apart: a region that fails leaves the others closed", function()
    local pool = pool_of(world():with_error_injection{ region = "eu-west-1", code = "ServerException" },
      { max_retries = 0 })
    for _ = 1, 12 do
      pool:map(names)
      ecr.sleep(1)
    end
    local rows = pool:map(names)
    for _, row in ipairs(rows) do
      assert.equal(row.region == "eu-west-1" and "open" or nil, row.error and row.error.kind)
    end
  end)

  it("has a token for each place, in one bounded cache", function()
    local mock = world()
    local pool = pool_of(mock)
    local function token(client) return client.auth:get_token() end
    for _ = 1, 3 do assert.equal(0, pool:map(token).failed) end
    local stats = pool.places[1].client:cache_stats().tokens
    assert.same({ 6, 6, 12 }, { stats.entries, stats.misses, stats.hits })
    assert.same(stats, pool.places[6].client:cache_stats().tokens)
    assert.equal(6, #mock:history())
  end)

  it("asks all at the same time", function()
    local pool = pool_of(world():with_latency_injection{ seconds = 1 })
    local start = loop.now()
    pool:map(names)
    assert.near(1, loop.now() - start, 0.01)
  end)

  it("takes an error object that is raised for the place's, and nothing else", function()
    local pool = pool_of(world():with_error_injection{ region = "eu-west-1", code = "RepositoryNotFoundException" })
    local rows = pool:map(function(client)
      local count = 0
      for _ in client.repository:each() do count = count + 1 end
      return count
    end)
    assert.equal(2, rows.failed)
    local ok, problem = pcall(pool.map, pool, function() error("a mistake of the caller's") end)
    assert.is_false(ok)
    assert.matches("a mistake of the caller's", tostring(problem))
    ecr.sleep(1) -- the others end
  end)

  it("has one account, the caller's own, when none is named", function()
    local pool = pool_of(world(), { accounts = false })
    assert.equal(3, #pool.places)
    assert.is_nil(pool.places[1].account)
  end)

  it("gives the client of a place", function()
    local pool = pool_of(world())
    assert.equal("test-ap-south-1", names(assert(pool:client("ap-south-1", "test"))))
    assert.equal("input", select(2, pool:client("ap-south-1", "stage")).kind)
    assert.equal("input", select(2, pool:client("eu-north-1")).kind)
  end)

  it("assumes a role for each account", function()
    local arn = "arn:aws:iam::111111111111:role/x"
    local pool = assert(ecr.pool{ regions = { "us-east-1", "eu-west-1" }, accounts = { { role_arn = arn,
      external_id = "abc" }, { auth_static = { "AKID", "x" }, name = "own" } } })
    assert.equal(arn, pool.places[1].account)
    assert.same({ role_arn = arn, external_id = "abc" }, pool.places[1].client.config.identity.role)
    assert.equal(pool.places[1].client.exchange.credentials, pool.places[2].client.exchange.credentials)
    assert.not_equal(pool.places[1].client.exchange.credentials, pool.places[3].client.exchange.credentials)
  end)

  local wrong = { {}, { regions = {} }, { regions = { "US" } }, { regions = { "us-east-1", "us-east-1" } },
    { regions = REGIONS, accounts = { { rolearn = "x" } } }, { regions = REGIONS, regoin = "x" },
    { regions = REGIONS, accounts = { { role_arn = "short" } } } }
  for i, options in ipairs(wrong) do
    it("refuses what cannot be a pool (" .. i .. ")", function()
      local none, err = ecr.pool(options)
      assert.is_nil(none)
      assert.equal("config", err.kind)
    end)
  end
end)
