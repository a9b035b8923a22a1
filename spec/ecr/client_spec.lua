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
    local _, err = ecr.client{ region = "us-east-1", access_key_id = "a" }
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

describe("a client whose registry is ECR Public", function()
  local function public_client(options)
    local settings = { public_registry = true }
    for key, value in pairs(options or {}) do settings[key] = value end
    return assert(ecr.mock():with_repository{ name = "private" }:with_public_repository{ name = "open" }
      :client(settings))
  end

  it("asks ECR Public where both services have an operation", function()
    local list = assert(public_client().repository:list())
    assert.equal(1, #list)
    assert.equal("open", list[1].repository_name)
  end)

  it("never asks the private registry by accident: an operation that is only there is refused", function()
    local none, err = public_client():call("StartImageScan", { repository_name = "private",
      image_id = { image_tag = "v1" } })
    assert.is_nil(none)
    assert.equal("input", err.kind)
    assert.matches("ECR Public has no operation StartImageScan, only ECR has", err.message)
  end)

  it("reaches the private registry by its name", function()
    local output = assert(public_client():call("ecr:DescribeRepositories", {}))
    assert.equal("private", output.repositories[1].repository_name)
  end)

  it("gives the token and the host of ECR Public's registry", function()
    local creds = assert(public_client().auth:get_creds())
    assert.equal("public.ecr.aws", creds.registry)
    assert(public_client().auth:get_token())
  end)

  it("gives the token of a private registry that is named", function()
    local host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert.equal(host, assert(public_client().auth:get_creds{ registry = host }).registry)
  end)
end)

describe("what a client says of itself", function()
  it("is every setting with its origin", function()
    local rows = assert(ecr.client{ region = "eu-west-1", proxy = "http://user:hunter2@proxy:3128" }):explain_config()
    local by_name = {}
    for _, row in ipairs(rows) do by_name[row.name] = row end
    assert.same({ name = "region", value = "eu-west-1", origin = "code" }, by_name.region)
    assert.equal("default", by_name.timeout.origin)
    assert.equal("http://***@proxy:3128", by_name.proxy.value)
    assert.is_nil(tostring(rows):find("hunter2", 1, true))
    assert.matches("region%s+eu%-west%-1%s+code\n", tostring(rows))
  end)

  it("says that another region's client was asked for it", function()
    local other = assert(assert(ecr.client{ region = "eu-west-1" }):in_region("eu-west-2"))
    for _, row in ipairs(other:explain_config()) do
      if row.name == "region" then assert.equal("in_region", row.origin) end
    end
  end)

  it("is nothing of credentials where nothing is signed", function()
    assert.same({}, world():client{}:explain_credentials())
    assert.equal("config", select(2, world():client{}:credentials()).kind)
  end)

  it("names the source of credentials, and none of them", function()
    local client = assert(ecr.client{ region = "eu-west-1", auth_static = { "AKIDEXAMPLE", "hunter2", "token3" } })
    local steps = client:explain_credentials()
    assert.equal("used", steps[1].state)
    for _, text in ipairs{ "AKIDEXAMPLE", "hunter2", "token3" } do
      assert.is_nil(tostring(steps):find(text, 1, true))
    end
  end)
end)
