-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local endpoint = require "ecr.endpoint"
local fixtures = require "spec.fixtures.endpoints"

local ACCOUNT = "123456789012"

local function options_of(flags, url)
  return { fips = flags:find("F") ~= nil, dualstack = flags:find("D") ~= nil, legacy = flags:find("G") ~= nil,
    endpoint = flags:find("C") and (url or "https://example.com") or nil, origin = "the spec" }
end

describe("AWS's case", function()
  for _, case in ipairs(fixtures.cases) do
    local service, region, flags, url, signed = table.unpack(case)
    it(("of %s in %s %s: %s"):format(service, region ~= "" and region or "(none)", flags, url or "refused"), function()
      local found, err = endpoint.resolve(service, region, options_of(flags, url))
      if not url then
        assert.is_nil(found)
        assert.equal("config", err.kind)
        assert.matches(flags:find("F") and "^FIPS and a custom endpoint" or "^dual%-stack and a custom", err.message)
        return
      end
      assert.equal(url:gsub("/$", ""), (found.url:gsub("/$", "")))
      if not flags:find("C") then assert.equal(signed or region, found.region) end
    end)
  end
end)

describe("a partition", function()
  for id, regions in pairs(fixtures.regions) do
    for _, region in ipairs(regions) do
      it("has its regions: " .. region, function() assert.equal(id, endpoint.partition(region).id) end)
    end
  end

  it("of a region nobody knows yet is the one whose pattern fits, else aws", function()
    assert.equal("aws", endpoint.partition("eu-west-9").id)
    assert.equal("aws-cn", endpoint.partition("cn-south-9").id)
    assert.equal("aws-iso-b", endpoint.partition("us-isob-west-7").id)
    assert.equal("aws-us-gov", endpoint.partition("us-gov-central-1").id)
    assert.equal("aws-eusc", endpoint.partition("eusc-de-west-3").id)
    assert.equal("aws", endpoint.partition("moon-north-1").id)
  end)

  it("is found for ECR in no pseudo region", function()
    for _, region in ipairs{ "aws-global", "aws-cn-global", "aws-us-gov-global" } do
      assert.is_nil((endpoint.resolve("ecr", region, {})))
    end
  end)
end)

describe("a registry's host", function()
  local VARIANTS = { plain = {}, fips = { fips = true }, dualstack = { dualstack = true },
    fips_dualstack = { fips = true, dualstack = true } }
  for id, hosts in pairs(fixtures.registries) do
    for variant, options in pairs(VARIANTS) do
      for _, region in ipairs(fixtures.regions[id]) do
        it(("of %s %s in %s is built, and read back"):format(id, variant, region), function()
          local host, err = endpoint.registry_host(ACCOUNT, region, options)
          if not hosts[variant] then
            assert.is_nil(host)
            assert.equal("registry_host", err.code)
            return
          end
          assert.equal((hosts[variant]:gsub("<A>", ACCOUNT):gsub("<R>", region)), host)
          local read = assert(core.reference(host .. "/app:v1"))
          assert.same({ ACCOUNT, region, options.fips or false, options.dualstack or false },
            { read.account, read.region, read.fips or false, read.dual_stack or false })
        end)
      end
    end
  end

  it("of ECR Public is one of two", function()
    assert.equal("public.ecr.aws", endpoint.public_host())
    assert.equal("ecr-public.aws.com", endpoint.public_host{ dualstack = true })
  end)

  it("is built for an account and a region only", function()
    assert.equal("input", select(2, endpoint.registry_host("12345678901", "us-east-1")).kind)
    assert.equal("input", select(2, endpoint.registry_host(ACCOUNT, "us_east_1")).kind)
  end)

  local good = ACCOUNT .. ".dkr.ecr.us-east-1.amazonaws.com"
  local lookalikes = {
    good .. ".evil.org", "evil-" .. good, "x." .. good, "1" .. good, good:sub(2), good:gsub("%.", "-", 1),
    good .. ".", good:gsub("amazonaws", "amazonaws-com.evil"), good:gsub("com$", "org"), good:gsub("dkr", "dkrx"),
    good:gsub("ecr", "ecr-fipsx"), good:gsub("amazonaws%.com", "on.aws"):gsub("dkr%.ecr", "dkr.ecrs"),
    good:gsub("us%-east%-1", "us-east-1.evil"), good:gsub("us%-east%-1", ""), good .. ".cn.evil", "evil.org",
  }
  for _, host in ipairs(lookalikes) do
    it("that only looks like one is none: " .. host, function()
      local read = core.reference(host .. "/app:v1")
      assert.is_nil(read and read.account)
    end)
  end

  it("may be written in capitals, and with a port", function()
    assert.equal(ACCOUNT, core.reference(good:upper() .. "/app:v1").account)
    assert.equal(ACCOUNT, core.reference(good .. ":443/app:v1").account)
  end)
end)

describe("the note on FIPS", function()
  it("names the other host", function()
    assert.matches("ecr%-fips%.us%-east%-2%.amazonaws%.com", endpoint.fips_note("us-east-2"))
  end)
end)
