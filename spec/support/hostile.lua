-- SPDX-License-Identifier: MIT
-- One call to a server that means ill, and what must hold whatever it did: the call ended in time, nothing
-- is pending, and no descriptor stayed open.

local assert = require "luassert"
local core = require "ecr.core"
local ecr = require "ecr"
local lfs = require "lfs"
local loop = require "ecr.loop"
local process = require "spec.support.process"

local hostile = {}

hostile.TIMEOUT = 0.5 -- seconds for one attempt
local LATE = 10       -- a call that takes this many times as long hung, however slow the machine is

--- Handlers, as text for the server: these bytes and the end of the connection, a reset, or silence.
function hostile.raw(bytes) return ("connection:send(%q) connection:close()"):format(bytes) end
function hostile.reset(bytes) return ("connection:send(%q) connection:reset()"):format(bytes) end
function hostile.hold(bytes) return ("connection:send(%q) connection:sleep(60)"):format(bytes) end

--- The head of a good answer with these lines more.
function hostile.head(lines)
  return "HTTP/1.1 200 OK\r\n" .. (lines ~= "" and lines .. "\r\n" or "") .. "\r\n"
end

--- A whole answer.
function hostile.answer(body, status)
  return hostile.raw(("HTTP/1.1 %s X\r\ncontent-length: %d\r\n\r\n%s"):format(status or 200, #body, body))
end

local function descriptors()
  local count = 0
  for _ in lfs.dir("/proc/self/fd") do count = count + 1 end
  return count
end

--- Lets go of a transport that nobody uses: the loop keeps the one whose time it tells.
local function collect()
  ecr.mock():with_repository{ name = "elsewhere" }:client{}
  collectgarbage()
  collectgarbage()
end

--- A client of a server, with `row.options`.
function hostile.client(url, row)
  local settings = { region = "us-east-1", endpoint_url = url, access_key_id = "AKIDEXAMPLE",
    secret_access_key = "secret", max_retries = 0, timeout = hostile.TIMEOUT, proxy = "" }
  for key, value in pairs(row.options or {}) do settings[key] = value end
  return assert(ecr.client(settings))
end

local function call(url, row)
  local client = hostile.client(url, row)
  local start = core.clock()
  local output, err = client:call(row.operation or "DescribeRepositories", row.input or {})
  local seconds = core.clock() - start
  assert.equal(0, client.exchange.transport.core:in_flight())
  assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending())
  local limit = row.limit or client.config.timeout
  assert.is_true(seconds < LATE * limit, "took " .. seconds .. " s")
  if err and err.kind == "timeout" then assert.is_true(seconds > 0.9 * limit, "took " .. seconds .. " s") end
  return output, err
end

--- Calls this address once and gives what came of it.
function hostile.call(url, row)
  collect()
  local before = descriptors()
  local output, err = call(url, row)
  collect()
  assert.equal(before, descriptors(), "descriptors stayed open")
  return output, err
end

local function start(row)
  local body = "function(request, connection) " .. (row.handler or row.proxy or "return {body = '{}'}") .. " end"
  if row.connection then body = "{connection = function(connection) " .. row.connection .. " end}" end
  return process.serve("return " .. body, row.tls)
end

--- Calls a server once that runs for this call alone. `row.handler` answers requests; `row.connection`
--- gets the connection before anything was read; `row.scheme` is what the client speaks, `row.tls` the
--- server's certificate. With `row.proxy`, a handler too, the server is the proxy.
function hostile.ask(row)
  local server = start(row)
  local url = row.scheme and server.url:gsub("^%a+", row.scheme) or server.url
  if row.proxy then
    row.options = { proxy = url }
    url = "https://ecr.invalid"
  end
  if row.host then url = url:gsub("127%.0%.0%.1", row.host) end
  local ok, output, err = pcall(hostile.call, url, row)
  server:stop()
  if not ok then error(output, 0) end
  return output, err, server
end

return hostile
