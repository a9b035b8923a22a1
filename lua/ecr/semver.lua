-- SPDX-License-Identifier: MIT
--- Order of version tags: "v1.10.0" after "v1.9.2", "1.0.0-rc.1" before "1.0.0". Source: Semantic
--- Versioning 2.0.0, section 11; a leading "v" and missing minor or patch numbers are taken, as tags
--- have them.

local semver <const> = {}

---@class ecr.Version
---@field numbers integer[] major, minor, patch
---@field prerelease (integer|string)[] empty for a release

local function read_prerelease(text)
  local parts <const> = {}
  for part in text:gmatch("[^.]+") do
    parts[#parts + 1] = part:find("^%d+$") and math.tointeger(tonumber(part)) or part
  end
  return parts
end

--- Reads a tag as a version.
---@param tag string
---@return ecr.Version? nil when it is none
function semver.read(tag)
  local core <const>, rest <const> = tag:match("^[vV]?(%d[%d.]*)(.*)$")
  if not core or core:find("..", 1, true) or core:sub(-1) == "." then return nil end
  local numbers <const> = {}
  for number in core:gmatch("%d+") do numbers[#numbers + 1] = math.tointeger(tonumber(number)) end
  if #numbers > 3 or #core > 40 then return nil end
  local prerelease <const> = rest:match("^%-([%w.-]+)$") or rest:match("^%-([%w.-]+)%+[%w.-]+$")
  if rest ~= "" and not prerelease and not rest:find("^%+[%w.-]+$") then return nil end
  for i = #numbers + 1, 3 do numbers[i] = 0 end
  return { numbers = numbers, prerelease = read_prerelease(prerelease or "") }
end

--- Numbers come before words, words by their letters.
local function compare_part(a, b)
  if type(a) ~= type(b) then return math.type(a) and -1 or 1 end
  if a == b then return 0 end
  return a < b and -1 or 1
end

local function compare_list(a, b)
  for i = 1, math.min(#a, #b) do
    local order <const> = compare_part(a[i], b[i])
    if order ~= 0 then return order end
  end
  return compare_part(#a, #b)
end

--- -1, 0 or 1: whether one version comes before another, is the same, or comes after.
---@param a ecr.Version
---@param b ecr.Version
---@return integer
function semver.compare(a, b)
  local order <const> = compare_list(a.numbers, b.numbers)
  if order ~= 0 then return order end
  if #a.prerelease == 0 or #b.prerelease == 0 then
    return compare_part(#b.prerelease, #a.prerelease) -- a release comes after its prereleases
  end
  return compare_list(a.prerelease, b.prerelease)
end

return semver
