-- SPDX-License-Identifier: MIT
local ecr = require "ecr"

local function world(repositories)
  local mock = ecr.mock()
  for i = 1, repositories or 1 do mock:with_repository{ name = ("app%04d"):format(i) } end
  return mock
end

describe("a client", function()
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
end)

describe("the repository service", function()
  it("lists every repository, page after page", function()
    local mock = world(2500)
    local list = assert(mock:client{}.repository:list())
    assert.equal(2500, #list)
    assert.equal(3, #mock:history())
  end)

  it("gives one by its name, or not_found", function()
    local client = world():client{}
    assert.equal("app0001", client.repository:get("app0001").repository_name)
    assert.equal("not_found", select(2, client.repository:get("nothing")).kind)
  end)
end)

describe("the image service", function()
  local function many(count)
    local mock = ecr.mock():with_repository{ name = "app" }
    for i = 1, count do mock:with_image("app", { tags = { "v" .. i } }) end
    return mock
  end

  it("describes one image, named in any way", function()
    local client = many(1):client{}
    local detail = assert(client.image:describe("app:v1"))
    assert.same({ "v1" }, detail.image_tags)
    local digest = detail.image_digest
    assert.equal(digest, client.image:describe("app@" .. digest).image_digest)
    assert.equal(digest, client.image:describe("app", { tag = "v1" }).image_digest)
    assert.equal(digest, client.image:describe("app", { digest = digest }).image_digest)
    assert.equal(digest, client.image:describe("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1").image_digest)
  end)

  it("gets more images than one call takes, and a failure for each that is not there", function()
    local mock = many(150)
    local ids = {}
    for i = 1, 151 do ids[i] = { tag = "v" .. i } end
    local got = assert(mock:client{}.image:batch_get("app", ids))
    assert.equal(150, #got.images)
    assert.equal(1, #got.failures)
    assert.equal("ImageNotFound", got.failures[1].failure_code)
    assert.equal(2, #mock:history())
  end)

  it("lists an id for each tag", function()
    assert.equal(1200, #many(1200):client{}.image:list("app"))
  end)

  it("says not_found for one image that is not there", function()
    assert.equal("not_found", select(2, many(1):client{}.image:get("app:nothing")).kind)
  end)
end)

describe("the manifest service", function()
  local parse = require("ecr.service.manifest").parse

  local function client_of(image)
    image.tags = { "v1" }
    return ecr.mock():with_image("app", image):client{}
  end

  it("gives a manifest of which the bytes are verified", function()
    local manifest = assert(client_of({}).manifest:get_manifest("app:v1"))
    assert.equal("image", manifest.kind)
    assert.equal(2, manifest.document.schema_version)
    assert.equal(manifest.digest, require("ecr.core").digest(manifest.text))
  end)

  it("tells an index from an image", function()
    assert.equal(2, #client_of({ index = { {}, { platform = "linux/arm64" } } }).manifest:get_list("app:v1")
      .document.manifests)
    local _, err = client_of({}).manifest:get_list("app:v1")
    assert.equal("not_an_index", err.code)
  end)

  it("refuses bytes that are not the digest's, whatever the service says", function()
    local client = client_of({})
    local image = assert(client.image:get("app:v1"))
    image.image_manifest = image.image_manifest .. "\n"
    local manifest, err = parse(image)
    assert.is_nil(manifest)
    assert.equal("integrity", err.kind)
  end)

  it("refuses another image than the one asked for by its digest, however right its bytes are", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" } })
    local client = mock:with_image("app", { tags = { "v2" }, index = { {} } }):client{}
    local asked, other = client.image:describe("app:v1").image_digest, client.image:get("app:v2")
    client.image.get = function() return other end -- what a service does that mixes images up
    local manifest, err = client.manifest:get_manifest("app@" .. asked)
    assert.is_nil(manifest)
    assert.equal("integrity", err.kind)
  end)

  it("refuses a document that claims to be an index and an image", function()
    local text = '{"schemaVersion":2,"manifests":[],"layers":[]}'
    local _, err = parse{ image_manifest = text,
      image_id = { image_digest = require("ecr.core").digest(text) } }
    assert.equal("protocol", err.kind)
    assert.matches("at once", err.message)
  end)
end)

describe("the scan service", function()
  it("starts a scan and shows its way", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" } })
    local client = mock:client{}
    assert.equal("ScanNotFoundException", select(2, client.scan:get_status("app:v1")).code)
    assert.equal("PENDING", client.scan:start("app:v1").status)
    assert.equal("IN_PROGRESS", client.scan:get_status("app:v1").status)
    ecr.sleep(11)
    assert.equal("COMPLETE", client.scan:get_status("app:v1").status)
    local _, err = client.scan:start("app:v1")
    assert.equal("limit", err.kind)
    assert.equal(1, err.attempts) -- a daily limit is not throttling
  end)

  it("gives basic and enhanced findings in one form", function()
    local row = { id = "CVE-2026-1", severity = "HIGH", package = "zlib", version = "1.2", fixed_version = "1.3",
      score = 7.5, uri = "https://x" }
    for _, kind in ipairs{ "basic", "enhanced" } do
      local client = ecr.mock():with_image("app", { tags = { "v1" },
        scan = { type = kind, findings = { row } } }):client{}
      local result = assert(client.scan:get_findings("app:v1"))
      local one = result.findings[1]
      assert.equal(kind, result.kind)
      assert.same({ "CVE-2026-1", "HIGH", "zlib", "1.2", 7.5, "https://x", "ACTIVE" },
        { one.id, one.severity, one.package, one.version, one.score, one.url, one.status })
      assert.equal(kind == "enhanced" and "1.3" or nil, one.fixed_version)
    end
  end)

  it("calls a list that would never end an error", function()
    local transport = ecr.mock():with_repository{ name = "app" }:client{}.exchange.transport
    local perform = transport.poll
    local client = ecr.client{ transport = setmetatable({ poll = function(_, seconds)
      local events = perform(transport, seconds)
      for _, event in ipairs(events) do
        event.status, event.fault, event.value = 200, nil, { repositories = {}, next_token = "again" }
      end
      return events
    end }, { __index = function(_, key)
      local value = transport[key]
      return type(value) == "function" and function(_, ...) return value(transport, ...) end or value
    end }), region = "us-east-1" }
    local _, err = client.repository:list()
    assert.equal("protocol", err.kind, tostring(err))
    assert.equal("repeated_token", err.code)
  end)
end)
