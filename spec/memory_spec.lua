-- SPDX-License-Identifier: MIT
-- What was secret is gone from memory once it is not used any more: looked for in the process itself,
-- everywhere but in its environment. Derived keys by the openssl command.
local memory = require "spec.support.memory"
local process = require "spec.support.process"

local KEY = "wJalrXUtnFEMIcanaryK7MDENGbPxRfiCYEXAMPLEKEY"
local TOKEN = "IQoJb3JpZ2luX2VjcanaryToken//////////wEaCXVzLWVhc3QtMSJHMEUCIQ=="

local server

local function asked()
  return server:requests()[1].headers
end

--- The keys of SigV4, from the secret to the signing key, for a request that was signed.
local function derived_keys(headers)
  local date, region, service = headers.authorization:match("Credential=[^/]+/(%d+)/([^/]+)/([^/]+)/")
  local keys, hex = {}, ("AWS4" .. KEY):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
  for _, part in ipairs{ date, region, service, "aws4_request" } do
    local result = process.run(("sh -c 'printf %%s %s | openssl dgst -sha256 -mac HMAC -macopt hexkey:%s'"):format(
      part, hex))
    hex = assert(result.output:match("= (%x+)"), result.errors)
    keys[#keys + 1] = (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
  end
  return keys
end

local WORK = [[
local ecr <const> = require "ecr"
do
  local client <const> = assert(ecr.client{ region = "us-east-1", endpoint_url = os.getenv("SERVER"), proxy = "" })
  for _ = 1, 3 do assert(client:call("DescribeRepositories", {})) end
end
done()
]]

local function hold(environment, script)
  environment[#environment + 1] = "SERVER=" .. server.url
  return memory.hold(script or WORK, environment)
end

describe("the memory of ecrlua", function()
  local held

  before_each(function()
    server = process.serve("return function() return {body = '{\"repositories\":[]}'} end")
  end)

  after_each(function()
    if held then held.stop() end
    held = nil
    server:stop()
  end)

  it("holds a key of the environment only there, and no key that is derived from it", function()
    held = hold{ "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=" .. KEY, "AWS_SESSION_TOKEN=" .. TOKEN }
    assert.equal(TOKEN, asked()["x-amz-security-token"])
    assert.same({}, memory.find(held.pid, KEY))
    assert.same({}, memory.find(held.pid, TOKEN))
    for i, key in ipairs(derived_keys(asked())) do assert.same({}, memory.find(held.pid, key), "key " .. i) end
  end)

  it("would show what is there", function()
    held = hold({ "PART=anary", "AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=b" },
      "kept = 'c' .. os.getenv('PART') .. 'kept' done()")
    assert.is_true(#memory.find(held.pid, "canarykept") > 0)
  end)
end)
