-- SPDX-License-Identifier: MIT
-- Addresses against botocore's reading of AWS's endpoint rule sets: every region of every partition and some
-- that nobody has, each variant, each service. Skipped, aloud, where the machine has no botocore.
local endpoint = require "ecr.endpoint"
local process = require "spec.support.process"

--- The sign-in hosts that came to its rule set late: an older botocore does not know them.
local LATE = { "%.signin%.c2shome%.", "%.signin%.sc2shome%.", "signin%-fips%.amazonaws%-us%-gov%." }

local function is_late(url)
  for _, pattern in ipairs(LATE) do
    if url:find(pattern) then return true end
  end
  return false
end

local function options_of(flags)
  local options = {}
  for flag in flags:gmatch("%S+") do options[flag] = true end
  return options
end

--- Rows of service, region, flags, URL, region signed for; nil without botocore.
local function rows()
  if process.run("python3 -c 'import botocore.endpoint_provider'").code ~= 0 then return nil end
  local result = process.run("python3 spec/interop/endpoints.py")
  assert(result.code == 0, result.errors)
  local list = {}
  for line in result.output:gmatch("[^\n]+") do
    list[#list + 1] = { line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.*)$") }
  end
  return list
end

local list = rows()

--- Compares the rows whose address is late, or those whose address is not; how many these are.
local function compare(late)
  local compared = 0
  for _, row in ipairs(list) do
    local service, region, flags, url, signed = table.unpack(row)
    local made = assert(endpoint.resolve(service, region, options_of(flags)))
    if is_late(made.url) == late then
      assert.same({ url .. "/", signed }, { made.url, made.region }, table.concat(row, " "))
      compared = compared + 1
    end
  end
  return compared
end

describe("addresses", function()
  it("are those that botocore makes of the rule sets", function()
    if not list then return pending("there is no botocore on this machine") end
    assert.is_true(compare(false) > 1000)
  end)

  it("of sign-in that came late are those of the rule set too", function()
    if not list then return pending("there is no botocore on this machine") end
    local known = false
    for _, row in ipairs(list) do known = known or is_late(row[4]) end
    if not known then return pending("this botocore has older rules of sign-in") end
    assert.is_true(compare(true) > 0)
  end)
end)
