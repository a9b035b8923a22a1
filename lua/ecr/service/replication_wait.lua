-- SPDX-License-Identifier: MIT
--- Waiting for an image to come to the destinations of its registry's replication rules, for
--- `client.replication:wait_for`. The service tells only of what was started: an empty list is no
--- success, so what is waited for comes from the rules.

local check <const> = require "ecr.check"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local name <const> = require "ecr.name"
local replication_type <const> = require "ecr.types.replication"
local verify <const> = require "ecr.service.replication_verify"

local KNOWN <const> = { timeout_seconds = "number", poll_interval_seconds = "number",
  grace_seconds = "number", regions = "table", verify = "boolean", on_progress = "function" }
local DEFAULTS <const> = { timeout_seconds = 300, poll_interval_seconds = 5, grace_seconds = 60 }
local SHORTEST_POLL <const> = 0.1 -- seconds
local LAST_LOOK <const> = 1       -- seconds before the deadline
local OPERATION <const> = "DescribeImageReplicationStatus"

---@class ecr.ReplicationWatch
---@field client ecr.Client of the image's region
---@field image ecr.ImageName by its digest, once that is known
---@field options ecr.ReplicationWaitOptions
---@field start number monotonic clock
---@field deadline number monotonic clock
---@field calls {deadline: number} options of the calls
---@field destinations ecr.ReplicationDestination[] those that are waited for
---@field media_type? string the image's
---@field statuses table<string, ecr.ReplicationStatus> by destination, as of the last look
---@field seconds table<string, number> by destination

local function refuse(kind, code, message, ...)
  return error_object.give{ kind = kind, code = code, message = message:format(...) }
end

-- --- what to wait for ----------------------------------------------------------------------------

local function settle(given)
  local ok <const>, err <const> = check.options(given, KNOWN)
  if not ok then return nil, err end
  local options <const> = { regions = given.regions, verify = given.verify,
    on_progress = given.on_progress or function() end }
  for key, value in pairs(DEFAULTS) do
    options[key] = given[key] or value
    if not (options[key] >= 0 and options[key] < math.huge) then
      return refuse("input", "option", "%s must be a number of seconds", key)
    end
  end
  options.poll_interval_seconds = math.max(options.poll_interval_seconds, SHORTEST_POLL)
  return options
end

--- A timeout of nothing means: look once; the calls then have the time that one attempt has.
local function begin(client, image, options)
  local start <const> = loop.now()
  local deadline <const> = start + options.timeout_seconds
  local none <const> = options.timeout_seconds == 0
  return { client = client, image = image, options = options, start = start, deadline = deadline,
    calls = { deadline = none and start + client.config.timeout or deadline }, statuses = {},
    seconds = {} }
end

