-- SPDX-License-Identifier: MIT
-- The breaker by itself, and in the way of calls. Its promise: it opens on sustained failure of the service
-- or the network, never on throttling, denied or not found, and closes within two minutes of the return.
local breaker = require "ecr.breaker"
local ecr = require "ecr"
local loop = require "ecr.loop"

--- Fails so many attempts, `pause` seconds apart; gives the state and the time of the last.
local function failed(count, pause)
  local state = breaker.new()
  for i = 1, count do
    local now = (i - 1) * pause
    breaker.record(state, assert(breaker.admit(state, now)), "failed", now)
  end
  return state, (count - 1) * pause
end

describe("the breaker", function()
  it("opens after ten failures in a row that took five seconds", function()
    local state, now = failed(10, 5 / 9)
    assert.is_nil(breaker.admit(state, now))
    assert.equal(5, select(2, breaker.admit(state, now)))
  end)

  it("stays closed for fewer, and for a moment's failures however many", function()
    local state, now = failed(9, 100)
    assert.equal("closed", breaker.admit(state, now))
    state, now = failed(1000, 4.9 / 999)
    assert.equal("closed", breaker.admit(state, now))
  end)

  it("counts only failures in a row", function()
    local state = breaker.new()
    for now = 1, 100 do
      breaker.record(state, assert(breaker.admit(state, now)), now % 10 == 0 and "answered" or "failed", now)
    end
    assert.equal("closed", breaker.admit(state, 101))
  end)

  it("lets one probe through at a time, and closes when it is answered", function()
    local state, now = failed(10, 1)
    assert.is_nil(breaker.admit(state, now + 4.9))
    assert.equal("probe", breaker.admit(state, now + 5))
    assert.is_nil(breaker.admit(state, now + 6))
    breaker.record(state, "probe", "answered", now + 6)
    assert.equal("closed", breaker.admit(state, now + 6))
    assert.equal("closed", breaker.admit(state, now + 6))
  end)

  it("lets another probe through when one was broken off", function()
    local state, now = failed(10, 1)
    assert.equal("probe", breaker.admit(state, now + 5))
    breaker.record(state, "probe", "unknown", now + 6)
    assert.equal("probe", breaker.admit(state, now + 6))
  end)

  it("is closed by any answer, also one to a question from before it opened", function()
    local state, now = failed(10, 1)
    breaker.record(state, "closed", "answered", now + 1)
    assert.equal("closed", breaker.admit(state, now + 1))
  end)

  it("asks again within two minutes however long the service was gone", function()
    local state, now = failed(10, 1)
    for _ = 1, 50 do
      local admission, seconds = breaker.admit(state, now)
      if admission then
        breaker.record(state, admission, "failed", now)
        admission, seconds = breaker.admit(state, now)
      end
      assert.is_nil(admission)
      assert.is_true(seconds <= 60)
      now = now + seconds
    end
    assert.equal("probe", breaker.admit(state, now))
  end)

  it("is not closed by a failure that comes late", function()
    local state, now = failed(10, 1)
    breaker.record(state, "closed", "failed", now + 3)
    assert.is_nil(breaker.admit(state, now + 4.9))
    assert.equal("probe", breaker.admit(state, now + 5))
  end)
end)

describe("calls to a service that fails", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  --- Calls every second until the breaker is open, or for a minute; the last error, and the client.
  local function call_until_open(mock)
    local client = assert(mock:client{})
    local err
    for _ = 1, 60 do
      err = select(2, client.repository:list())
      if err.kind == "open" then break end
      ecr.sleep(1)
    end
    return err, client
  end

  it("end at once with kind open, without a request, and go on when it is back", function()
    for _, fault in ipairs{ { code = "ServerException" }, { failure = { kind = "network" } } } do
      fault.times = 40
      local mock = ecr.mock():with_repository{ name = "app" }:with_error_injection(fault)
      local err, client = call_until_open(mock)
      assert.equal("open", err.kind)
      assert.is_false(err.retryable)
      assert.is_true(err.retry_after > 0 and err.retry_after <= 5)
      assert.matches("^DescribeRepositories in us%-east%-1: not asked: the service failed %d+ times in a row "
        .. "%(the scenario wants .+%); it is asked again in %d+ s %(open, breaker%)$", tostring(err))
      local asked = #mock:history()
      assert.equal("open", select(2, client.repository:list()).kind)
      assert.equal(asked, #mock:history())
      local start = loop.now()
      repeat ecr.sleep(1) until client.repository:list() or loop.now() - start > 2000
      assert(client.repository:list())
    end
  end)

  it("give the service's own error when the breaker opened between two attempts", function()
    local mock = ecr.mock():with_repository{ name = "app" }:with_error_injection{ code = "ServerException" }
    local _, client = call_until_open(mock)
    ecr.sleep(6)
    assert.equal("ServerException", select(2, client.repository:list()).code)
    assert.equal("open", select(2, client.repository:list()).kind)
  end)

  it("are made on and on while it answers, if only with refusals", function()
    for _, code in ipairs{ "ThrottlingException", "AccessDeniedException", "RepositoryNotFoundException" } do
      local mock = ecr.mock():with_repository{ name = "app" }:with_error_injection{ code = code }
      local err = call_until_open(mock)
      assert.equal(code, err.code)
    end
  end)

  it("do not stop the calls to another service or region", function()
    local mock = ecr.mock():with_repository{ name = "app" }:with_error_injection{ code = "ServerException" }
    local _, client = call_until_open(mock)
    local function kind_of(_, err) return err.kind end
    assert.equal("open", kind_of(client:call("DescribeRepositories")))
    assert.not_equal("open", kind_of(client:call("ecr-public:DescribeRepositories")))
    assert.not_equal("open", kind_of(assert(client:in_region("eu-west-1")).repository:list()))
  end)

  it("are asked again after a probe that was cancelled", function()
    local mock = ecr.mock():with_repository{ name = "app" }:with_error_injection{ code = "ServerException" }
    local _, client = call_until_open(mock)
    ecr.sleep(10)
    local task = ecr.spawn(function() return client.repository:list() end)
    ecr.sleep(0)
    task:cancel()
    assert.equal("ServerException", select(2, client.repository:list()).code)
  end)
end)
