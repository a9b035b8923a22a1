-- SPDX-License-Identifier: MIT
--- Waiting for one image's scan result: reads it until it is usable, dead, or time is up, and asks
--- for a scan where there is none or only an old one. An image whose result is not there is never
--- called clean.

local loop <const> = require "ecr.loop"
local rescan <const> = require "ecr.gate.rescan"
local state <const> = require "ecr.gate.state"

local SHORTEST_PAUSE <const> = 0.1 -- seconds
local LAST_LOOK <const> = 1 -- seconds before the deadline
local TICK <const> = 0.001 -- seconds, finer than the service's times: newer is newer by this much

---@class ecr.WatchOptions
---@field deadline number on the loop's monotonic clock, for the waiting
---@field calls {deadline: number} options of the calls
---@field poll number seconds between readings
---@field settle number seconds that an enhanced result must stay the same
---@field grace number seconds during which "no scan" may still become one
---@field fresh_from number wall clock: a basic scan that was completed before is too old
---@field start boolean whether a scan may be started
---@field on_poll? fun(target: ecr.GateTarget, status: string, waited: number, pause: number)

---@class ecr.Reading
---@field outcome "result"|"none"|"error"
---@field result? ecr.ScanFindings
---@field status? string the scan's, when it was read last
---@field started? boolean whether a scan was started
---@field ended? boolean there will be no result; otherwise it was not there in time
---@field waited? boolean whether there was more than one reading
---@field reason? string
---@field advice? string
---@field error? ecr.Error

---@class ecr.Watched
---@field client ecr.Client
---@field image ecr.ImageName
---@field options ecr.WatchOptions
---@field since number monotonic clock: since when there might have been a scan
---@field fresh_from number
---@field status string in a word, for `on_poll`
---@field scan_status? string the service's, when it was read last
---@field started? boolean whether a scan was started
---@field waited? boolean
---@field reason? string why there is no answer yet
---@field asked? ecr.RescanOutcome
---@field refusal? ecr.Error why no scan was started
---@field fingerprint? string of the last reading that may be the result
---@field same_since? number
---@field reading? ecr.Reading

local watch <const> = {}

local look -- a reading may lead to another one, once

--- There will be no result.
local function none(reason, advice)
  return { outcome = "none", reason = reason, advice = advice, ended = true }
end

--- There is none yet, and no more waiting.
local function too_late(reason, advice)
  return { outcome = "none", reason = reason, advice = advice }
end

local function waiting(watched, reason)
  watched.reason = reason
end

-- --- asking for a scan ---------------------------------------------------------------------------

--- Asks once. Gives a reading when that ends the waiting.
local function ask(watched)
  local outcome <const>, err <const>, status <const> = rescan.ask(watched.client, watched.image,
    watched.options.calls)
  if err and err.code == "deadline" then
    return waiting(watched, "there was no time to start a scan")
  end
  watched.asked, watched.refusal = outcome, err
  if outcome == "error" then return { outcome = "error", error = err } end
  if outcome == "never" then return none(state.end_of(status)) end
  if outcome == "started" then
    watched.started, watched.since, watched.status = true, loop.now(), "scan started"
    return waiting(watched, "a scan was started and has no result yet")
  end
  return look(watched)
end

--- Whether what is not there may still come by itself: for a while after a push, and after the
--- start of a scan.
local function is_early(watched)
  return loop.now() - watched.since < watched.options.grace
end

local function on_no_scan(watched)
  watched.status = "no scan"
  if watched.options.start and not watched.asked then return ask(watched) end
  if is_early(watched) then return waiting(watched, "the image has no scan yet") end
  local why <const>, advice <const> = rescan.why_not(watched.asked, watched.refusal)
  return none("the image has no scan, " .. why, advice)
end