--- The destinations in regions; each region must be one of a rule.
local function in_regions(destinations, regions)
  local wanted <const>, found <const>, list <const> = {}, {}, {}
  for _, region in ipairs(regions) do wanted[region] = true end
  for _, destination in ipairs(destinations) do
    if wanted[destination.region] then list[#list + 1] = destination end
    found[destination.region] = true
  end
  for _, region in ipairs(regions) do
    if not found[region] then
      return refuse("input", "no_rule", "no replication rule for the repository leads to %s",
        tostring(region))
    end
  end
  if list[1] then return list end
  return refuse("input", "option", "regions names none; leave it out to wait for all")
end

--- The rules can be read of one's own registry only.
local function check_registry(watch, config)
  local of_image <const> = watch.image.registry_id or watch.client.config.registry_id
  if not of_image or of_image == config.registry_id then return true end
  return refuse("input", "other_registry", "the replication rules of registry %s can be read only "
    .. "as that account; this is %s", of_image, config.registry_id)
end

local function find_destinations(watch)
  local config <const>, err <const> = watch.client.replication:get_config(watch.calls)
  if not config then return nil, err end
  local ok <const>, refusal <const> = check_registry(watch, config)
  if not ok then return nil, refusal end
  local repository <const> = watch.image.repository
  local all <const> = replication_type.destinations(config.rules, repository)
  if not all[1] then
    return refuse("conflict", "no_rule", "no replication rule is for the repository %s: nothing of "
      .. "it will be replicated", repository)
  end
  if not watch.options.regions then return all end
  return in_regions(all, watch.options.regions)
end

--- Settles which image it is, without reading its manifest, which would renew its pull time.
local function resolve(watch)
  if watch.image.digest and not watch.options.verify then return true end
  local detail <const>, err <const> = watch.client.image:describe(watch.image, nil, watch.calls)
  if not detail then return nil, err end
  watch.image = name.with_digest(watch.image, detail.image_digest)
  watch.media_type = detail.image_manifest_media_type
  return true
end

-- --- looking -------------------------------------------------------------------------------------

--- The statuses of what is waited for, in the order of the rules.
local function statuses_of(watch)
  local list <const> = {}
  for _, destination in ipairs(watch.destinations) do
    list[#list + 1] = watch.statuses[replication_type.key(destination)]
  end
  return list
end

local function give_up(watch, kind, code, message)
  return error_object.give{ kind = kind, code = code, operation = OPERATION, retryable = false,
    message = ("%s: %s"):format(watch.image, message), statuses = statuses_of(watch) }
end

local function check_failures(watch)
  for _, status in ipairs(statuses_of(watch)) do
    if status.status == "FAILED" then
      return give_up(watch, "conflict", "replication_failed",
        ("replication to region %s of registry %s failed: %s"):format(status.region,
          status.registry_id, status.failure_code or "the service gives no code"))
    end
  end
  return true
end

--- Reads where it stands. What the service no longer tells of does not stand where it stood.
local function look(watch)
  local got <const>, err <const> = watch.client.replication:get_status(watch.image, nil,
    watch.calls)
  if not got then return nil, err end
  watch.statuses = {}
  for _, status in ipairs(got) do watch.statuses[status:key()] = status end
  for _, destination in ipairs(watch.destinations) do
    local key <const> = replication_type.key(destination)
    local complete <const> = (watch.statuses[key] or {}).status == "COMPLETE"
    watch.seconds[key] = complete and (watch.seconds[key] or loop.now() - watch.start) or nil
  end
  return check_failures(watch)
end

--- The destinations where it is not complete, and those of them where it was not started, in words.
local function missing(watch)
  local unfinished <const>, unstarted <const> = {}, {}
  for _, destination in ipairs(watch.destinations) do
    local key <const> = replication_type.key(destination)
    local status <const> = watch.statuses[key]
    if not status then unstarted[#unstarted + 1] = key end
    if not watch.seconds[key] then
      unfinished[#unfinished + 1] = ("%s (%s)"):format(key, status and status.status
        or "not started")
    end
  end
  return unfinished, unstarted
end

local function too_late(watch, cause)
  local unfinished <const> = missing(watch)
  local _, err <const> = give_up(watch, "timeout", "not_replicated",
    ("after %.0f s it is not replicated to %s"):format(loop.now() - watch.start,
      table.concat(unfinished, ", ")))
  err.cause = cause
  return nil, err
end

local function not_started(watch, unstarted)
  return give_up(watch, "timeout", "not_started",
    ("after %.0f s replication was not started to %s: what was pushed before its rule is not "
      .. "replicated; push it again"):format(loop.now() - watch.start,
      table.concat(unstarted, ", ")))
end

local function pause_before(watch, now)
  local last <const> = watch.deadline - LAST_LOOK
  if now < last then return math.min(watch.options.poll_interval_seconds, last - now) end
end

--- Looks until it is complete everywhere.
local function watch_all(watch)
  while true do
    local ok <const>, err <const> = look(watch)
    if not ok and err.code == "deadline" then return too_late(watch, err) end
    if not ok then return nil, err end
    local unfinished <const>, unstarted <const> = missing(watch)
    if not unfinished[1] then return true end
    local now <const> = loop.now()
    local pause <const> = pause_before(watch, now)
    if not pause then return too_late(watch) end
    if unstarted[1] and now - watch.start >= watch.options.grace_seconds then
      return not_started(watch, unstarted)
    end
    watch.options.on_progress(statuses_of(watch), now - watch.start)
    loop.sleep(pause)
  end
end

--- Waits; see `client.replication:wait_for`.
---@param client ecr.Client
---@param image ecr.ImageName
---@param given ecr.ReplicationWaitOptions
---@return ecr.ReplicationResult?
---@return ecr.Error?
return function(client, image, given)
  local options <const>, problem <const> = settle(given)
  if not options then return nil, problem end
  local regional <const>, refusal <const> = client:in_region(image.region or client.config.region)
  if not regional then return nil, refusal end
  local watch <const> = begin(regional:uncached(), image, options)
  local ok, err = resolve(watch)
  if not ok then return nil, err end
  watch.destinations, err = find_destinations(watch)
  if not watch.destinations then return nil, err end
  ok, err = watch_all(watch)
  if ok and options.verify then ok, err = verify(watch) end
  if not ok then return nil, err end
  return { statuses = statuses_of(watch), seconds = watch.seconds }
end
