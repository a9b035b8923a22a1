-- SPDX-License-Identifier: MIT
--- When a failed request is made again, and after how long: AWS's standard mode, the newer of the
--- two published algorithms. Pure: the random number and the server's hint come in, seconds go out.
--- Source: "Retry behavior" in the AWS SDKs and Tools Reference Guide.

local MAX_DELAY <const> = 20       -- seconds
local BASE <const> = { throttled = 1 } -- seconds; everything else:
local OTHER_BASE <const> = 0.05
local COST <const> = { throttled = 5 }
local OTHER_COST <const> = 14
local FIRST_TRY_RETURN <const> = 1
local HINT_ABOVE <const> = 5       -- a hint may lengthen a delay by this many seconds at most

local retry <const> = {}

---@class ecr.RetryQuota what all calls of a client may spend on repetitions
---@field capacity integer
---@field left integer

--- A full quota.
---@return ecr.RetryQuota
function retry.new_quota()
  return { capacity = 500, left = 500 }
end

--- The delay before repetition `k` (0 = the first).
---@param kind ecr.ErrorKind
---@param k integer
---@param random number uniform in [0, 1)
---@return number seconds
function retry.backoff(kind, k, random)
  return random * math.min((BASE[kind] or OTHER_BASE) * 2 ^ k, MAX_DELAY)
end

--- A delay, lengthened by what the service asked for in `x-amz-retry-after`.
---@param delay number seconds
---@param header? string milliseconds, as received
---@return number seconds
function retry.with_hint(delay, header)
  local milliseconds <const> = header and header:match("^%d+$") and tonumber(header)
  if not milliseconds then return delay end
  return math.max(delay, math.min(milliseconds / 1000, delay + HINT_ABOVE))
end

--- Takes the price of one repetition out of the quota.
---@param quota ecr.RetryQuota
---@param kind ecr.ErrorKind
---@return integer? paid nil when there is not enough left: the error is final
function retry.pay(quota, kind)
  local cost <const> = COST[kind] or OTHER_COST
  if quota.left < cost then return nil end
  quota.left = quota.left - cost
  return cost
end

--- Gives back to the quota after a success.
---@param quota ecr.RetryQuota
---@param paid? integer what the last repetition cost; nil when the first try succeeded
function retry.refund(quota, paid)
  quota.left = math.min(quota.capacity, quota.left + (paid or FIRST_TRY_RETURN))
end

return retry
