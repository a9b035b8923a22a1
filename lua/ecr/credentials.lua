-- SPDX-License-Identifier: MIT
--- A client's credentials: whose they are by its settings, kept and renewed. They are sealed in C; Lua
--- passes a handle on. Clients of one family (other regions) share them; two families share nothing.

local caller <const> = require "ecr.credentials.caller"
local keeper <const> = require "ecr.credentials.keeper"
local whose <const> = require "ecr.credentials.whose"

---@class ecr.Credentials
---@field of ecr.CredentialCaller
---@field keeper ecr.Keeper
local credentials_methods <const> = {}
local credentials_mt <const> = { __name = "ecr.credentials", __index = credentials_methods }

local credentials <const> = {}

--- The source that the options name; nil for the default chain.
local function named_source(of, identity)
  if identity.static then
    return require "ecr.credentials.environment".given(identity.static)
  elseif identity.web_identity then
    return require "ecr.credentials.web_identity".of(of, "auth_web_identity",
      identity.web_identity)
  end
end

local function chain_source(of)
  return require "ecr.credentials.chain".source(of)
end

local function source_of(of)
  local identity <const> = of.settings.identity
  local base <const> = named_source(of, identity) or chain_source(of)
  if not identity.role then return base end
  return require "ecr.credentials.role".of(of, "auth_assume_role " .. identity.role.role_arn,
    identity.role, base)
end

--- Credentials that are valid now.
---@param deadline? number on the loop's monotonic clock
---@return userdata?
---@return ecr.Error?
function credentials_methods:get(deadline)
  return self.keeper:get(deadline)
end

--- These credentials were refused as expired.
---@param creds userdata
---@return boolean whether others can be had
function credentials_methods:refuse(creds)
  return self.keeper:refuse(creds)
end

--- Whose they are, as text that tells identities apart in caches. Credentials are asked for where the
--- settings do not say it.
---@return string? nil when nothing tells
function credentials_methods:identity()
  local told <const>, never <const> = whose.of_source(self.keeper.source)
  if told or never then return told end
  local creds <const> = self:get()
  return creds and whose.of_credentials(creds)
end

--- What the User-Agent says of where they come from.
---@return string[]
function credentials_methods:features()
  return self.keeper.source.features or {}
end

--- The chain's steps. What a source gave may have been refused afterwards, or not been renewed.
local function copy_steps(steps, from, err)
  for _, step in ipairs(from) do
    local refused <const> = err and step.state == "used"
    steps[#steps + 1] = refused and { source = step.source, state = "broken", detail = err.message }
      or step
  end
  return steps
end

local function step_of(source, creds, err)
  return { source = source.title, state = creds and "used" or "broken",
    detail = not creds and err.message or nil }
end

--- Asks each source in order, whatever is kept, and says what came of it. Nothing of a credential is
--- in it.
---@return ecr.CredentialStep[]
function credentials_methods:explain()
  local source <const> = self.keeper.source
  local creds <const>, err <const> = self:get()
  local steps <const> = {}
  local base = source
  while base.base do
    steps[#steps + 1] = step_of(base, creds, err)
    base = base.base
  end
  if base.steps then return copy_steps(steps, base.steps, base == source and err) end
  steps[#steps + 1] = step_of(base, creds, err)
  return steps
end

--- The credentials for settings; nothing is asked yet.
---@param settings ecr.Config
---@param transport table
---@return ecr.Credentials
function credentials.new(settings, transport)
  local of <const> = caller.new(settings, transport)
  return setmetatable({ of = of, keeper = keeper.new(source_of(of), of.random) }, credentials_mt)
end

return credentials
