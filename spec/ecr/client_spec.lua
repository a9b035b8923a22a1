-- SPDX-License-Identifier: MIT
local canned = require "spec.support.canned"
local ecr = require "ecr"

local function world(repositories)
  local mock = ecr.mock()
  for i = 1, repositories or 1 do mock:with_repository{ name = ("app%04d"):format(i) } end
  return mock
end

describe("a client", function()
  it("makes its services when they are used, once, and one client for each region", function()
    local client = world():client{}
    assert.is_nil(rawget(client, "image"))
    assert.equal(client.image, client.image)
    assert.is_nil(client.nothing)
    local west = assert(client:in_region("eu-west-1"))
    assert.equal(west, client:in_region("eu-west-1"))
    assert.equal(client, west:in_region("us-east-1"))
    assert.equal("config", select(2, client:in_region("No")).kind)
  end)

  it("reaches an operation by its name", function()
    local output = assert(world():client{}:call("DescribeRepositories", {}))
    assert.equal("app0001", output.repositories[1].repository_name)
  end)

  it("says what a mistyped operation was meant to be", function()
    local _, err = world():client{}:call("DescribeImage", {})
    assert.equal("input", err.kind)
    assert.matches("did you mean DescribeImages", err.message)
  end)

  it("sends nothing when the input breaks a rule", function()
    local mock = world()
    local _, err = mock:client{}:call("DescribeImages", { repository_name = "App" })
    assert.equal("input", err.kind)
    assert.matches("^repository_name: must match", err.message)
    assert.same({}, mock:history())
  end)

  it("gives its registry id to every call that takes one", function()
    local mock = world()
    local client = mock:client{ registry_id = "123456789012" }
    assert(client:call("DescribeRepositories", {}))
    client:call("DescribeRegistry", {})
    assert.equal("123456789012", mock:history()[1].input.registry_id)
    assert.is_nil(mock:history()[2].input.registry_id)
  end)

  it("repeats a write whose outcome is unknown only where that does no harm", function()
    local function attempts(operation, input, fault)
      local mock = ecr.mock():with_image("app", { tags = { "v1" } }):with_error_injection(fault)
      local _, err = mock:client{}:call(operation, input)
      return #mock:history(), err
    end
    local delete = { repository_name = "app", image_ids = { { image_tag = "v1" } } }
    local lost = { operation = "BatchDeleteImage", failure = { kind = "timeout", code = "timeout" } }
    assert.equal(1, (attempts("BatchDeleteImage", delete, lost)))
    lost.failure = { kind = "network", code = "reset" }
    assert.equal(1, (attempts("BatchDeleteImage", delete, lost)))
    for code, kind in pairs{ connect = "network", proxy = "network", connect_timeout = "timeout" } do
      lost.failure = { kind = kind, code = code } -- never reached the service
      assert.equal(4, (attempts("BatchDeleteImage", delete, lost)), code)
    end
    assert.equal(4, (attempts("BatchDeleteImage", delete, { operation = "BatchDeleteImage",
      code = "ThrottlingException" })))
    assert.equal(4, (attempts("DescribeRepositories", {}, { operation = "DescribeRepositories",
      failure = { kind = "timeout", code = "timeout" } })))
  end)

  it("does not change the caller's input", function()
    local input = {}
    assert(world():client{ registry_id = "123456789012" }:call("DescribeRepositories", input))
    assert.same({}, input)
  end)

  it("says that there is no region before it looks for credentials", function()
    local _, err = assert(ecr.client{ endpoint_url = "http://127.0.0.1:1" }):call("DescribeRepositories", {})
    assert.equal("config", err.kind)
    assert.equal("no_region", err.code)
  end)

  it("says which credentials are missing", function()
    local _, err = assert(ecr.client{ region = "us-east-1", access_key_id = "a" }):call("DescribeRepositories", {})
    assert.equal("config", err.kind)
    assert.matches("without secret_access_key", err.message)
  end)

  it("makes a client for another region over the same transport", function()
    local client = world():client{}
    local other = assert(client:in_region("eu-west-1"))
    assert.equal("eu-west-1", other.config.region)
    assert.equal("us-east-1", client.config.region)
    assert.equal(client.exchange.transport, other.exchange.transport)
    assert.equal(client, client:in_region("us-east-1"))
    assert.equal("config", select(2, client:in_region("Mars")).kind)
  end)

  it("says where AWS lists no such host when a name does not resolve", function()
    local function unresolved(options)
      options.transport = canned.new()
      options.max_retries = 0
      options.transport.refusal = { kind = "network", code = "dns", message = "no such host" }
      return select(2, assert(ecr.client(options)):call("DescribeRepositories", {})).message
    end
    assert.equal("no such host; AWS lists no plain endpoint of ecr in us-eats-1", unresolved{ region = "us-eats-1" })
    assert.equal("no such host", unresolved{ region = "us-east-1" })
    assert.equal("no such host", unresolved{ region = "us-eats-1", endpoint_url = "http://ecr.invalid" })
  end)
end)
