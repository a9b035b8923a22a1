-- SPDX-License-Identifier: MIT
--- The seam over the network: `ecr.core`'s http with its answers in the seam's form. Transports
--- with the same trust and proxy share one handle, and with it connections and one descriptor.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

local http_methods <const> = { clock = "real" }
local http_mt <const> = { __name = "ecr.transport.http", __index = http_methods }

local REDIRECTS <const> = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

--- The first of these that is a text.
local function text_of(...)
  for i = 1, select("#", ...) do
    local value <const> = select(i, ...)
    if type(value) == "string" and value ~= "" then return value end
  end
end

local function redirect(event)
  return { code = "redirect", members = {},
    message = ("the endpoint redirects to %s, which is never followed"):format(
      event.headers.location or "another address") }
end

--- The service's words for a refusal. A body that is not its JSON is a proxy's, or nobody's.
local function fault_of(event)
  if REDIRECTS[event.status] then return redirect(event) end
  local body <const> = type(event.value) == "table" and event.value or {}
  local code <const> = text_of(body.__type, body.code, body.Code, event.code,
    event.headers["x-amzn-errortype"], body.error)
  local page <const> = event.text and not event.text:find("\0", 1, true) and event.text:sub(1, 200)
  local message <const> = text_of(body.message, body.Message, body.error_description, page,
    "HTTP status " .. event.status)
  return { code = error_object.plain_code(code), message = message, members = body }
end

--- An answer of HTTP is fine with 2xx; a program's status is its exit code, fine with 0, and with any
--- other its event has a failure.
local function is_fine(status)
  return status == 0 or status and status >= 200 and status <= 299
end

--- A second time does nothing.
local function put_in_seam_form(event)
  if event.failure or event.fault or is_fine(event.status) then return end
  event.fault = fault_of(event)
  event.value, event.text, event.code = nil, nil, nil
end

--- Sends a request; see DESIGN, the seam.
function http_methods:submit(request)
  return self.core:submit(request)
end

--- What has ended within `seconds`. Events stay with the transport until they are all in the seam's
--- form: when memory is short on the way there, the next poll goes on with them.
function http_methods:poll(seconds)
  local events <const> = self.events or assert(self.core:poll(seconds))
  self.events = events
  for _, event in ipairs(events) do put_in_seam_form(event) end
  self.events = false
  return events
end

--- How many bytes of the body a ticket has; nil when nothing is known of it.
---@param ticket integer
---@return integer?
function http_methods:progress(ticket)
  return self.core:progress(ticket)
end

function http_methods:cancel(ticket)
  return self.core:cancel(ticket)
end

function http_methods:now() -- luacheck: no self
  return core.clock()
end

function http_methods:fd()
  return self.core:fd()
end

function http_methods:timeout()
  return self.core:timeout()
end

local http <const> = {}

local shared <const> = setmetatable({}, { __mode = "v" })

--- The transport for these settings, new or shared.
---@param options {ca_bundle?: string, proxy?: string}
---@return table? transport
---@return ecr.Error?
function http.new(options)
  local key <const> = (options.ca_bundle or "") .. "\0" .. (options.proxy or "\1")
  if shared[key] then return shared[key] end
  local handle <const>, failure <const> = core.http{ ca_bundle = options.ca_bundle,
    proxy = options.proxy, user_agent = "ecrlua/" .. core.version .. " " .. _VERSION:gsub(" ",
      "/") }
  if not handle then return error_object.of_failure(failure) end
  shared[key] = setmetatable({ core = handle, events = false }, http_mt)
  return shared[key]
end

return http
