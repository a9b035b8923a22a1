-- SPDX-License-Identifier: MIT
--- Waiting for one image's scan result: reads it until it is usable, dead, or time is up. An image
--- whose result is not there is never called clean.

local loop <const> = require "ecr.loop"
local state <const> = require "ecr.gate.state"

---@class ecr.WatchOptions
---@field deadline number on the loop's monotonic clock, for the waiting
---@field calls {deadline: number} options of the calls
---@field poll number seconds between readings
---@field settle number seconds that an enhanced result must stay the same
---@field grace number seconds during which "no scan" may still become one
---@field on_poll? fun(target: ecr.GateTarget, status: string, waited: number)

---@class ecr.Reading
---@field outcome "result"|"none"|"error"
---@field result? ecr.ScanFindings
---@field reason? string
---@field advice? string
---@field error? ecr.Error

local watch <const> = {}

--- Errors that say "not yet" for a while after a push.
local function is_no_scan(err)
  return err.code == "ScanNotFoundException"
end

local function none(reason, advice)
  return { outcome = "none", reason = reason, advice = advice }
end

--- One reading as a final answer, or nil and why it is none yet.
local function judge(watched, result, now, options)
  local verdict <const>, reason <const>, advice <const> = state.judge(result)
  if verdict == "usable" then return { outcome = "result", result = result } end
  if verdict == "dead" then
    local words <const> = result.description and (" (" .. result.description .. ")") or ""
    return none(reason .. words, advice)
  end
  if verdict == "wait" then
    watched.fingerprint = nil
    return nil, reason
  end
  local fingerprint <const> = state.fingerprint(result)
  if watched.fingerprint ~= fingerprint then
    watched.fingerprint, watched.since = fingerprint, now
  elseif now - watched.since >= options.settle then
    return { outcome = "result", result = result }
  end
  return nil, "the findings may still be growing"
end

--- One reading, judged. Nil and a reason when it is worth waiting.
local function read_once(watched, client, image, options)
  local result <const>, err <const> = client.scan:get_findings(image, nil, options.calls)
  local now <const> = loop.now()
  if result then
    watched.status = result.status
    return judge(watched, result, now, options)
  end
  watched.status = "no scan"
  if err.code == "deadline" then return nil, watched.reason or "the scan was not read in time" end
  if not is_no_scan(err) then return { outcome = "error", error = err } end
  if now - watched.start >= options.grace then
    return none("the image has no scan", "start one, or switch on scan on push for the repository")
  end
  return nil, "the image has no scan yet"
end

--- How long until the next reading; shorter when a settled result is due before.
local function pause(watched, now, options)
  local seconds = options.poll
  if watched.fingerprint then
    seconds = math.min(seconds, math.max(0.1, watched.since + options.settle - now))
  end
  return math.min(seconds, math.max(0, options.deadline - now))
end

--- Waits for the scan result of one digest.
---@param client ecr.Client
---@param image ecr.ImageName with a digest
---@param target ecr.GateTarget
---@param options ecr.WatchOptions
---@return ecr.Reading
function watch.wait(client, image, target, options)
  local watched <const> = { start = loop.now() }
  while true do
    local answer <const>, reason <const> = read_once(watched, client, image, options)
    if answer then return answer end
    watched.reason = reason
    local now <const> = loop.now()
    if now >= options.deadline then
      return none("no settled result in time: " .. reason,
        "run the gate again later or with a longer --timeout")
    end
    if options.on_poll then options.on_poll(target, watched.status, now - watched.start) end
    loop.sleep(pause(watched, now, options))
  end
end

return watch
