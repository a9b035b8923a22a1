-- SPDX-License-Identifier: MIT
--- What settings may be, each by itself and together.

local check <const> = require "ecr.check"
local endpoint <const> = require "ecr.endpoint"
local flags <const> = require "ecr.flags"
local log <const> = require "ecr.log"
local refuse <const> = require "ecr.config.reading".refuse

local MOST_APP_ID <const> = 50 -- characters

local rules <const> = {}

--- Said at the same place; a replay of a script that names a scenario itself is none of it.
local function check_replay(made)
  for _, other in ipairs{ "sim", "record" } do
    local together <const> = made.replay and made[other]
    if together and (made.origin.replay == "code") == (made.origin[other] == "code") then
      return refuse("replay", "replay and %s cannot be used together", other)
    end
  end
  return true
end

local function check_contradictions(made)
  local name <const> = made.public_registry and "public_endpoint_url" or "endpoint_url"
  for _, variant in ipairs{ "use_fips", "use_dualstack" } do
    if made[name] and made[variant] then
      return refuse("endpoint_url", "%s (from %s) and the endpoint %s (from %s) contradict each "
        .. "other: a custom endpoint is the only one there is", variant, made.origin[variant],
        made[name], made.origin[name])
    end
  end
  return check_replay(made)
end

local RANGES <const> = {
  timeout = { 0, 86400, "seconds" }, connect_timeout = { 0, 86400, "seconds" },
  metadata_service_timeout = { 0, 300, "seconds" },
}

local function check_ranges(made)
  for name, range in pairs(RANGES) do
    if not (made[name] > range[1] and made[name] <= range[2]) then
      return refuse(name, "%s must be more than 0 and at most %d %s", name, range[2], range[3])
    end
  end
  if not (made.max_retries >= 0 and made.max_retries <= 100) then
    return refuse("max_retries", "max_retries must be from 0 to 100")
  end
  if not (made.token_refresh_buffer_secs >= 0 and made.token_refresh_buffer_secs <= 43200) then
    return refuse("token_refresh_buffer_secs",
      "token_refresh_buffer_secs must be from 0 to 43200, the life of a token")
  end
  local attempts <const> = made.metadata_service_num_attempts
  if not (attempts >= 1 and attempts <= 20) then
    return refuse("metadata_service_num_attempts",
      "metadata_service_num_attempts must be from 1 to 20")
  end
  return true
end

local CACHE <const> = { ttl = "number", max_bytes = "integer" }
local LONGEST_TTL <const>, MOST_BYTES <const> = 86400, 1 << 30

local function check_metadata_cache(made)
  local given <const> = made.metadata_cache
  if type(given) == "boolean" then return true end
  local ok <const>, err <const> = check.options(given, CACHE)
  if not ok then return refuse("metadata_cache", "metadata_cache: %s", err.message) end
  local ttl <const>, max_bytes <const> = given.ttl or 1, given.max_bytes or 1
  if not (ttl > 0 and ttl <= LONGEST_TTL) then
    return refuse("metadata_cache",
      "metadata_cache: ttl must be more than 0 and at most %d seconds", LONGEST_TTL)
  end
  if max_bytes < 1 or max_bytes > MOST_BYTES then
    return refuse("metadata_cache", "metadata_cache: max_bytes must be from 1 to %d", MOST_BYTES)
  end
  return true
end

--- Checks settings that were read.
---@param made ecr.Config
---@return true?
---@return ecr.Error? kind "config"
function rules.check(made)
  if made.region and not endpoint.is_region(made.region) then
    return refuse("region", "%q (from %s) is no AWS region (such as us-east-1)", made.region,
      made.origin.region)
  end
  if made.registry_id and not made.registry_id:find("^%d%d%d%d%d%d%d%d%d%d%d%d$") then
    return refuse("registry_id", "registry_id must be twelve digits, not %q", made.registry_id)
  end
  if flags.log and not log.is_level(flags.log) then
    return refuse("log", "--log: %q is none of error, warn, info, debug", flags.log)
  end
  if made.sdk_ua_app_id and #made.sdk_ua_app_id > MOST_APP_ID then
    log.write("warn", "sdk_ua_app_id (from %s) has more than %d characters",
      made.origin.sdk_ua_app_id, MOST_APP_ID)
  end
  for _, step in ipairs{ check_ranges, check_metadata_cache, check_contradictions } do
    local ok <const>, err <const> = step(made)
    if not ok then return nil, err end
  end
  return true
end

return rules
