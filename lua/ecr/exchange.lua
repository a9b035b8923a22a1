-- SPDX-License-Identifier: MIT
--- The attempt loop: sends a request, says what came of it, and sends it again where that may help
--- and there is time. Everything that talks to AWS goes through here.

local breaker <const> = require "ecr.breaker"
local error_object <const> = require "ecr.error"
local log <const> = require "ecr.log"
local loop <const> = require "ecr.loop"
local retry <const> = require "ecr.retry"

local exchange <const> = {}

---@class ecr.Exchange what the attempts of one client share
---@field transport table
---@field timeout number seconds for one attempt
---@field connect_timeout number seconds of these until the connection stands
---@field max_retries integer
---@field quota ecr.RetryQuota
---@field breakers table<string, ecr.Breaker> by service
---@field credentials? ecr.Credentials absent where nothing is signed
---@field user_agent? fun(): string
---@field pause? number seconds before each repetition, instead of the usual ones
---@field random fun(): number uniform in [0, 1)

--- What the attempts of a client share, as its settings have it.
---@param settings ecr.Config
---@param transport table
---@return ecr.Exchange
function exchange.new(settings, transport)
  return { transport = transport, timeout = settings.timeout,
    connect_timeout = settings.connect_timeout, max_retries = settings.max_retries,
    quota = retry.new_quota(), breakers = {}, random = math.random }
end

local function request_id(headers)
  return headers and (headers["x-amzn-requestid"] or headers["x-amz-request-id"])
end

--- The error of an attempt, or nil when it succeeded.
local function error_of(event, request)
  local fields <const> = { operation = request.operation, region = request.region,
    status = event.status, request_id = request_id(event.headers) }
  if event.failure then
    fields.kind = event.failure.kind
    fields.code = event.failure.code
    fields.message = event.failure.message
    fields.cause = event.failure.cause
    if fields.code == "certificate" then fields.retryable = false end -- no repetition mends it
  elseif event.fault then
    fields.code = event.fault.code
    fields.message = event.fault.message
    fields.members = event.fault.members
    fields.kind, fields.retryable = error_object.classify(event.fault.code, event.status)
  else
    return nil
  end
  return error_object.new(fields)
end

local function log_attempt(event, request, attempt, seconds)
  if not log.enabled("debug") then return end
  local outcome <const> = event.failure and (event.failure.code or event.failure.kind)
    or event.fault and event.fault.code or "ok"
  log.write("debug", "%s %s attempt %d: %s, HTTP %s, %.0f ms, request %s", request.operation,
    request.region or "-", attempt, outcome, event.status or "-", seconds * 1000,
    request_id(event.headers) or "-")
end

local function past_deadline(request, last)
  local message = "no time was left to ask"
  if last then message = "no answer before the deadline; the last error was: " .. last.message end
  return error_object.new{ kind = "timeout", code = "deadline", operation = request.operation,
    region = request.region, message = message, cause = last, retryable = false }
end

--- An attempt's turn with the breaker. Closing it without an outcome says that it was broken off.
local turn_mt <const> = { __name = "ecr.turn" }

function turn_mt.__close(self)
  breaker.record(self.breaker, self.admission, self.outcome or "unknown", loop.now())
end

local function is_open(request, state, seconds)
  return error_object.give{ kind = "open", code = "breaker", operation = request.operation,
    region = request.region, retry_after = seconds,
    message = ("not asked: the service failed %d times in a row (%s); it is asked again in %.0f s")
      :format(state.failures, state.last, seconds) }
end

local function take_turn(context, request)
  local state <const> = context.breakers[request.service] or breaker.new()
  context.breakers[request.service] = state
  local admission <const>, seconds <const> = breaker.admit(state, loop.now())
  if not admission then return is_open(request, state, seconds) end
  return setmetatable({ breaker = state, admission = admission }, turn_mt)
end

local COUNTS_AS_FAILURE <const> = { server = true, network = true, timeout = true }

--- What an attempt says of the service. A time-out that our own deadline cut short says nothing.
local function outcome_of(context, request, err)
  if not err or not COUNTS_AS_FAILURE[err.kind] then return "answered" end
  if err.kind == "timeout" and request.timeout < context.timeout then return nil end
  return "failed"
end