--- How old a result is, as people say it.
local function age_text(seconds)
  for _, unit in ipairs{ { 86400, "days" }, { 3600, "hours" }, { 60, "minutes" } } do
    if seconds >= 2 * unit[1] then return ("%d %s"):format(seconds // unit[1], unit[2]) end
  end
  return ("%d seconds"):format(seconds)
end

--- Asks for a scan in place of an old one: any that is newer will do.
local function renew(watched, result)
  local answer <const> = ask(watched)
  if watched.started then
    watched.fresh_from = math.min(watched.fresh_from, result.completed_at + TICK)
  end
  return answer
end

--- A basic scan's result is too old.
local function on_stale(watched, result)
  watched.status = "result too old"
  if watched.options.start and not watched.asked then return renew(watched, result) end
  local _, wall <const> = loop.now()
  local reason <const> = "the last scan is " .. age_text(wall - result.completed_at) .. " old"
  if watched.started then
    return waiting(watched, reason .. " and the one that was started is not done")
  end
  if watched.asked == "enhanced" and is_early(watched) then return waiting(watched, reason) end
  local why <const>, advice <const> = rescan.why_not(watched.asked, watched.refusal)
  return none(("%s, which is more than allowed, %s"):format(reason, why),
    advice .. ", or allow a greater age")
end

-- --- readings ------------------------------------------------------------------------------------

local function on_settling(watched, result)
  local now <const>, fingerprint <const> = loop.now(), state.fingerprint(result)
  if watched.fingerprint ~= fingerprint then
    watched.fingerprint, watched.same_since = fingerprint, now
  elseif now - watched.same_since >= watched.options.settle then
    return { outcome = "result", result = result }
  end
  return waiting(watched, "the findings may still be growing")
end

--- One result as a final answer; nil when it is none yet.
local function judge(watched, result)
  local verdict <const>, reason <const>, advice <const> = state.judge(result, watched.fresh_from)
  if verdict == "settle" then return on_settling(watched, result) end
  watched.fingerprint = nil
  if verdict == "usable" then return { outcome = "result", result = result } end
  if verdict == "wait" then return waiting(watched, reason) end
  if verdict == "stale" then return on_stale(watched, result) end
  local words <const> = result.description and (" (" .. result.description .. ")") or ""
  return none(reason .. words, advice)
end

--- Reads once. Nil when it is worth waiting.
function look(watched)
  local result <const>, err <const> = watched.client.scan:get_findings(watched.image, nil,
    watched.options.calls)
  if result then
    watched.status, watched.scan_status = result.status, result.status
    return judge(watched, result)
  end
  if err.code == "ScanNotFoundException" then return on_no_scan(watched) end
  if err.code ~= "deadline" then return { outcome = "error", error = err } end
  return waiting(watched, err.cause and err.message or watched.reason
    or "the scan was not read in time")
end

--- How long until the next reading; shorter when a settled result is due before, or for the last
--- one, which still has time for its answer. Nil after the last one.
local function pause(watched, now)
  local last <const> = watched.options.deadline - LAST_LOOK
  if now >= last then return nil end
  local seconds = watched.options.poll
  if watched.fingerprint then
    local due <const> = watched.same_since + watched.options.settle
    seconds = math.min(seconds, math.max(SHORTEST_PAUSE, due - now))
  end
  return math.min(seconds, last - now)
end

local function complete(watched, reading)
  reading.status, reading.started = watched.scan_status, watched.started
  reading.waited = watched.waited
  return reading
end

--- Something to watch one image with.
---@param client ecr.Client
---@param image ecr.ImageName with a digest
---@param options ecr.WatchOptions
---@return ecr.Watched
function watch.new(client, image, options)
  return { client = client, image = image, options = options, since = loop.now(),
    fresh_from = options.fresh_from, status = "not read" }
end

--- What is known when the waiting is broken off.
---@param watched ecr.Watched
---@return ecr.Reading
function watch.broken_off(watched)
  return watched.reading or complete(watched, too_late("broken off before there was a result"
    .. (watched.reason and ": " .. watched.reason or ""), "run the gate again"))
end

--- Waits for the scan result.
---@param watched ecr.Watched
---@param target ecr.GateTarget for `on_poll`
---@return ecr.Reading
function watch.wait(watched, target)
  local start <const>, options <const> = loop.now(), watched.options
  while not watched.reading do
    local answer <const>, now <const> = look(watched), loop.now()
    local seconds <const> = not answer and pause(watched, now)
    if seconds then
      if options.on_poll then options.on_poll(target, watched.status, now - start, seconds) end
      watched.waited = true
      loop.sleep(seconds)
    else
      watched.reading = complete(watched, answer or too_late("no settled result in time: "
        .. watched.reason, "run the gate again later or with a longer --timeout"))
    end
  end
  return watched.reading
end

return watch
