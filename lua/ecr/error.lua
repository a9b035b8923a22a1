-- SPDX-License-Identifier: MIT
--- The error object: what every call of this library returns after `nil` when the world did not do
--- what was asked. Callers branch on `kind`, a closed list; `code` is the service's own word.

local codes <const> = require "ecr.error_codes"
local printable <const> = require "ecr.printable"

---@alias ecr.ErrorKind
---| "config"     # a setting is wrong or missing
---| "input"      # the request breaks a rule; also what the service calls a validation error
---| "auth"       # credentials or signature missing, expired or refused
---| "denied"     # known, but not allowed
---| "not_found"
---| "conflict"   # the state of things forbids it
---| "limit"      # a quota, also StartImageScan's once a day
---| "throttled"  # too fast, even after repetitions
---| "server"     # the service failed
---| "network"    # no answer
---| "timeout"    # no answer in time
---| "integrity"  # bytes are not what their digest says
---| "cancelled"
---| "open"       # the circuit breaker is open
---| "protocol"   # an answer that cannot be read, or a thing of the wrong kind

---@class ecr.Error
---@field kind ecr.ErrorKind
---@field code? string the service's code (`RepositoryNotFoundException`) or a short name of ours
---@field message string for people; never holds a secret
---@field operation? string
---@field region? string
---@field status? integer HTTP status
---@field request_id? string
---@field retryable boolean whether asking again may help
---@field attempts? integer how often it was tried
---@field retry_after? number seconds the service asked to wait
---@field cause? any the error below this one
local error_methods <const> = {}

local KINDS <const> = {
  config = true, input = true, auth = true, denied = true, not_found = true, conflict = true,
  limit = true, throttled = true, server = true, network = true, timeout = true,
  integrity = true, cancelled = true, open = true, protocol = true,
}

local RETRYABLE <const> = { throttled = true, server = true, network = true, timeout = true }

local MOST_WORDS <const> = 2000 -- bytes of a message in one line
local MOST_NAME <const> = 128   -- bytes of a code or an id

local function details(self)
  local parts <const> = { self.kind }
  if self.code and self.code ~= self.kind then
    parts[#parts + 1] = printable(self.code, MOST_NAME)
  end
  if self.status then parts[#parts + 1] = "HTTP " .. self.status end
  if self.attempts and self.attempts > 1 then parts[#parts + 1] = self.attempts .. " attempts" end
  if self.request_id then
    parts[#parts + 1] = "request " .. printable(self.request_id, MOST_NAME)
  end
  return table.concat(parts, ", ")
end

local error_mt <const> = { __name = "ecr.error", __index = error_methods }

function error_mt.__tostring(self)
  local where = self.operation and (self.operation .. ": ") or ""
  if self.operation and self.region then
    where = self.operation .. " in " .. self.region .. ": "
  end
  return where .. printable(self.message, MOST_WORDS) .. " (" .. details(self) .. ")"
end

local error <const> = {}

--- Makes an error object of a table with at least `kind` and `message`.
---@param fields table
---@return ecr.Error
function error.new(fields)
  assert(KINDS[fields.kind], "no such kind of error: " .. tostring(fields.kind))
  if fields.retryable == nil then fields.retryable = RETRYABLE[fields.kind] or false end
  return setmetatable(fields, error_mt)
end

--- Whether a value is an error object.
---@param value any
---@return boolean
function error.is(value)
  return getmetatable(value) == error_mt
end

--- Whether a text is one of the kinds.
---@param text string
---@return boolean
function error.is_kind(text)
  return KINDS[text] == true
end

--- `nil` and a new error, for `return error.give{...}`.
---@param fields table
---@return nil
---@return ecr.Error
function error.give(fields)
  return nil, error.new(fields)
end

--- `nil` and the error that a failure of `ecr.core` is.
---@param failure {kind: ecr.ErrorKind, code?: string, message: string}
---@return nil
---@return ecr.Error
function error.of_failure(failure)
  return error.give{ kind = failure.kind, code = failure.code, message = failure.message }
end

--- The service's code without its decorations: `ns#Name:http://...` is `Name`. Nil for a text that
--- is no name.
---@param code? string
---@return string?
function error.plain_code(code)
  if not code then return nil end
  local name <const> = code:gsub("^.*#", ""):gsub(":.*$", "")
  if #name <= MOST_NAME and name:find("^[%w._-]+$") then return name end
end

local function kind_of_status(status)
  if status == 429 then return "throttled" end
  if status == 401 then return "auth" end
  if status == 403 then return "denied" end
  if status == 404 then return "not_found" end
  if status == 408 then return "timeout" end
  if status == 409 then return "conflict" end
  if status >= 500 then return "server" end
  if status >= 400 then return "input" end
  return "protocol"
end

local RETRIED_STATUS <const> = { [408] = true, [429] = true, [500] = true, [502] = true,
  [503] = true,
  [504] = true }

--- What a refusal means: its kind and whether asking again may help. The code decides where it is
--- known, the HTTP status elsewhere (the service answers 400 for nearly everything).
---@param code? string plain code
---@param status integer
---@return ecr.ErrorKind kind
---@return boolean retryable
function error.classify(code, status)
  local known <const> = code and codes[code]
  if known then return known.kind, known.retry or false end
  return kind_of_status(status), RETRIED_STATUS[status] or false
end

return error