--- Lack of memory is raised, as Lua raises its own, in the task whose answer it was.
local function raise_memory(event)
  if event.failure and event.failure.kind == "memory" then error("not enough memory", 0) end
end

--- The credentials for an attempt. Where they cannot be had asking again is of no use: that was done.
local function take_credentials(context, request, deadline)
  if not context.credentials then return true end
  local creds <const>, err <const> = context.credentials:get(deadline)
  if not creds then return nil, err end
  request.creds = creds
  return true
end

--- One attempt. Gives the event, or nil and an error.
local function attempt_once(context, request, attempt)
  local turn <close>, refusal <const> = take_turn(context, request)
  if not turn then return nil, refusal end
  local start <const> = loop.now()
  local event <const> = loop.send(context.transport, request)
  raise_memory(event)
  log_attempt(event, request, attempt, loop.now() - start)
  local err <const> = error_of(event, request)
  turn.outcome = outcome_of(context, request, err)
  if not err then return event end
  turn.breaker.last = err.message
  err.attempts = attempt
  err.hint = event.headers and event.headers["x-amz-retry-after"]
  return nil, err
end

--- Failures before anything was sent.
local NOT_SENT <const> = { dns = true, connect = true, connect_timeout = true, proxy = true,
  tls = true }

local UNKNOWN <const> = { timeout = true, server = true, network = true }

--- Whether the service may have done what was asked although no answer says so. With a status the
--- code is the other side's word, whatever it is.
local function outcome_is_unknown(err)
  return UNKNOWN[err.kind] and (err.status ~= nil or not NOT_SENT[err.code])
end

--- How long to wait before the next attempt; nil when there is none. A write that may have been done
--- is made again only where that does no harm: a tag may have moved to another image meanwhile.
local function next_delay(context, request, err, attempt)
  if not err.retryable or attempt > context.max_retries then return nil end
  if not request.repeatable and outcome_is_unknown(err) then return nil end
  local paid <const> = retry.pay(context.quota, err.kind)
  if not paid then return nil end
  if context.pause then return context.pause, paid end
  return retry.with_hint(retry.backoff(err.kind, attempt - 1, context.random()), err.hint), paid
end

local EXPIRED <const> = { ExpiredToken = true, ExpiredTokenException = true }

--- Whether other credentials can be had for those that were refused as expired.
local function can_renew(context, request, err)
  return EXPIRED[err.code] and context.credentials and context.credentials:refuse(request.creds)
end

--- How long to wait before what failed is asked again; nil when it is not. With other credentials it
--- is asked at once, one time.
local function plan_next(context, request, err, run)
  if not run.renewed and can_renew(context, request, err) then
    run.renewed = true
    return 0
  end
  local delay
  delay, run.paid = next_delay(context, request, err, run.attempt)
  run.attempt = run.attempt + 1
  return delay
end

--- Gets a request ready for an attempt; false, or nil and an error, when there is none.
local function prepare(context, request, deadline)
  local fine <const>, refusal <const> = take_credentials(context, request, deadline)
  if not fine then return nil, refusal end
  local left <const> = deadline and deadline - loop.now()
  if left and left <= 0 then return false end
  request.timeout = left and math.min(context.timeout, left) or context.timeout
  request.connect_timeout = context.connect_timeout
  request.user_agent = context.user_agent and context.user_agent()
  return true
end

--- Makes the request until it succeeds, cannot succeed, or time is up.
---@param context ecr.Exchange
---@param request table see DESIGN, the seam
---@param deadline? number on the loop's monotonic clock, over all attempts
---@return table? event with `value`
---@return ecr.Error?
function exchange.run(context, request, deadline)
  local run <const> = { attempt = 1 }
  local last
  while true do
    local ready <const>, refusal <const> = prepare(context, request, deadline)
    if not ready then return nil, refusal or past_deadline(request, last) end
    local event <const>, err <const> = attempt_once(context, request, run.attempt)
    if event then
      retry.refund(context.quota, run.paid)
      return event
    end
    local delay <const> = plan_next(context, request, err, run)
    if not delay then return nil, err.kind == "open" and last or err end
    if deadline and loop.now() + delay >= deadline then
      return nil, past_deadline(request, err)
    end
    log.write("info", "%s: %s; again in %.2f s", request.operation, err.message, delay)
    loop.sleep(delay)
    last = err
  end
end

return exchange
