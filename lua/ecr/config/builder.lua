-- SPDX-License-Identifier: MIT
--- Settings said one after the other: `ecr.config_builder():region("us-east-1"):build()`. The names are
--- those of the options table; `build` checks them and gives that table, for `ecr.client`.

local check <const> = require "ecr.check"
local config <const> = require "ecr.config"
local settings <const> = require "ecr.config.settings"

---@class ecr.ConfigBuilder every setting is a method that takes its value and gives the builder
---@field options ecr.ClientOptions
local builder_methods <const> = {}

--- What a setting without an argument stands for.
local ALONE <const> = { auth_default_chain = true, auth_assume_role = true,
  auth_web_identity = true, use_fips = true, use_dualstack = true, public_registry = true,
  metadata_cache = true }

--- Settings of several parts, by position.
local PARTS <const> = { auth_static = true, auth_web_identity = true }

local function setter(name)
  return function(self, ...)
    local value = ...
    if select("#", ...) == 0 then value = ALONE[name] end
    if PARTS[name] and type(value) ~= "table" and select("#", ...) > 0 then value = { ... } end
    self.options[name] = value
    return self
  end
end

local builder_mt <const> = { __name = "ecr.config_builder" }

function builder_mt.__index(_, name)
  if builder_methods[name] then return builder_methods[name] end
  if settings[name] then return setter(name) end
  error(check.unknown("setting", name, settings), 2)
end

--- The options, checked with everything that the environment and the shared files add to them.
---@return ecr.ClientOptions?
---@return ecr.Error? kind "config"
function builder_methods:build()
  local made <const>, err <const> = config.new(self.options)
  if not made then return nil, err end
  local copy <const> = {}
  for name, value in pairs(self.options) do copy[name] = value end
  return copy
end

local builder <const> = {}

--- A builder that nothing was said to yet.
---@return ecr.ConfigBuilder
function builder.new()
  return setmetatable({ options = {} }, builder_mt)
end

return builder
