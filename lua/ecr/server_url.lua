-- SPDX-License-Identifier: MIT
--- The address by which docker and the like name a registry when they ask for credentials: with or
--- without a scheme, with or without a path behind the host. Hosts: "Amazon ECR endpoints and
--- quotas" in the AWS General Reference.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

local MOST <const> = 2048 -- bytes

---@class ecr.EcrRegistry
---@field host string in lower case
---@field account? string of a private one
---@field region? string likewise
---@field fips? boolean
---@field dual_stack? boolean
---@field public? boolean

local server_url <const> = {}

--- The longest that an address can be, in bytes.
server_url.MOST = MOST

local function refuse(message, ...)
  return error_object.give{ kind = "input", code = "server_url", message = message:format(...) }
end

--- The error for one that is longer.
---@return ecr.Error
function server_url.too_long()
  local _ <const>, err <const> = refuse("a server URL longer than %d bytes", MOST)
  return err
end

--- What is wrong with a text as an address at all; it may be anything, so it is not repeated.
local function problem_of(text)
  if #text > MOST then return ("longer than %d bytes"):format(MOST) end
  if text:find("%c") then return "with a control character in it" end
  if not utf8.len(text) then return "that is not UTF-8" end
end

--- The ECR registry of a host, as `core.reference` takes it apart; nil for any other.
---@param host string with a port or without
---@return ecr.EcrRegistry?
function server_url.of_host(host)
  local parsed <const> = core.reference(host .. "/x")
  return parsed and (parsed.account or parsed.public) and parsed or nil
end

--- An address in two: its scheme and its host, each as it is written.
---@param text string
---@return string? scheme
---@return string host
function server_url.split(text)
  local scheme <const>, rest <const> = text:match("^(%a[%w+.-]*)://(.*)$")
  return scheme, (rest or text):match("^[^/]*")
end

--- The ECR registry at an address; nil without an error for any
--- other server. Over anything but https a password would go in the clear: that is refused.
---@param text string without space around it
---@return ecr.EcrRegistry?
---@return ecr.Error? kind "input"
function server_url.registry(text)
  local problem <const> = problem_of(text)
  if problem then return refuse("a server URL %s", problem) end
  local scheme <const>, host <const> = server_url.split(text)
  local parsed <const> = server_url.of_host(host)
  if not parsed then return nil end
  if scheme and scheme:lower() ~= "https" then
    return refuse("%s is asked over %s: its password goes over https only", parsed.host, scheme)
  end
  return parsed
end

return server_url
