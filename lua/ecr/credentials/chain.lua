-- SPDX-License-Identifier: MIT
--- Where credentials are looked for, in AWS's order. Who finds nothing passes on; who is configured but
--- broken is an error, so that nobody works under another name by accident. Source: "Understand the
--- credential provider chain" in the AWS SDKs and Tools Reference Guide.

local error_object <const> = require "ecr.error"
local profile_sources <const> = require "ecr.credentials.profile_sources"

--- What stands before and behind a profile's own; rows as those are.
local ORDER <const> = {
  { "environment variables", function() return require "ecr.credentials.environment" end },
  { "assumed role", function() return require "ecr.credentials.role" end },
}
table.move(profile_sources, 1, #profile_sources, #ORDER + 1, ORDER)
table.move({
  { "container", function() return require "ecr.credentials.container" end },
  { "instance metadata", function() return require "ecr.credentials.instance" end },
}, 1, 2, #ORDER + 1, ORDER)

---@class ecr.CredentialStep what came of one source
---@field source string
---@field state "used"|"passed over"|"broken"|"not asked"
---@field detail? string what it is, or why it was passed over

local chain <const> = {}

local function note(steps, name, state, detail)
  steps[#steps + 1] = { source = name, state = state, detail = detail }
end

--- The credentials of a source, or why there are none.
local function try(row, of)
  local source <const>, why <const> = row[2]().open(of, of.settings.profile_section, row[3])
  if not source then return nil, why end
  local creds <const>, problem <const> = source.fetch()
  if creds then return creds, source end
  return nil, problem
end

--- Asks one source after the other.
---@param of ecr.CredentialCaller
---@return userdata? creds
---@return ecr.CredentialSource|ecr.Error|nil source of the credentials; or an error; nil = nobody has any
---@return ecr.CredentialStep[] steps
function chain.walk(of)
  local steps <const> = {}
  local creds, source
  for _, row in ipairs(ORDER) do
    local name <const> = row[1]
    if creds or error_object.is(source) then
      note(steps, name, "not asked")
    else
      creds, source = try(row, of)
      if creds then
        note(steps, name, "used", source.title)
      elseif error_object.is(source) then
        note(steps, name, "broken", source.message)
      else
        note(steps, name, "passed over", source)
      end
    end
  end
  if not creds and not error_object.is(source) then source = nil end
  return creds, source, steps
end

local function none_found(steps)
  local parts <const> = {}
  for _, step in ipairs(steps) do parts[#parts + 1] = step.source .. ": " .. step.detail end
  return error_object.give{ kind = "auth", code = "no_credentials",
    message = "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a "
      .. "profile. Looked for in " .. table.concat(parts, "; ") }
end

--- The first source that has credentials, or may have: nobody is asked for any. An environment
--- without keys passes on; what is broken ends it.
local function first(of)
  for _, row in ipairs(ORDER) do
    local source <const>, why <const> = row[2]().open(of, of.settings.profile_section, row[3])
    local creds, problem
    if source and source.at_hand then creds, problem = source.fetch() end
    local broken <const> = error_object.is(why) and why or error_object.is(problem) and problem
    if broken then return nil, broken end
    if source and (creds or not source.at_hand) then return source end
  end
end

--- The chain as one source: walked once, renewed where the credentials were found.
---@param of ecr.CredentialCaller
---@return ecr.CredentialSource
function chain.source(of)
  local self <const> = { title = "credentials" }
  local found
  function self.peek()
    if found then return found, true end
    return first(of)
  end
  function self.fetch()
    if found then return found.fetch() end
    local creds <const>, source <const>, steps <const> = chain.walk(of)
    self.steps = steps
    if creds then
      found, self.prompts, self.features = source, source.prompts, source.features
      self.title = source.title -- for whom they are refused later
      return creds
    end
    if source then return nil, source end
    return none_found(steps)
  end
  return self
end

return chain
