-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local endpoint = require "ecr.endpoint"
local fixture = require "spec.fixtures.endpoints"

local ACCOUNT = "123456789012"
local VARIANTS = { "plain", "dualstack", "fips", "fips_dualstack" }
local OPTIONS = { plain = {}, dualstack = { dualstack = true }, fips = { fips = true },
  fips_dualstack = { fips = true, dualstack = true } }

local function words(text) return text:gmatch("%S+") end

local function filled(template, region)
  return (template:gsub("{R}", region):gsub("{A}", ACCOUNT))
end

local function refused(code, value, err)
  assert.is_nil(value)
  assert.equal("config", err.kind)
  assert.equal(code, err.code)
  return err.message
end

local function options_of(flags, custom)
  local options = { endpoint = custom ~= "" and custom or nil }
  for flag in words(flags) do options[flag] = true end
  return options
end

--- A published URL has no path where ours has "/".
local function with_path(url, custom) return url == custom and url or url .. "/" end

describe("an address of an API", function()
  for _, row in ipairs(fixture.cases) do
    local service, region, flags, url, custom, signed = table.unpack(row)
    it(("is as published: %s %s %s %s"):format(service, region, flags, custom or ""), function()
      local made, err = endpoint.resolve(service, region ~= "" and region or nil, options_of(flags, custom))
      if url == "" then return refused("endpoint_url", made, err) end
      assert.equal(with_path(url, custom), made.url)
      assert.equal(signed or region ~= "" and region or nil, made.region)
    end)
  end

  for _, row in ipairs(fixture.hosts) do
    local service, place = row[1], row[2]
    it(("is what the rule set of %s makes for %s"):format(service, place), function()
      for region in words(fixture.regions[place] or place) do
        for i, variant in ipairs(VARIANTS) do
          local made = assert(endpoint.resolve(service, region, OPTIONS[variant]))
          local exact = service == "signin" and region == "us-gov-west-1" and place ~= region
          if not exact then assert.equal("https://" .. filled(row[2 + i], region) .. "/", made.url) end
          assert.equal(region, made.region)
          assert.equal(fixture.regions[place] and place or "aws-us-gov", made.partition)
        end
      end
    end)
  end

  it("of STS's legacy mode is one for its regions, and the region's own elsewhere", function()
    local legacy = {}
    for region in words(fixture.legacy) do legacy[region] = true end
    for region in words(fixture.regions.aws .. " us-east-3 cn-north-1") do
      local made = endpoint.resolve("sts", region, { legacy = true })
      assert.equal(legacy[region] and "us-east-1" or region, made.region)
      assert.equal(legacy[region] == true, made.url == "https://sts.amazonaws.com/")
    end
  end)

  it("heeds the legacy mode neither for other services nor for other variants", function()
    assert.equal("https://api.ecr.us-east-1.amazonaws.com/",
      endpoint.resolve("ecr", "us-east-1", { legacy = true }).url)
    assert.equal("https://sts.us-east-1.api.aws/",
      endpoint.resolve("sts", "us-east-1", { legacy = true, dualstack = true }).url)
  end)

  it("of a region that nobody knows yet follows the pattern, and then aws", function()
    for region, host in pairs{ ["us-east-9"] = "api.ecr.us-east-9.amazonaws.com",
      ["cn-south-1"] = "api.ecr.cn-south-1.amazonaws.com.cn", ["us-isob-north-12"] =
      "api.ecr.us-isob-north-12.sc2s.sgov.gov", ["mars-north-1"] = "api.ecr.mars-north-1.amazonaws.com",
      ["us-iso-east"] = "api.ecr.us-iso-east.amazonaws.com", ["cn-north-1x"] =
      "api.ecr.cn-north-1x.amazonaws.com" } do
      assert.equal("https://" .. host .. "/", endpoint.resolve("ecr", region).url)
    end
  end)

  it("is none for names that are no region", function()
    for region in pairs(fixture.pseudo_regions) do
      for _, service in ipairs{ "ecr", "ecr-public", "sso", "sso-oidc", "signin" } do
        refused("region", endpoint.resolve(service, region))
        refused("region", endpoint.resolve(service, region, { endpoint = "https://a.example" }))
      end
    end
    for _, region in ipairs{ "", "x", "us-east-1.evil.example", "us-east-1/", "US-EAST-1", "us east", "us-east-1\n",
      "aws-cn-global", "{region}", 5 } do
      refused("region", endpoint.resolve("sts", region))
    end
    refused("no_region", endpoint.resolve("ecr"))
  end)

  it("of aws-global is STS's alone, signed for us-east-1, in one variant", function()
    assert.same({ url = "https://sts.amazonaws.com/", region = "us-east-1", partition = "aws" },
      endpoint.resolve("sts", "aws-global"))
    refused("region", endpoint.resolve("sts", "aws-global", { fips = true }))
    refused("region", endpoint.resolve("sts", "aws-global", { dualstack = true, legacy = true }))
  end)

  it("is an error for a service that nobody knows: a mistake in the program", function()
    assert.has_error(function() endpoint.resolve("s3", "us-east-1") end)
  end)
end)

