-- SPDX-License-Identifier: MIT
-- Which host of AWS's Security Token Service is asked. A proxy on loopback is told the host and refuses to
-- connect, so nothing leaves the machine.
local process = require "spec.support.process"
local sts = require "spec.support.sts"

describe("the endpoint of the Security Token Service", function()
  local proxy, place

  before_each(function()
    proxy = process.serve("return function() return { status = 403 } end")
    place = sts.home("source_profile = base")
  end)

  after_each(function()
    proxy:stop()
    place:remove()
  end)

  local function run(environment, options)
    local variables = { AWS_PROFILE = "dev", HTTPS_PROXY = proxy.url, NO_PROXY = "" }
    for name, value in pairs(environment) do variables[name] = value end
    return place:ecrlua({ "--retries", "0", "-e", ([[local ecr = require "ecr"
      local client, err = ecr.client(%s)
      if not client then io.stderr:write(tostring(err)) return 3 end
      local creds, problem = client:credentials()
      if creds then return 0 end
      io.stderr:write(tostring(problem), "\n", "signed for ", tostring(problem.region))
      return 3]]):format(options or "{}") }, variables)
  end

  --- The host that was to be connected to, and the error.
  local function asked(environment, options)
    local errors = sts.assert_failed(run(environment, options), "role/dev of profile dev")
    local requests = proxy:requests()
    assert.equal(1, #requests)
    assert.equal("CONNECT", requests[1].method)
    return requests[1].path:gsub(":443$", ""), errors
  end

  local LEGACY = { AWS_STS_REGIONAL_ENDPOINTS = "legacy" }

  for _, row in ipairs{
    { "is the region's", { AWS_REGION = "eu-west-1" }, "sts.eu-west-1.amazonaws.com", "eu-west-1" },
    { "is the region's in China", { AWS_REGION = "cn-north-1" }, "sts.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "is the region's when that is said", { AWS_REGION = "eu-west-1", AWS_STS_REGIONAL_ENDPOINTS = "regional" },
      "sts.eu-west-1.amazonaws.com", "eu-west-1" },
    { "is the global one for an old region with legacy", { AWS_REGION = "eu-west-1" }, "sts.amazonaws.com",
      "us-east-1", LEGACY },
    { "is the region's for a newer region with legacy", { AWS_REGION = "eu-south-1" }, "sts.eu-south-1.amazonaws.com",
      "eu-south-1", LEGACY },
    { "is that of FIPS", { AWS_REGION = "us-west-2", AWS_USE_FIPS_ENDPOINT = "true" },
      "sts-fips.us-west-2.amazonaws.com", "us-west-2" },
    { "is the region's with FIPS in GovCloud", { AWS_REGION = "us-gov-west-1", AWS_USE_FIPS_ENDPOINT = "true" },
      "sts.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
    { "is dual-stack", { AWS_REGION = "eu-west-1", AWS_USE_DUALSTACK_ENDPOINT = "true" }, "sts.eu-west-1.api.aws",
      "eu-west-1" },
    { "is that of FIPS with legacy too", { AWS_REGION = "us-east-1", AWS_USE_FIPS_ENDPOINT = "true" },
      "sts-fips.us-east-1.amazonaws.com", "us-east-1", LEGACY },
  } do
    it(row[1], function()
      local environment = {}
      for _, variables in ipairs{ row[2], row[5] or {} } do
        for name, value in pairs(variables) do environment[name] = value end
      end
      local host, errors = asked(environment)
      assert.equal(row[3], host)
      assert.matches("signed for " .. row[4], errors, 1, true)
    end)
  end

  it("is the global one where a profile says legacy", function()
    place:write(".aws/config", place:read(".aws/config"):gsub("\n", "\nsts_regional_endpoints = legacy\n", 1))
    assert.equal("sts.amazonaws.com", (asked{}))
  end)

  it("is the global one where code says legacy", function()
    assert.equal("sts.amazonaws.com", (asked({}, '{ sts_regional_endpoints = "legacy" }')))
  end)

  it("may not be one's own together with FIPS", function()
    local result = run{ AWS_USE_FIPS_ENDPOINT = "true", AWS_ENDPOINT_URL_STS = proxy.url }
    sts.assert_failed(result, "FIPS", "endpoint", "AWS_ENDPOINT_URL_STS")
    assert.same({}, proxy:requests())
  end)

  it("may not be one's own together with dual-stack", function()
    local result = run{ AWS_USE_DUALSTACK_ENDPOINT = "true", AWS_ENDPOINT_URL_STS = proxy.url }
    sts.assert_failed(result, "[Dd]ual", "endpoint", "AWS_ENDPOINT_URL_STS")
    assert.same({}, proxy:requests())
  end)

  it("must not be neither global nor regional", function()
    sts.assert_failed(run{ AWS_STS_REGIONAL_ENDPOINTS = "local" }, "AWS_STS_REGIONAL_ENDPOINTS", "legacy", "regional")
    assert.same({}, proxy:requests())
  end)

  it("is one's own as it stands, and legacy does not count then", function()
    local server = sts.serve()
    local result = run({ AWS_ENDPOINT_URL_STS = server.url, AWS_STS_REGIONAL_ENDPOINTS = "legacy",
      AWS_REGION = "eu-west-1" }, '{ proxy = "" }')
    server:stop()
    assert.equal(0, result.code, result.errors)
    assert.equal("eu-west-1", select(2, sts.signer(server:requests()[1])))
  end)

  it("is that of AWS_ENDPOINT_URL where it has none of its own", function()
    local server = sts.serve()
    local result = run({ AWS_ENDPOINT_URL = server.url }, '{ proxy = "" }')
    server:stop()
    assert.equal(0, result.code, result.errors)
    assert.equal(1, #server:requests())
  end)

  it("is AWS's where configured ones are ignored", function()
    assert.equal("sts.us-east-1.amazonaws.com", (asked{ AWS_ENDPOINT_URL_STS = "http://127.0.0.1:1",
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" }))
  end)
end)
