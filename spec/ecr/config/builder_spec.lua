-- SPDX-License-Identifier: MIT
local ecr = require "ecr"

describe("the builder of settings", function()
  it("gives the options of a client, said one after the other", function()
    local options = assert(ecr.config_builder():region("eu-west-1"):registry_id("123456789012")
      :auth_static("AKID", "secret", "token"):max_retries(5):request_timeout_ms(2500):build())
    assert.same({ region = "eu-west-1", registry_id = "123456789012",
      auth_static = { "AKID", "secret", "token" }, max_retries = 5, request_timeout_ms = 2500 }, options)
    assert.equal(2.5, assert(ecr.client(options)).config.timeout)
  end)

  it("has a word without an argument for what is on or comes from the environment", function()
    local options = assert(ecr.config_builder():auth_default_chain():use_fips():public_registry():build())
    assert.same({ auth_default_chain = true, use_fips = true, public_registry = true }, options)
  end)

  it("takes the two parts of a web identity", function()
    local options = assert(ecr.config_builder()
      :auth_web_identity("arn:aws:iam::123456789012:role/x", "/token"):build())
    assert.same({ "arn:aws:iam::123456789012:role/x", "/token" }, options.auth_web_identity)
  end)

  it("checks what was said when it builds", function()
    local options, err = ecr.config_builder():region("US"):build()
    assert.is_nil(options)
    assert.equal("config", err.kind)
  end)

  it("raises for a setting that is none, and says what was meant", function()
    local ok, problem = pcall(function() return ecr.config_builder():regoin("x") end)
    assert.is_false(ok)
    assert.matches("did you mean region%?", problem)
  end)

  --- The seed's builder.
  for _, name in ipairs{ "region", "registry_id", "auth_default_chain", "auth_static", "auth_assume_role",
    "auth_web_identity", "endpoint_url", "use_fips", "use_dualstack", "max_retries", "request_timeout_ms",
    "token_refresh_buffer_secs", "public_registry", "profile", "ca_bundle", "proxy", "retry_mode",
    "user_agent_extra" } do
    it("knows " .. name, function()
      assert.equal("function", type(ecr.config_builder()[name]))
    end)
  end
end)
