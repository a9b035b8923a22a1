-- SPDX-License-Identifier: MIT
--- The User-Agent of a client, in the form that AWS's SDKs have agreed on. Pure.

local core <const> = require "ecr.core"

local RETRY_MODES <const> = { legacy = "D", standard = "E", adaptive = "F" }
local ENDPOINT_OVERRIDE <const> = "N"

local function clean(text)
  return (text:gsub("[^%w!$%%&'*+%-.^_`|~]", "-"))
end

--- What may stand between the parts: text of the user's, without what would end the header.
local function clean_extra(text)
  return (text:gsub("[^\x20-\x7e]", "-"))
end

--- The text of a User-Agent.
---@param settings ecr.Config
---@param features? string[] ids of what is used besides: where the credentials come from
---@param execution? string what AWS_EXECUTION_ENV says
---@return string
return function(settings, features, execution)
  local system <const> = core.uname()
  local ids <const> = table.move(features or {}, 1, #(features or {}), 1, {})
  ids[#ids + 1] = RETRY_MODES[settings.retry_mode]
  if settings.endpoint_url then ids[#ids + 1] = ENDPOINT_OVERRIDE end
  local parts <const> = { "ecrlua/" .. clean(core.version), "ua/2.1",
    ("os/%s#%s"):format(clean(system.system:lower()), clean(system.release)),
    "md/arch#" .. clean(system.machine), "lang/lua#" .. _VERSION:match("%S+$") }
  if execution and execution ~= "" then parts[#parts + 1] = "exec-env/" .. clean(execution) end
  parts[#parts + 1] = "m/" .. table.concat(ids, ",")
  parts[#parts + 1] = "cfg/retry-mode#" .. settings.retry_mode
  if settings.sdk_ua_app_id then parts[#parts + 1] = "app/" .. clean(settings.sdk_ua_app_id) end
  if settings.user_agent_extra then
    parts[#parts + 1] = clean_extra(settings.user_agent_extra)
  end
  return table.concat(parts, " ")
end
