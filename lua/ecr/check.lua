-- SPDX-License-Identifier: MIT
--- Checking what callers give, before anything is sent: names of the registry, options; and what a
--- mistyped name was meant to be. A value that breaks a rule is an `input` error that says which rule
--- and where. Rules: the service models' patterns, the OCI image specification.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

local check <const> = {}

-- --- what a name was meant to be -----------------------------------------------------------------

--- How many letters must be added, removed, replaced or swapped to make `a` of `b`.
local function distance(a, b)
  local rows <const> = {}
  for i = 0, #a do rows[i] = { [0] = i } end
  for j = 0, #b do rows[0][j] = j end
  for i = 1, #a do
    for j = 1, #b do
      local same <const> = a:byte(i) == b:byte(j)
      local cost = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same and 0
        or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        cost = math.min(cost, rows[i - 2][j - 2] + 1)
      end
      rows[i][j] = cost
    end
  end
  return rows[#a][#b]
end

--- The known name nearest to a mistyped one; nil when none is near.
---@param name string
---@param known table keys are the names
---@return string?
function check.nearest(name, known)
  local best, best_distance
  if #name > 64 then return nil end
  for candidate in pairs(known) do
    local d <const> = distance(name, candidate)
    if not best_distance or d < best_distance or d == best_distance and candidate < best then
      best, best_distance = candidate, d
    end
  end
  if best_distance and best_distance <= math.max(1, #name // 3) then return best end
end

--- A sentence about a name nobody knows, with what was probably meant.
---@param what string "option"
---@param name any
---@param known table keys are the names
---@return string
function check.unknown(what, name, known)
  name = tostring(name)
  local nearest <const> = check.nearest(name, known)
  if nearest then return ("unknown %s %q; did you mean %s?"):format(what, name, nearest) end
  local names <const> = {}
  for candidate in pairs(known) do names[#names + 1] = candidate end
  table.sort(names)
  return ("unknown %s %q; known are %s"):format(what, name, table.concat(names, ", "))
end

-- --- names of the registry -----------------------------------------------------------------------

local function refuse(code, message, ...)
  return error_object.give{ kind = "input", code = code, message = message:format(...) }
end

--- What of a value a message may show.
local function shown(value)
  local text <const> = type(value) == "string" and ("%q"):format(value) or tostring(value)
  return #text > 80 and text:sub(1, 77) .. "..." or text
end

--- A check of text by a function of the core.
local function by_core(what, code, scan)
  return function(text, ...)
    if type(text) ~= "string" then
      return refuse(code, "%s must be a string, not a %s", what, type(text))
    end
    local ok <const>, failure <const> = scan(text, ...)
    if ok then return true end
    return refuse(code, "%s is no %s: %s", shown(text), what, failure.message)
  end
end

local repository <const> = by_core("repository name", "repository_name", core.check_repository)
local tag <const> = by_core("tag", "tag", core.check_tag)
local digest <const> = by_core("digest", "digest", core.check_digest)
local reference <const> = by_core("image reference", "reference", core.reference)

--- Whether text is a repository's name.
---@param text any
---@param rules? {public?: boolean} ECR Public's rules are narrower
---@return true?
---@return ecr.Error? kind "input"
function check.repository_name(text, rules)
  return repository(text, rules and rules.public)
end

--- Whether text is a tag that may be written.
---@param text any
---@return true?
---@return ecr.Error? kind "input"
function check.tag(text)
  return tag(text)
end

--- Whether text is a digest: of sha256 and sha512 length and letters are checked too.
---@param text any
---@return true?
---@return ecr.Error? kind "input"
function check.digest(text)
  return digest(text)
end

--- Whether text is an image reference: "[host/]repository[:tag][@digest]".
---@param text any
---@return true?
---@return ecr.Error? kind "input"
function check.reference(text)
  return reference(text)
end

--- Whether text is a registry's id: the twelve digits of an account.
---@param text any
---@return true?
---@return ecr.Error? kind "input"
function check.registry_id(text)
  if type(text) == "string" and #text == 12 and not text:find("%D") then return true end
  return refuse("registry_id", "a registry id is a string of twelve digits, not %s", shown(text))
end

--- Whether text can be a region at all; which regions there are changes.
---@param text any
---@return true?
---@return ecr.Error? kind "input"
function check.region(text)
  local fits <const> = type(text) == "string" and #text >= 2 and #text <= 25
    and text:find("^[0-9a-z%-]+$") and not text:find("^aws%-") and not text:find("%-global$")
  if fits then return true end
  return refuse("region", "%s is no AWS region (such as us-east-1)", shown(text))
end

--- Whether a value names a platform: "linux/arm64/v8", or `{os = ..., architecture = ...}`.
---@param value any
---@return true?
---@return ecr.Error? kind "input"
function check.platform(value)
  local made <const>, err <const> = require "ecr.types.platform".read(value)
  if made then return true end
  return nil, err
end

-- --- options -------------------------------------------------------------------------------------

local function has_type(value, expected)
  if expected == "integer" then return math.type(value) == "integer" end
  return type(value) == expected
end

--- Checks a table of options: keys that are known, values of their type.
---@param given any
---@param known table<string, string> type by key: a Lua type or "integer"
---@return true?
---@return ecr.Error? kind "input"
function check.options(given, known)
  if type(given) ~= "table" then
    return refuse("options", "options are a table, not a %s", type(given))
  end
  for key, value in pairs(given) do
    local expected <const> = known[key]
    if not expected then return refuse("option", "%s", check.unknown("option", key, known)) end
    if not has_type(value, expected) then
      return refuse("option", "%s must be a %s, not a %s", key, expected, type(value))
    end
  end
  return true
end

return check
