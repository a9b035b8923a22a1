-- SPDX-License-Identifier: MIT
local config = require "ecr.config"
local flags = require "ecr.flags"
local process = require "spec.support.process"

--- Settings with this environment; the shared files' texts are in `config` and `credentials`.
local function with(environment, options)
  local real = os.getenv
  local paths = { config = "AWS_CONFIG_FILE", credentials = "AWS_SHARED_CREDENTIALS_FILE" }
  for kind, variable in pairs(paths) do
    local text = environment[kind]
    environment[variable] = environment[variable] or text and process.file(text) or "/nonexistent/" .. kind
  end
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
    { use_fips = "true" }, { use_dualstack = 1 }, { retry_mode = "fast" }, { sts_regional_endpoints = "global" },
    { request_timeout_ms = "5" }, { request_timeout_ms = 0 }, { token_refresh_buffer_secs = -1 },
    { metadata_service_num_attempts = 0 }, { auth_static = { "AKID" } }, { auth_static = { "AKID", 5 } },
    { auth_static = { access_key = "AKID", secret_access_key = "x" } }, { auth_assume_role = "short" },
    { auth_assume_role = { role_arn = "arn:aws:iam::123456789012:role/x", duration_seconds = 10 } },
    { auth_assume_role = { role_arn = "arn:aws:iam::123456789012:role/x", sesion_name = "x" } },
    { auth_assume_role = true }, { auth_web_identity = { "arn:aws:iam::123456789012:role/x" } },
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

  --- Setting, environment, files, value, origin (a pattern).
  local matrix = {
    { "region", {}, "eu-west-3", "^profile default in " },
    { "region", { AWS_REGION = "eu-west-1" }, "eu-west-1", "^AWS_REGION$" },
    { "region", { AWS_PROFILE = "dev" }, "eu-north-1", "^profile dev in " },
    { "use_fips", {}, true, "^profile default in " },
    { "use_fips", { AWS_USE_FIPS_ENDPOINT = "FALSE" }, false, "^AWS_USE_FIPS_ENDPOINT$" },
    { "use_dualstack", { AWS_USE_DUALSTACK_ENDPOINT = "True" }, true, "^AWS_USE_DUALSTACK_ENDPOINT$" },
    { "max_retries", {}, 6, "^profile default in " },
    { "max_retries", { AWS_MAX_ATTEMPTS = "1" }, 0, "^AWS_MAX_ATTEMPTS$" },
    { "retry_mode", { AWS_RETRY_MODE = "Adaptive" }, "adaptive", "^AWS_RETRY_MODE$" },
    { "ca_bundle", {}, "/ca.pem", "^profile default in " },
    { "ca_bundle", { AWS_CA_BUNDLE = "/other.pem" }, "/other.pem", "^AWS_CA_BUNDLE$" },
    { "sdk_ua_app_id", {}, "shop", "^profile default in " },
    { "sts_regional_endpoints", { AWS_STS_REGIONAL_ENDPOINTS = "legacy" }, "legacy", "^AWS_STS_REGIONAL_ENDPOINTS$" },
    { "ec2_metadata_disabled", { AWS_EC2_METADATA_DISABLED = "TRUE" }, true, "^AWS_EC2_METADATA_DISABLED$" },
    { "ec2_metadata_service_endpoint_mode", { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv6" }, "ipv6", "MODE$" },
    { "metadata_service_timeout", { AWS_METADATA_SERVICE_TIMEOUT = "2.5" }, 2.5, "^AWS_METADATA_SERVICE_TIMEOUT$" },
    { "connect_timeout", { AWS_DEFAULTS_MODE = "in-region" }, 1.1, "default" },
    { "connect_timeout", { AWS_DEFAULTS_MODE = "standard" }, 3.1, "default" },
    { "token_refresh_buffer_secs", {}, 300, "default" },
  }
  local FILE = "[default]\nregion = eu-west-3\nuse_fips_endpoint = true\nmax_attempts = 7\nca_bundle = /ca.pem\n"
    .. "sdk_ua_app_id = shop\n[profile dev]\nregion = eu-north-1\n"
  for _, row in ipairs(matrix) do
    local name, environment, value, origin = table.unpack(row)
    local variable, text = next(environment)
    it(("takes %s from %s=%s"):format(name, variable or "the profile", text or value), function()
      environment.config = FILE
      local made = assert(with(environment))
      assert.equal(value, made[name])
      assert.matches(origin, made.origin[name])
    end)
  end

  it("takes a key of the credentials file before the same one of the config file", function()
    local made = with{ config = "[default]\nregion = eu-west-1\n", credentials = "[default]\nregion = eu-west-2\n" }
    assert.equal("eu-west-2", made.region)
  end)

  it("lets no profile feed another", function()
    assert.is_nil(with{ AWS_PROFILE = "dev", config = "[default]\nregion = eu-west-1\n[profile dev]\noutput = x\n" }
      .region)
  end)

  local unusable = {
    { { AWS_USE_FIPS_ENDPOINT = "yes" }, 'AWS_USE_FIPS_ENDPOINT.*"yes" is neither true nor false' },
    { { AWS_MAX_ATTEMPTS = "0" }, "at least 1" }, { { AWS_MAX_ATTEMPTS = "many" }, '"many" is no number' },
    { { AWS_RETRY_MODE = "fast" }, "standard, adaptive, legacy" },
    { { AWS_PROFILE = "dve", config = "[profile dev]\n" }, 'no profile "dve" %(from AWS_PROFILE%).*there are dev' },
    { { config = "[default]\nservices = gone\n" }, "services section gone" },
    { { config = "[default\n" }, ", line 1: " },
    { { AWS_ENDPOINT_URL = "nonsense" }, '"nonsense" %(from AWS_ENDPOINT_URL%)' },
    { { AWS_ENDPOINT_URL = "http://x", AWS_USE_FIPS_ENDPOINT = "true" }, "AWS_USE_FIPS_ENDPOINT.*AWS_ENDPOINT_URL" },
    { { AWS_ENDPOINT_URL = "http://x", AWS_USE_DUALSTACK_ENDPOINT = "true" }, "use_dualstack.*AWS_ENDPOINT_URL" },
  }
  for _, row in ipairs(unusable) do
    it("refuses what is said " .. row[2], function()
      local made, err = with(row[1])
      assert.is_nil(made)
      assert.equal("config", err.kind)
      assert.matches(row[2], err.message)
    end)
  end

  it("needs no default profile, and no files", function()
    assert(with{})
    assert(with{ AWS_PROFILE = "default" })
    assert(with{ config = "[profile dev]\n" })
  end)

  local SERVICES = "[default]\nservices = local\nendpoint_url = http://profile\n[services local]\necr =\n"
    .. "  endpoint_url = http://section\nsts =\n  endpoint_url = http://section-sts\n"
  local endpoints = {
    { "code", { AWS_ENDPOINT_URL_ECR = "http://ecr", config = SERVICES }, { endpoint_url = "http://code" },
      "http://code" },
    { "the service's variable", { AWS_ENDPOINT_URL_ECR = "http://ecr", AWS_ENDPOINT_URL = "http://all",
      config = SERVICES }, {}, "http://ecr" },
    { "the variable for all", { AWS_ENDPOINT_URL = "http://all", config = SERVICES }, {}, "http://all" },
    { "the services section", { config = SERVICES }, {}, "http://section" },
    { "the profile", { config = "[default]\nendpoint_url = http://profile\n" }, {}, "http://profile" },
    { "nobody when they are to be ignored", { AWS_ENDPOINT_URL_ECR = "http://ecr", config = SERVICES,
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" }, {}, nil },
    { "code even then", { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = "true" }, { endpoint_url = "http://code" },
      "http://code" },
  }
  for _, row in ipairs(endpoints) do
    it("takes the endpoint of " .. row[1], function()
      assert.equal(row[4], assert(with(row[2], row[3])).endpoint_url)
    end)
  end

  it("knows the endpoints of the services that give credentials", function()
    local made = with{ config = SERVICES, AWS_ENDPOINT_URL_SSO_OIDC = "http://oidc" }
    assert.equal("http://section-sts", made.endpoints.sts)
    assert.equal("http://oidc", made.endpoints["sso-oidc"])
    assert.equal("http://profile", made.endpoints.sso)
    assert.equal("http://profile", made.endpoints.signin)
  end)

  it("takes an endpoint in code for ECR Public where that is the client's registry", function()
    local made = with({}, { public_registry = true, endpoint_url = "http://code" })
    assert.equal("http://code", made.public_endpoint_url)
    assert.is_nil(made.endpoint_url)
  end)

  it("takes the time-out in milliseconds too, but not both", function()
    assert.equal(2.5, with({}, { request_timeout_ms = 2500 }).timeout)
    local _, err = with({}, { request_timeout_ms = 2500, timeout = 3 })
    assert.matches("the same setting", err.message)
  end)

  it("reads no shared files where a simulator or a recording answers", function()
    local broken = { config = "[default\n" }
    assert(with(broken, { sim = "x" }))
    assert(with(broken, { replay = "x" }))
    assert(with(broken, { transport = { clock = "virtual" } }))
    assert.is_nil((with(broken, {})))
  end)

  local contradictions = {
    { auth_static = { "AKID", "x" }, auth_default_chain = true },
    { auth_static = { "AKID", "x" }, access_key_id = "AKID" },
    { auth_web_identity = { "arn:aws:iam::123456789012:role/x", "/token" }, auth_static = { "AKID", "x" } },
  }
  for i, options in ipairs(contradictions) do
    it("refuses to be two identities at once (" .. i .. ")", function()
      local made, err = with({}, options)
      assert.is_nil(made)
      assert.equal("config", err.kind)
    end)
  end

  it("takes a role to assume from AWS_ROLE_ARN only where code asks for it", function()
    local environment = { AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/x" }
    assert.is_nil(with(environment).identity.role)
    assert.equal(environment.AWS_ROLE_ARN, with(environment, { auth_assume_role = true }).identity.role.role_arn)
  end)
end)
