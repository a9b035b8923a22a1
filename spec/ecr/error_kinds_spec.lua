-- SPDX-License-Identifier: MIT
-- Every kind of error there is, got through the public API as a caller gets it.
local core = require "ecr.core"
local ecr = require "ecr"
local error_object = require "ecr.error"
local files = require "spec.support.files"
local loop = require "ecr.loop"
local process = require "spec.support.process"

--- A simulated registry with app:v1, and faults for all that is asked of it.
local function simulated(fault)
  local mock = ecr.mock():with_image("app", { tags = { "v1" } })
  if fault then mock:with_error_injection(fault) end
  return assert(mock:client{})
end

--- The error of a call to a registry that answers with this code.
local function refused(code)
  return select(2, simulated{ code = code }.repository:list())
end

--- The error of a call to a server on loopback that answers with this body.
local function served(body, ask)
  local server = process.serve(("return function() return {body = %q} end"):format(body))
  local client = assert(ecr.client{ region = "us-east-1", endpoint_url = server.url, access_key_id = "AKIDEXAMPLE",
    secret_access_key = "secret", proxy = "", max_retries = 0 })
  local _, err = ask(client)
  server:stop()
  return err
end

local function list(client) return client.repository:list() end

local BYTES = '{"schemaVersion":2}'

--- An answer to BatchGetImage whose bytes are not the digest's.
local function other_bytes()
  return ('{"images":[{"imageId":{"imageDigest":"%s"},"imageManifest":"{}"}],"failures":[]}'):format(core.digest(BYTES))
end

--- By kind: how it comes about, the code (where there is one), the operation ("" where the error belongs to
--- none) and whether the same call may succeed when it is made again.
local KINDS = {
  config = { code = "no_region", operation = "DescribeRepositories", retryable = false, function()
    return select(2, list(assert(ecr.client{ endpoint_url = "http://127.0.0.1:1" })))
  end },
  input = { operation = "DescribeImages", retryable = false, function()
    return select(2, simulated():call("DescribeImages", { repository_name = "No Name" }))
  end },
  auth = { code = "UnrecognizedClientException", operation = "DescribeRepositories", retryable = false, function()
    return refused("UnrecognizedClientException")
  end },
  denied = { code = "AccessDeniedException", operation = "DescribeRepositories", retryable = false, function()
    return refused("AccessDeniedException")
  end },
  not_found = { code = "RepositoryNotFoundException", operation = "ListImages", retryable = false, function()
    return select(2, simulated().image:list("nothing"))
  end },
  conflict = { code = "ImageArchivedException", operation = "DescribeRepositories", retryable = false, function()
    return refused("ImageArchivedException")
  end },
  limit = { code = "LimitExceededException", operation = "StartImageScan", retryable = false, function()
    local client = simulated()
    assert(client.scan:start("app:v1"))
    ecr.sleep(60) -- the scan is done; a second one on the same day is one too many
    return select(2, client.scan:start("app:v1"))
  end },
  throttled = { code = "ThrottlingException", operation = "DescribeRepositories", retryable = true, function()
    return refused("ThrottlingException")
  end },
  server = { code = "ServerException", operation = "DescribeRepositories", retryable = true, function()
    return refused("ServerException")
  end },
  network = { code = "connect", operation = "DescribeRepositories", retryable = true, function()
    return select(2, list(assert(ecr.client{ region = "us-east-1", endpoint_url = "http://127.0.0.1:1", proxy = "",
      access_key_id = "AKIDEXAMPLE", secret_access_key = "secret", max_retries = 0 })))
  end },
  timeout = { code = "timeout", operation = "DescribeRepositories", retryable = true, function()
    local mock = ecr.mock():with_repository{ name = "app" }:with_latency_injection{ seconds = 40 }
    return select(2, mock:client{ timeout = 30 }.repository:list())
  end },
  integrity = { code = "digest", operation = "BatchGetImage", retryable = false, function()
    return served(other_bytes(), function(client) return client.manifest:get_manifest("app:v1") end)
  end },
  cancelled = { operation = "", retryable = false, function()
    local client = simulated()
    local task = ecr.spawn(list, client)
    ecr.sleep(0)
    task:cancel()
    return select(2, task:await())
  end },
  open = { code = "breaker", operation = "DescribeRepositories", retryable = false, function()
    local client = simulated{ code = "ServerException" }
    local err
    for _ = 1, 60 do -- ten failures in a row, over five seconds at least
      _, err = list(client)
      if err.kind == "open" then return err end
      ecr.sleep(1)
    end
  end },
  protocol = { code = "json", operation = "DescribeRepositories", retryable = false, function()
    return served("<html>Sign in</html>", list)
  end },
}

describe("an error", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  for kind, row in pairs(KINDS) do
    it("of kind " .. kind .. " says in one line what, where and which", function()
      local err = row[1]()
      assert.is_true(ecr.is_error(err))
      assert.same({ kind, row.code, row.retryable }, { err.kind, err.code, err.retryable }, tostring(err))
      assert.equal(row.operation, err.operation or "")
      local line = tostring(err)
      assert.is_nil(line:find("[\r\n]"))
      for _, part in ipairs{ kind, row.operation, row.code or kind, err.message } do
        assert.is_truthy(line:find(part, 1, true), line .. " lacks " .. part)
      end
    end)
  end

  it("has no kind that nobody got here", function()
    local source = files.read("lua/ecr/error.lua")
    local alias = source:match("%-%-%-@alias ecr%.ErrorKind\n(.-)\n\n")
    local count = 0
    for kind in alias:gmatch('%-%-%-| "([%w_]+)"') do
      count = count + 1
      assert.is_truthy(KINDS[kind], "no test for kind " .. kind)
      assert.is_true(ecr.is_error(error_object.new{ kind = kind, message = "" }))
    end
    assert.equal(15, count)
  end)
end)
