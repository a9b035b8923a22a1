-- SPDX-License-Identifier: MIT
--- What an image runs on: operating system, architecture, variant. Names are normalised as container
--- runtimes do, so that "x86_64" is "amd64". Source: the OCI image index specification; the
--- normalisation and order of preference of containerd's platforms package.

local error_object <const> = require "ecr.error"

---@class ecr.Platform
---@field os string
---@field architecture string
---@field variant? string
---@field os_version? string of Windows
---@field os_features? string[]
local platform_methods <const> = {}
local platform_mt <const> = { __name = "ecr.platform", __index = platform_methods }

function platform_mt.__tostring(self)
  local parts <const> = { self.os, self.architecture, self.variant }
  return table.concat(parts, "/") .. (self.os_version and " (" .. self.os_version .. ")" or "")
end

-- --- normalisation -------------------------------------------------------------------------------

local SYSTEMS <const> = { macos = "darwin" }
local ARCHITECTURES <const> = { i386 = "386", x86_64 = "amd64", ["x86-64"] = "amd64",
  aarch64 = "arm64", armhf = "arm", armel = "arm" }
local IMPLIED_VARIANTS <const> = { armhf = "v7", armel = "v6", i386 = "" }
--- By architecture; "" = none.
local VARIANTS <const> = {
  amd64 = { v1 = "" },
  arm64 = { ["8"] = "", v8 = "", ["v8.0"] = "", ["9"] = "v9", ["9.0"] = "v9", ["v9.0"] = "v9" },
  arm = { [""] = "v7", ["5"] = "v5", ["6"] = "v6", ["7"] = "v7", ["8"] = "v8" },
}

local function normal_variant(given, architecture, variant)
  local implied <const> = IMPLIED_VARIANTS[given]
  if implied then return implied end
  local known <const> = VARIANTS[architecture] or {}
  return known[variant] or variant
end

local platform <const> = {}

--- A platform with the names that runtimes use.
---@param os string
---@param architecture string
---@param variant? string
---@return ecr.Platform
function platform.new(os, architecture, variant)
  os, architecture, variant = os:lower(), architecture:lower(), (variant or ""):lower()
  local normal <const> = ARCHITECTURES[architecture] or architecture
  local kind <const> = normal_variant(architecture, normal, variant)
  return setmetatable({ os = SYSTEMS[os] or os, architecture = normal,
    variant = kind ~= "" and kind or nil }, platform_mt)
end

--- The platform of an entry of an index; nil where it names none.
---@param raw? {os?: string, architecture?: string, variant?: string, os_version?: string}
---@return ecr.Platform?
function platform.of(raw)
  if not raw or type(raw.os) ~= "string" or type(raw.architecture) ~= "string" then return nil end
  local made <const> = platform.new(raw.os, raw.architecture, raw.variant)
  made.os_version, made.os_features = raw.os_version, raw.os_features
  return made
end

local function refuse(text)
  return error_object.give{ kind = "input", code = "platform",
    message = ("%q is no platform, such as linux/arm64 or linux/arm/v7"):format(tostring(text)) }
end

--- A platform from what a caller gives: "linux/arm64/v8" or `{os = ..., architecture = ...}`.
---@param given string|{os: string, architecture: string, variant?: string, os_version?: string}
---@return ecr.Platform?
---@return ecr.Error? kind "input"
function platform.read(given)
  if type(given) == "table" then
    local made <const> = platform.of(given)
    if made then return made end
    return refuse(given)
  end
  if type(given) ~= "string" then return refuse(given) end
  local os <const>, architecture <const>,
    variant <const> = given:match("^([%w%-]+)/([%w_%-]+)/?([%w.]*)$")
  if not os or given:sub(-1) == "/" then return refuse(given) end
  return platform.new(os, architecture, variant)
end

-- --- preference ----------------------------------------------------------------------------------

