-- SPDX-License-Identifier: MIT
--- When credentials that expire are fetched again. Pure: times come in, words go out. The spans are
--- those of AWS's SDKs (15 and 10 minutes before the end), shorter for credentials that live less
--- than an hour, and spread at random so that a fleet does not ask all at once.

local EARLY <const>, EARLY_PART <const> = 900, 1 / 3 -- seconds; of the life
local LATE <const>, LATE_PART <const> = 600, 1 / 6
local SPREAD <const> = 0.1 -- of the early span
local PAUSE <const> = 30   -- seconds after a renewal that failed

local renewal <const> = {}

---@class ecr.Kept credentials in use, and when they are due
---@field creds userdata
---@field expires? number wall clock; nil = never
---@field early? number wall clock, from when they are renewed by the way
---@field late? number wall clock, from when whoever wants them waits for new ones
---@field retry_at? number wall clock, not before

--- Credentials that were just fetched.
---@param creds userdata
---@param expires? number wall clock
---@param now number wall clock
---@param random number uniform in [0, 1)
---@return ecr.Kept
function renewal.keep(creds, expires, now, random)
  if not expires then return { creds = creds } end
  local life <const> = math.max(0, expires - now)
  local early <const> = math.min(EARLY, life * EARLY_PART)
  return { creds = creds, expires = expires, early = expires - early * (1 + SPREAD * random),
    late = expires - math.min(LATE, life * LATE_PART) }
end

--- What to do when credentials are wanted: use them; use them and renew them by the way; wait for new
--- ones, and use the old if there are none; wait for new ones.
---@param kept? ecr.Kept
---@param now number wall clock
---@return "use"|"renew"|"prefer"|"fetch"
function renewal.step(kept, now)
  if not kept then return "fetch" end
  if not kept.expires then return "use" end
  if now >= kept.expires then return "fetch" end
  if kept.retry_at and now < kept.retry_at then return "use" end
  if now >= kept.late then return "prefer" end
  return now >= kept.early and "renew" or "use"
end

--- A renewal failed: the next one is not tried at once.
---@param kept ecr.Kept
---@param now number wall clock
---@param random number uniform in [0, 1)
function renewal.failed(kept, now, random)
  kept.retry_at = now + PAUSE * (1 + SPREAD * random)
end

return renewal
