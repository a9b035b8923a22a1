-- SPDX-License-Identifier: MIT
local config = require "ecr.config"
local flags = require "ecr.flags"

--- Settings with this environment.
local function with(environment, options)
  local real = os.getenv
  os.getenv = function(name) return environment[name] end -- luacheck: ignore
  local made, err = config.new(options)
  os.getenv = real -- luacheck: ignore
  return made, err
end

describe("configuration", function()
  after_each(function() for key in pairs(flags) do flags[key] = nil end end)

  it("has defaults", function()
    local made = assert(with{})
    assert.equal(30, made.timeout)
    assert.equal(5, made.connect_timeout)
    assert.equal(3, made.max_retries)
    assert.is_nil(made.region)
    assert.equal("default", made.origin.timeout)
  end)

  it("takes code before the command line before the environment", function()
    local environment = { AWS_REGION = "eu-west-1" }
    assert.equal("eu-west-1", with(environment).region)
    flags.region = "eu-west-2"
    assert.equal("eu-west-2", with(environment).region)
    assert.equal("--region", with(environment).origin.region)
    assert.equal("eu-west-3", with(environment, { region = "eu-west-3" }).region)
  end)

  it("takes AWS_REGION before AWS_DEFAULT_REGION, and an empty variable for none", function()
    assert.equal("a-1", with{ AWS_REGION = "a-1", AWS_DEFAULT_REGION = "b-1" }.region)
    assert.equal("b-1", with{ AWS_REGION = "", AWS_DEFAULT_REGION = "b-1" }.region)
  end)

  it("takes the endpoint of the service before the one of all services", function()
    local made = with{ AWS_ENDPOINT_URL = "http://all", AWS_ENDPOINT_URL_ECR = "http://ecr",
      ECR_ENDPOINT_URL = "http://own" }
    assert.equal("http://ecr", made.endpoint_url)
    assert.equal("AWS_ENDPOINT_URL_ECR", made.origin.endpoint_url)
    assert.equal("http://own", with{ AWS_ENDPOINT_URL = "http://all", ECR_ENDPOINT_URL = "http://own" }.endpoint_url)
    assert.equal("http://all", with{ AWS_ENDPOINT_URL = "http://all" }.public_endpoint_url)
  end)

  it("tells what a mistyped option was meant to be", function()
    local _, err = with({}, { regoin = "us-east-1" })
    assert.equal("config", err.kind)
    assert.matches('unknown option "regoin"; did you mean region%?', err.message)
  end)

  local wrong = {
    { region = "US" }, { region = "us_east_1" }, { region = "aws-global" }, { region = 5 }, { registry_id = "123" },
    { registry_id = 123456789012 }, { timeout = 0 }, { timeout = -1 }, { timeout = "5" }, { timeout = 0 / 0 },
    { connect_timeout = 0 }, { connect_timeout = 90000 }, { connect_timeout = "1" },
    { max_retries = -1 }, { max_retries = 1.5 }, { max_retries = 1000 }, { endpoint_url = "ftp://x" },
    { endpoint_url = "https://user:password@x/" }, { transport = "http" }, { access_key_id = 1 },
  }
  for _, options in ipairs(wrong) do
    local name, value = next(options)
    it(("refuses %s = %s"):format(name, tostring(value)), function()
      local made, err = with({}, options)
      assert.is_nil(made)
      assert.equal("config", err.kind)
      assert.is_nil(tostring(err):find("password@", 1, true) and nil)
    end)
  end
end)
