-- SPDX-License-Identifier: MIT
--- Waiting for a scan that somebody else started, for `client.scan:wait_for`: the gate's reading
--- without its verdict. Nothing is started, and any age will do.

local error_object <const> = require "ecr.error"
local gate_options <const> = require "ecr.gate.options"
local check <const> = require "ecr.check"
local loop <const> = require "ecr.loop"
local name <const> = require "ecr.name"
local watch <const> = require "ecr.gate.watch"

local KNOWN <const> = { timeout_seconds = "number", poll_interval_seconds = "number",
  settle_seconds = "number", grace_seconds = "number", on_progress = "function" }

local function settle(client, given)
  local watched <const> = { timeout = given.timeout_seconds, poll = given.poll_interval_seconds,
    settle = given.settle_seconds, grace = given.grace_seconds, max_scan_age = math.huge,
    start = false }
  if given.on_progress then
    watched.on_poll = function(_, status, waited) given.on_progress(status, waited) end
  end
  local ok <const>, err <const> = gate_options.check(watched)
  if not ok then return nil, err end
  return gate_options.settle(watched, client.config.timeout)
end

--- The digest to wait for: a tag may move meanwhile.
local function by_digest(client, image, calls)
  if image.digest then return image end
  local detail <const>, err <const> = client.image:describe(image, nil, calls)
  if not detail then return nil, err end
  return name.with_digest(image, detail.image_digest)
end

--- What a reading without a result is, as an error.
local function failure_of(reading)
  if reading.error then return nil, reading.error end
  local message <const> = reading.reason .. "; " .. reading.advice
  if reading.ended then
    return error_object.give{ kind = "conflict", code = reading.status or "no_scan",
      operation = "DescribeImageScanFindings", message = message }
  end
  return error_object.give{ kind = "timeout", code = "no_result", retryable = false,
    operation = "DescribeImageScanFindings", message = message }
end

--- Waits; see `client.scan:wait_for`.
---@param client ecr.Client
---@param image ecr.ImageName
---@param given ecr.WaitOptions
---@return ecr.ScanFindings?
---@return ecr.Error?
return function(client, image, given)
  local ok <const>, problem <const> = check.options(given, KNOWN)
  if not ok then return nil, problem end
  local options <const>, refusal <const> = settle(client, given)
  if not options then return nil, refusal end
  client = client:uncached()
  local start <const> = loop.now()
  local named <const>, err <const> = by_digest(client, image, options.calls)
  if not named then return nil, err end
  local watched <const> = watch.new(client, named, options)
  watched.since = start
  local reading <const> = watch.wait(watched, { digest = named.digest })
  if reading.result then return reading.result end
  return failure_of(reading)
end
