-- SPDX-License-Identifier: MIT
--- Settings and sources of credentials, as lists that print as text. Nothing secret is in them.

local masked_url <const> = require "ecr.masked_url"
local printable <const> = require "ecr.printable"
local settings <const> = require "ecr.config.settings"

local MOST <const>, MOST_DETAIL <const> = 200, 2000 -- bytes that a line shows

local explanation <const> = {}

local function padded_to(rows, key)
  local width = 0
  for _, row in ipairs(rows) do width = math.max(width, #row[key]) end
  return width
end

local settings_mt <const> = { __name = "ecr.settings_explanation" }

function settings_mt.__tostring(self)
  local lines <const> = {}
  local names <const>, values <const> = padded_to(self, "name"), padded_to(self, "value")
  for i, row in ipairs(self) do
    lines[i] = ("%-" .. names .. "s  %-" .. math.min(values, 40) .. "s  %s"):format(row.name,
      row.value, row.origin)
  end
  return table.concat(lines, "\n")
end

--- A setting of several parts as its options: "ttl = 60".
local function parts_of(value)
  local parts <const> = {}
  for key, item in pairs(value) do parts[#parts + 1] = ("%s = %s"):format(key, item) end
  table.sort(parts)
  return #parts > 0 and table.concat(parts, ", ") or "true"
end

--- A proxy's URL may hold a password. It is masked first: what is cut off could be the end of it.
local function shown(name, value)
  value = type(value) == "table" and parts_of(value) or tostring(value)
  return printable(name == "proxy" and masked_url(value) or value, MOST)
end

local function add(rows, name, value, origin)
  rows[#rows + 1] = { name = name, value = value == nil and "-" or shown(name, value),
    origin = origin }
end

local PROXY_VARIABLES <const> = { "HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY",
  "all_proxy", "NO_PROXY", "no_proxy" }

local function add_proxies(rows)
  for _, variable in ipairs(PROXY_VARIABLES) do
    local value <const> = os.getenv(variable)
    if value and value ~= "" then add(rows, "proxy", value, variable) end
  end
end

--- Every setting, its value and who said it.
---@param made ecr.Config
---@return {name: string, value: string, origin: string}[] rows also a text, by `tostring`
function explanation.of_settings(made)
  local rows <const> = {}
  for name, setting in pairs(settings) do
    if not setting.hidden then add(rows, name, made[name], made.origin[name]) end
  end
  for service, url in pairs(made.endpoints) do
    add(rows, service .. "_endpoint", url, made.origin[service .. " endpoint"])
  end
  if not made.proxy then add_proxies(rows) end
  add(rows, "config_file", made.profiles.paths.config, "shared files")
  add(rows, "credentials_file", made.profiles.paths.credentials, "shared files")
  table.sort(rows, function(a, b)
    return a.name < b.name or a.name == b.name and a.origin < b.origin
  end)
  return setmetatable(rows, settings_mt)
end

local steps_mt <const> = { __name = "ecr.credentials_explanation" }

function steps_mt.__tostring(self)
  local lines <const> = {}
  for i, step in ipairs(self) do
    lines[i] = step.detail and ("%-21s  %-11s  %s"):format(step.source, step.state,
      printable(step.detail, MOST_DETAIL)) or ("%-21s  %s"):format(step.source, step.state)
  end
  return table.concat(lines, "\n")
end

--- What came of each source of credentials.
---@param steps ecr.CredentialStep[]
---@return ecr.CredentialStep[] the same, also a text by `tostring`
function explanation.of_credentials(steps)
  return setmetatable(steps, steps_mt)
end

return explanation
