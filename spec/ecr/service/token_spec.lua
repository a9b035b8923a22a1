-- SPDX-License-Identifier: MIT
-- When a token is asked for, over a client of the spec's own, in the simulator's time and with a real cache on
-- disk. Rules: a token lives for twelve hours ("Private registry authentication" in the Amazon ECR User Guide),
-- is renewed half-way (as AWS's credential helper for docker does), and an expired one is never given.
local core = require "ecr.core"
local ecr = require "ecr"
local error_object = require "ecr.error"
local loop = require "ecr.loop"
local process = require "spec.support.process"
local token = require "ecr.service.token"
local token_cache = require "ecr.token_cache"

local HOUR = 3600
local directory

local function wall() return loop.wall() end

--- A service that everybody asks: what it gives lives for twelve hours and takes a second.
local function new_service(fields)
  local service = { asked = 0, life = 12 * HOUR, size = 20 }
  for name, value in pairs(fields or {}) do service[name] = value end
  function service.answer()
    service.asked = service.asked + 1
    local number = service.asked
    ecr.sleep(service.seconds or 1)
    if service.broken then return nil, service.broken end
    local text = ("token %d"):format(number)
    local padded = "AWS:" .. text .. ("x"):rep(service.size - #text - 4)
    return { authorization_data = { { authorization_token = core.secret(padded):base64(),
      expires_at = wall() + service.life, proxy_endpoint = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com" } } }
  end
  return service
end

--- A process of its own, as far as tokens go. `identity` "" is one that nobody can tell.
local function new_process(service, fields)
  fields = fields or {}
  local identity = fields.identity or "role arn"
  local config = { token_refresh_buffer_secs = fields.buffer or 300, region = fields.region or "us-east-1",
    origin = {}, use_fips = fields.use_fips, endpoint_url = fields.endpoint }
  local cache = fields.cache or token_cache.new(directory)
  local client = { config = config, tokens = function() return cache end,
    call = function() return service.answer() end,
    exchange = { transport = {}, credentials = {
      identity = function() return identity ~= "" and identity or nil end } } }
  local made = token.new(client, "private")
  made.random = function() return 0 end
  return made
end

local function number_of(data)
  return math.tointeger(tonumber(data.authorization_token:unbase64():reveal():match("%d+")))
end

local function broken()
  return error_object.new{ kind = "network", message = "not there" }
end

local function setup()
  assert(ecr.mock():with_repository{ name = "app" }:client{})
  directory = os.tmpname()
  os.remove(directory)
end

local function teardown()
  process.run("rm -rf " .. directory)
  ecr.sleep(1000) -- a renewal may be under way
  assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
end

describe("what to do with a token", function()
  local function step(left, life, least, buffer)
    local data = { obtained_at = 1000, expires_at = 1000 + life,
      remaining = function(self, now) return self.expires_at - now end }
    return token.step(data, 1000 + life - left, least, buffer)
  end

  it("is to fetch one when there is none", function()
    assert.equal("fetch", token.step(nil, 0, 0, 0))
  end)

  for _, row in ipairs{
    { "use", 43200, 43200, 0, 300 }, { "use", 21601, 43200, 0, 300 }, { "prefer", 21600, 43200, 0, 300 },
    { "prefer", 1, 43200, 0, 300 }, { "fetch", 0, 43200, 0, 300 }, { "fetch", -1, 43200, 0, 300 },
    { "use", 21700, 43200, 21600, 300 }, { "prefer", 21600, 43200, 21600, 300 }, { "fetch", 21599, 43200, 21600, 300 },
    { "fetch", 3599, 43200, 3600, 0 }, { "use", 301, 400, 0, 300 }, { "prefer", 299, 400, 0, 300 },
    { "use", 300, 400, 0, 300 }, { "fetch", 299, 400, 300, 300 },
    { "use", 43500, 43200, 0, 300 }, { "fetch", 43501, 43200, 0, 300 }, -- the clock went back
  } do
    local title = "is to %s it with %d of %d s left where %d are needed and %d are the buffer"
    it(title:format(table.unpack(row)), function()
      assert.equal(row[1], step(table.unpack(row, 2)))
    end)
  end
end)

describe("a token in memory", function()
  before_each(setup)
  after_each(teardown)

  it("is asked for once by a hundred tasks", function()
    local service = new_service()
    local one = new_process(service, { cache = token_cache.new() })
    local calls = {}
    for i = 1, 100 do calls[i] = function() return number_of(one:get(0)) end end
    local numbers = ecr.all(calls)
    for i = 1, 100 do assert.equal(1, numbers[i]) end
    assert.equal(1, service.asked)
    assert.same({ 99, 1 }, { one.cache:stats().hits, one.cache:stats().misses })
  end)

  it("is renewed half-way", function()
    local service = new_service()
    local one = new_process(service, { cache = token_cache.new() })
    one:get(0)
    ecr.sleep(6 * HOUR - 10)
    assert.equal(1, number_of(one:get(0)))
    ecr.sleep(20)
    assert.equal(2, number_of(one:get(0)))
  end)

  it("is given on while it lives and cannot be renewed, and not tried for again at once", function()
    local service = new_service()
    local one = new_process(service, { cache = token_cache.new() })
    one:get(0)
    ecr.sleep(7 * HOUR)
    service.broken = broken()
    assert.equal(1, number_of(one:get(0)))
    assert.equal(1, number_of(one:get(0)))
    assert.equal(2, service.asked)
    ecr.sleep(40)
    assert.equal(1, number_of(one:get(0)))
    assert.equal(3, service.asked)
  end)

  it("is given after five seconds when a new one takes longer", function()
    local service = new_service()
    local one = new_process(service, { cache = token_cache.new() })
    one:get(0)
    ecr.sleep(7 * HOUR)
    service.seconds = 60
    local start = loop.now()
    assert.equal(1, number_of(one:get(0)))
    assert.near(5, loop.now() - start, 0.01)
    ecr.sleep(60)
    assert.equal(2, number_of(one:get(0)))
  end)

  it("is given after five seconds when nobody says who would ask for a new one, and then at once", function()
    local service = new_service()
    local one = new_process(service)
    one:get(0)
    ecr.sleep(7 * HOUR)
    one.client.exchange.credentials.identity = function() ecr.sleep(500) end
    local start = loop.now()
    for _ = 1, 3 do assert.equal(1, number_of(one:get(0))) end
    assert.near(5, loop.now() - start, 0.01)
  end)

  it("is never given when it has expired, nor with less life than is needed", function()
    local service = new_service()
    local one = new_process(service, { cache = token_cache.new() })
    one:get(0)
    service.broken = broken()
    ecr.sleep(12 * HOUR - 100)
    assert.equal(1, number_of(one:get(0)))
    local got, err = one:get(3600)
    assert.is_nil(got)
    assert.equal("network", err.kind)
    ecr.sleep(100)
    assert.is_nil((one:get(0)))
  end)

  it("may live for less than the buffer: it is given, and a new one is tried for", function()
    local service = new_service{ life = 200 }
    local one = new_process(service, { cache = token_cache.new() })
    assert.equal(1, number_of(one:get(0)))
    assert.equal(2, number_of(one:get(0)))
  end)

  it("is refused when the service gives none that lives long enough", function()
    local got, err = new_process(new_service{ life = 1000 }, { cache = token_cache.new() }):get(1001)
    assert.is_nil(got)
    assert.same({ "protocol", "short_lived" }, { err.kind, err.code })
  end)

  it("goes when there is no room: a thousand of 4.8 KB are held, ten megabytes are not passed", function()
    local service = new_service{ size = 3600, seconds = 0 }
    local cache = token_cache.new()
    local all = {}
    for i = 1, 1000 do
      all[i] = new_process(service, { cache = cache })
      all[i]:get(0)
    end
    for i = 1, 1000 do assert.equal(i, number_of(all[i]:get(0))) end
    assert.same({ 1000, 1000, 0 }, { service.asked, cache:stats().entries, cache:stats().evicted })
    for _ = 1, 2000 do new_process(service, { cache = cache }):get(0) end
    assert.is_true(cache:stats().bytes <= 10 * 1024 * 1024)
    assert.is_true(cache:stats().evicted > 0)
    assert.equal(3001, number_of(all[1]:get(0)))
  end)

  it("may be of any length", function()
    for _, size in ipairs{ 12, 4800, 99000, 600000 } do
      local data = new_process(new_service{ size = size }):get(0)
      assert.equal(size // 3 * 4, #data.authorization_token)
      local other = new_process(new_service{ broken = broken() }):get(0)
      assert.equal(size // 3 * 4, #other.authorization_token)
      process.run("rm -rf " .. directory)
    end
  end)
end)

describe("a token on disk", function()
  before_each(setup)
  after_each(teardown)

  it("is there for the next process", function()
    local service = new_service()
    local first = new_process(service):get(0)
    local second = new_process(service)
    local data = second:get(0)
    assert.equal(1, number_of(data))
    assert.same({ first.expires_at, first.obtained_at, first.proxy_endpoint },
      { data.expires_at, data.obtained_at, data.proxy_endpoint })
    assert.same({ 1, 0, 1 }, { second.cache:stats().hits, second.cache:stats().misses, second.cache:stats().from_disk })
    assert.equal(1, service.asked)
  end)

  it("is one identity's, region's and address's", function()
    local service = new_service()
    local others = { {}, { identity = "other" }, { region = "eu-west-1" }, { use_fips = true },
      { endpoint = "http://127.0.0.1:1/" }, { region = "cn-north-1" } }
    for i, fields in ipairs(others) do assert.equal(i, number_of(new_process(service, fields):get(0))) end
    for i, fields in ipairs(others) do assert.equal(i, number_of(new_process(service, fields):get(0))) end
  end)

  it("is left to nobody when its caller became another one while it was asked for", function()
    local service = new_service()
    local one = new_process(service, { identity = "alice" })
    local credentials = one.client.exchange.credentials
    credentials.identity = function() return service.asked > 0 and "bob" or "alice" end
    assert.equal(1, number_of(one:get(0)))
    assert.equal(2, number_of(new_process(service, { identity = "alice" }):get(0)))
    assert.equal(3, number_of(new_process(service, { identity = "bob" }):get(0)))
  end)

  it("is nobody's when nobody can tell whose it is", function()
    local service = new_service()
    new_process(service, { identity = "" }):get(0)
    assert.equal(2, number_of(new_process(service, { identity = "" }):get(0)))
    assert.is_nil(io.open(directory))
  end)

  it("is renewed half-way by one of many, while the others use it", function()
    local service = new_service{ seconds = 3 }
    new_process(service):get(0)
    ecr.sleep(6 * HOUR)
    local calls = {}
    for i = 1, 8 do calls[i] = function() return number_of(new_process(service):get(0)) end end
    local numbers = ecr.all(calls)
    table.sort(numbers)
    assert.equal("11111112", table.concat(numbers))
    assert.equal(2, service.asked)
  end)

  it("is asked for by one of many when there is none", function()
    local service = new_service{ seconds = 3 }
    local calls = {}
    for i = 1, 8 do calls[i] = function() return number_of(new_process(service):get(0)) end end
    assert.equal("11111111", table.concat(ecr.all(calls)))
    assert.equal(1, service.asked)
  end)

  it("is gone without after five seconds of another's holding the lock", function()
    local service = new_service()
    local one = new_process(service)
    local place = one.cache:place{ "ecr:GetAuthorizationToken", "aws", "us-east-1",
      "https://api.ecr.us-east-1.amazonaws.com/", "role arn" }
    local lock <close> = assert(one.cache:lock(place))
    local start = loop.now()
    assert.equal(1, number_of(one:get(0)))
    assert.near(6, loop.now() - start, 0.2) -- five, and a second for the service
    assert.is_nil(one.cache:read(place, wall()))
    assert.is_truthy(lock)
  end)

  it("with too little life is asked for anew, also for one who came late", function()
    local service = new_service{ seconds = 3 }
    new_process(service):get(0)
    ecr.sleep(7 * HOUR)
    service.broken = broken()
    local one = new_process(service)
    local results = ecr.all{ function() return number_of(one:get(0)) end,
      function() return select(2, one:get(6 * HOUR)).kind end }
    assert.equal("1 network", table.concat(results, " "))
  end)

  it("serves a busy pipeline for a day: more than 95 of 100 are hits", function()
    local service = new_service()
    local hits, misses = 0, 0
    for _ = 1, 24 * 60 - 1 do
      ecr.sleep(60)
      local jobs = {}
      for i = 1, 3 do
        local one = new_process(service)
        jobs[i] = function()
          local data = assert(one:get(HOUR))
          assert.is_true(data:remaining(wall()) >= HOUR)
          local stats = one.cache:stats()
          hits, misses = hits + stats.hits, misses + stats.misses
        end
      end
      ecr.all(jobs)
    end
    assert.is_true(hits / (hits + misses) > 0.95, ("%d of %d"):format(hits, hits + misses))
    assert.equal(4, service.asked) -- one, and one more for each half of a token's life
  end)

  it("is not kept where it cannot be, and all goes on", function()
    local service = new_service()
    local file = process.file("")
    local one = new_process(service, { cache = token_cache.new(file .. "/below") })
    assert.equal(1, number_of(one:get(0)))
    assert.equal(1, number_of(one:get(0)))
    os.remove(file)
  end)
end)