local function add(list, os, architecture, variant)
  list[#list + 1] = platform.new(os, architecture, variant)
end

--- Minor versions from `first` down to `last`, as variants of arm64: "v8.5" ... "v8.1", "v8".
local function add_arm64(list, os, major, first)
  for minor = first, 1, -1 do add(list, os, "arm64", ("v%d.%d"):format(major, minor)) end
  add(list, os, "arm64", "v" .. major)
end

local function add_arm(list, os, first)
  for version = first, 5, -1 do add(list, os, "arm", "v" .. version) end
end

local NEWEST_V8 <const> = 9 -- the last minor version of arm64 v8
local V9_OFFSET <const> = 5 -- v9.x has what v8.(x + 5) has

local PREFERENCES <const> = {
  amd64 = function(list, os, variant)
    local level <const> = tonumber((variant or "v1"):match("^v(%d+)$"))
    if not level then return end
    for version = level, 1, -1 do add(list, os, "amd64", "v" .. version) end
    add(list, os, "386")
  end,
  arm = function(list, os, variant)
    local version <const> = tonumber((variant or ""):match("^v(%d+)$"))
    if version then add_arm(list, os, version) end
  end,
  arm64 = function(list, os, variant)
    local major <const>, minor <const> = (variant or "v8"):match("^v(%d)%.?(%d*)$")
    local version <const> = tonumber(minor) or 0
    if major == "9" then
      add_arm64(list, os, 9, version)
      add_arm64(list, os, 8, math.min(version + V9_OFFSET, NEWEST_V8))
    elseif major == "8" then
      add_arm64(list, os, 8, version)
    else
      return
    end
    add_arm(list, os, 8)
  end,
}

--- What may stand in for this platform, the best first; itself is the first.
---@return ecr.Platform[]
function platform_methods:preferences()
  local list <const> = {}
  local fill <const> = PREFERENCES[self.architecture]
  if fill then fill(list, self.os, self.variant) end
  if #list == 0 then list[1] = self end
  return list
end

-- Windows builds from which a container of the older build still runs on a newer host.
local STABLE_BUILDS <const> = { 20348, 26100 }

local function build_of(version)
  local release <const>, build <const> = version:match("^(%d+%.%d+)%.(%d+)")
  return release, tonumber(build)
end

--- Whether a Windows image of one version runs on a host of another.
local function fits_windows(host, image)
  local host_release <const>, host_build <const> = build_of(host)
  local image_release <const>, image_build <const> = build_of(image)
  if not host_build or not image_build then return host == image end
  if host_release ~= image_release then return false end
  local oldest = host_build
  for _, build in ipairs(STABLE_BUILDS) do
    if build <= host_build then oldest = build end
  end
  return image_build >= oldest and image_build <= host_build
end

local function fits_version(self, other)
  local wanted <const>, has <const> = self.os_version or "", other.os_version or ""
  if wanted == "" or has == "" then return true end
  return self.os == "windows" and fits_windows(wanted, has) or wanted == has
end

local function has_all(wanted, features)
  local known <const> = {}
  for _, feature in ipairs(wanted or {}) do known[feature] = true end
  for _, feature in ipairs(features or {}) do
    if not known[feature] then return false end
  end
  return true
end

--- Whether an image for another platform runs where this one is wanted: the same names, an operating
--- system that is not too old (where both say a version), no feature that is not wanted.
---@param other ecr.Platform
---@return boolean
function platform_methods:accepts(other)
  return self.os == other.os and self.architecture == other.architecture
    and self.variant == other.variant and fits_version(self, other)
    and has_all(self.os_features, other.os_features)
end

--- Whether it is what an index writes for things that run nowhere (attestations).
---@return boolean
function platform_methods:is_unknown()
  return self.os == "unknown" and self.architecture == "unknown"
end

---@alias ecr.PlatformMatch
---| "exact"        # nothing stands in for the wanted one
---| "architecture" # older variants of the same architecture do (the default)
---| "any"          # also 386 for amd64 and arm for arm64, as container runtimes do

--- The best of some platforms for a wanted one.
---@param wanted ecr.Platform
---@param available (ecr.Platform|false)[]
---@param match? ecr.PlatformMatch
---@return integer? index of the first best one
function platform.choose(wanted, available, match)
  for _, preferred in ipairs(match == "exact" and { wanted } or wanted:preferences()) do
    preferred.os_version, preferred.os_features = wanted.os_version, wanted.os_features
    if preferred.architecture ~= wanted.architecture and match ~= "any" then break end
    for i, candidate in ipairs(available) do
      if candidate and preferred:accepts(candidate) then return i end
    end
  end
end

return platform