describe("a custom endpoint", function()
  it("is taken as it is written, http and a path too", function()
    for _, url in ipairs{ "http://127.0.0.1:4566", "https://proxy.example/ecr", "http://localhost:5000/" } do
      assert.same({ url = url, region = "cn-north-1", partition = "aws-cn" },
        endpoint.resolve("ecr", "cn-north-1", { endpoint = url }))
      assert.same({ url = url }, endpoint.resolve("ecr", nil, { endpoint = url }))
    end
    assert.equal("us-east-1", endpoint.resolve("sts", "aws-global", { endpoint = "https://a.example" }).region)
  end)

  it("goes with neither FIPS nor dual-stack, and is named by its origin", function()
    local custom = { endpoint = "https://a.example", origin = "AWS_ENDPOINT_URL_ECR", fips = true }
    assert.matches("^FIPS and a custom endpoint cannot be combined.*AWS_ENDPOINT_URL_ECR",
      refused("endpoint_url", endpoint.resolve("ecr", "us-east-1", custom)))
    custom.dualstack = true
    assert.matches("^FIPS and", refused("endpoint_url", endpoint.resolve("ecr", "us-east-1", custom)))
    custom.fips = false
    assert.matches("^dual%-stack and a custom endpoint cannot be combined.*AWS_ENDPOINT_URL_ECR",
      refused("endpoint_url", endpoint.resolve("ecr", "us-east-1", custom)))
  end)

  it("is checked, and no password in it is shown", function()
    for _, url in ipairs{ "ftp://a.example", "https://user:hunter2@a.example", "https://hunter2@@a.example/",
      "https://user:x/hunter2@a.example", "user:hunter2@a.example",
      "a.example", "https://a.example/?key=hunter2#x", "https://a b" } do
      local message = refused("endpoint_url", endpoint.resolve("ecr", "us-east-1", { endpoint = url, origin = "X" }))
      assert.matches("from X", message, 1, true)
      assert.is_nil(message:find("hunter2", 1, true))
    end
  end)
end)

describe("a partition", function()
  it("is the one that lists the region", function()
    for id, regions in pairs(fixture.regions) do
      for region in words(regions) do assert.equal(id, endpoint.partition(region).id) end
    end
    for region, id in pairs(fixture.pseudo_regions) do assert.equal(id, endpoint.partition(region).id) end
    assert.equal("aws", endpoint.partition("aws-eusc-global").id) -- not listed
  end)

  it("has the suffixes of its hosts", function()
    local partition = endpoint.partition("eu-isoe-west-1")
    assert.same({ "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "cloud.adc-e.uk" },
      { partition.id, partition.suffix, partition.dual_stack_suffix, partition.registry.plain })
  end)
end)

describe("a registry's host", function()
  for id, forms in pairs(fixture.registries) do
    it("is built in the forms that " .. id .. " has, and read back", function()
      for region in words(fixture.regions[id]) do
        for _, variant in ipairs(VARIANTS) do
          local host, err = endpoint.registry_host(ACCOUNT, region, OPTIONS[variant])
          if forms[variant] then
            assert.equal(filled(forms[variant], region), host)
            local read = assert(core.reference(host .. "/app"))
            assert.same({ ACCOUNT, region, OPTIONS[variant].fips, OPTIONS[variant].dualstack },
              { read.account, read.region, read.fips, read.dual_stack })
          else
            assert.matches(id .. " has no ", refused("registry_host", host, err), 1, true)
          end
        end
      end
    end)
  end

  it("is refused with the forms that there are", function()
    assert.equal("the partition aws-cn has no FIPS registry hosts, only plain and dual-stack",
      refused("registry_host", endpoint.registry_host(ACCOUNT, "cn-north-1", { fips = true })))
    assert.equal("the partition aws-iso-f has no FIPS dual-stack registry hosts, only plain",
      refused("registry_host", endpoint.registry_host(ACCOUNT, "us-isof-east-1", { fips = true, dualstack = true })))
  end)

  it("has an account and a region", function()
    for _, region in ipairs{ "aws-global", "us-east-1.evil.example", "us_east_1", "" } do
      assert.equal("input", select(2, endpoint.registry_host(ACCOUNT, region)).kind)
    end
    for _, account in ipairs{ "12345678901", "1234567890123", "", 123456789012 } do
      assert.equal("registry_id", select(2, endpoint.registry_host(account, "us-east-1")).code)
    end
  end)

  it("of ECR Public is one of two", function()
    assert.equal(fixture.public_registry.plain, endpoint.public_host())
    assert.equal(fixture.public_registry.plain, endpoint.public_host{})
    assert.equal(fixture.public_registry.dualstack, endpoint.public_host{ dualstack = true })
  end)
end)

describe("what AWS lists", function()
  it("is known of ECR and ECR Public", function()
    for service, regions in pairs(fixture.listed) do
      for region, text in pairs(regions) do
        local expected = { plain = true }
        for variant in words(text) do expected[variant] = true end
        for _, variant in ipairs(VARIANTS) do
          assert.equal(expected[variant] == true, endpoint.listed(service, region, variant))
        end
      end
      assert.is_false(endpoint.listed(service, "us-east-9", "plain"))
    end
    assert.is_nil(endpoint.listed("sts", "us-east-1", "plain"))
  end)

  it("holds another FIPS host than the rule set gives", function()
    assert.matches("ecr-fips.us-gov-west-1.amazonaws.com", endpoint.fips_note("us-gov-west-1"), 1, true)
    assert.equal("AWS lists no FIPS endpoint of ecr in eu-west-1", endpoint.fips_note("eu-west-1"))
  end)

  it("is a hint where a host of the rule set does not resolve, and only there", function()
    assert.equal(endpoint.fips_note("us-east-1"), endpoint.hint("ecr", "us-east-1", { fips = true }))
    assert.equal("AWS lists no plain endpoint of ecr in us-eats-1", endpoint.hint("ecr", "us-eats-1"))
    assert.equal("AWS lists no dual-stack endpoint of ecr-public in us-west-2",
      endpoint.hint("ecr-public", "us-west-2", { dualstack = true }))
    assert.is_nil(endpoint.hint("ecr", "us-east-1", { dualstack = true }))
    assert.is_nil(endpoint.hint("sts", "us-eats-1"))
    assert.is_nil(endpoint.hint("ecr", "us-eats-1", { endpoint = "http://localhost" }))
  end)
end)
