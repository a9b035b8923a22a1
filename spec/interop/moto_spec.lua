-- SPDX-License-Identifier: MIT
-- The client and the gate against an ECR endpoint that nobody here wrote: moto's server. Skipped, aloud,
-- where the machine has none.
local cjson = require "cjson"
local core = require "ecr.core"
local ecr = require "ecr"
local moto = require "spec.support.moto"
local process = require "spec.support.process"

local CONFIG = "application/vnd.oci.image.config.v1+json"
local MANIFEST = "application/vnd.oci.image.manifest.v1+json"
local INDEX = "application/vnd.oci.image.index.v1+json"

local server, url

local function client()
  return assert(ecr.client{ region = "us-east-1", endpoint_url = url, access_key_id = "AKIDEXAMPLE",
    secret_access_key = "secret", proxy = "" })
end

local function descriptor(media_type, text)
  return ('{"mediaType":"%s","digest":"%s","size":%d}'):format(media_type, core.digest(text), #text)
end

--- Pushes a manifest and gives its digest.
local function push(to, tag, text, media_type)
  local output = assert(to:call("PutImage", { repository_name = "team/app", image_tag = tag, image_manifest = text,
    image_manifest_media_type = media_type, image_digest = core.digest(text) }))
  return output.image.image_id.image_digest
end

local function push_image(to, tag, seed)
  return push(to, tag, ('{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}'):format(MANIFEST,
    descriptor(CONFIG, "config" .. seed), descriptor("application/vnd.oci.image.layer.v1.tar+gzip", seed)), MANIFEST)
end

describe("against moto's server", function()
  setup(function()
    if not moto.there then return end
    server = moto.start()
    url = server.url
  end)

  teardown(function() if server then server:stop() end end)

  --- Each test has a server without state, one repository and one image.
  local function test(name, fn)
    it(name, function()
      if not moto.there then return pending("there is no moto_server on this machine") end
      server:reset()
      local to = client()
      assert(to:call("CreateRepository", { repository_name = "team/app", tags = { { key = "a", value = "b" } } }))
      push_image(to, "v1", "one")
      fn(to)
    end)
  end

  test("creates a repository and finds it", function(to)
    assert(to:call("CreateRepository", { repository_name = "team/other" }))
    assert.equal("team/other", to.repository:get("team/other").repository_name)
    assert.equal(2, #to.repository:list{ glob = "team/*" })
    assert.equal(1, #to.repository:list{ names = { "team/app" } })
    local _, err = to:call("CreateRepository", { repository_name = "team/app" })
    assert.equal("conflict", err.kind)
    assert.equal("RepositoryAlreadyExistsException", err.code)
  end)

  test("pushes an image and reads it back with the same bytes", function(to)
    local digest = push_image(to, "v2", "two")
    local manifest = assert(to.manifest:get_manifest("team/app:v2"))
    assert.equal(digest, manifest.digest)
    assert.equal("image", manifest.kind)
    assert.equal("not_an_index", select(2, to.manifest:get_list("team/app:v2")).code)
    assert.same({ { image_digest = digest, image_tag = "v2" } }, to.image:list("team/app", { glob = "*2" }))
    assert.equal(2, #to.image:describe("team/app", { { tag = "v1" }, { digest = digest } }))
    assert.equal("v2", to.image:describe("team/app", { order = "semver" })[1].image_tags[1])
  end)

  test("says not_found for what is not there", function(to)
    assert.equal("not_found", select(2, to.repository:get("nothing")).kind)
    assert.equal("not_found", select(2, to.image:describe("team/app:nothing")).kind)
    assert.equal("ScanNotFoundException", select(2, to.scan:get_findings("team/app:v1")).code)
  end)

  test("gates an image: no verdict without a scan, a verdict after one", function(to)
    local image = "team/app:v1"
    local verdict = ecr.gate(to, image, { timeout = 0 })
    assert.equal(2, verdict.exit_code)
    assert(to.scan:start(image))
    verdict = ecr.gate(to, image, { timeout = 20, thresholds = { HIGH = 0 } })
    local listed = #to.scan:get_findings(image).findings
    assert.equal(listed > 0 and 1 or 0, verdict.exit_code)
    assert.equal(0, ecr.gate(to, image, { timeout = 20, thresholds = { HIGH = listed } }).exit_code)
  end)

  test("gates every image of an index", function(to)
    local one, two = push_image(to, "amd", "amd"), push_image(to, "arm", "arm")
    push(to, "multi", ('{"schemaVersion":2,"mediaType":"%s","manifests":['
      .. '{"mediaType":"%s","digest":"%s","size":1,"platform":{"os":"linux","architecture":"amd64"}},'
      .. '{"mediaType":"%s","digest":"%s","size":1,"platform":{"os":"linux","architecture":"arm64"}}]}'):format(INDEX,
      MANIFEST, one, MANIFEST, two), INDEX)
    assert(to.scan:start("team/app", { digest = one }))
    local verdict = ecr.gate(to, "team/app:multi", { timeout = 0, thresholds = { HIGH = 100 } })
    assert.is_true(verdict.index)
    assert.equal(2, #verdict.targets)
    assert.equal(2, verdict.exit_code) -- one of the two has no scan
    assert(to.scan:start("team/app", { digest = two }))
    assert.equal(0, ecr.gate(to, "team/app:multi", { timeout = 20, thresholds = { HIGH = 100 } }).exit_code)
  end)

  test("keeps, gives and deletes policies", function(to)
    local lifecycle = '{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":'
      .. '"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}'
    local policy = '{"Version":"2008-10-17","Statement":[{"Sid":"all","Effect":"Allow","Principal":"*",'
      .. '"Action":["ecr:BatchGetImage"]}]}'
    local name = { repository_name = "team/app" }
    assert.is_nil(to.repository:get_lifecycle("team/app"))
    assert(to:call("PutLifecyclePolicy", { repository_name = "team/app", lifecycle_policy_text = lifecycle }))
    assert.equal(14, to.repository:get_lifecycle("team/app").rules[1].selection.count_number)
    assert(to:call("DeleteLifecyclePolicy", name))
    assert.equal("LifecyclePolicyNotFoundException", select(2, to:call("DeleteLifecyclePolicy", name)).code)
    assert.is_nil(to.repository:get_policy("team/app"))
    assert(to:call("SetRepositoryPolicy", { repository_name = "team/app", policy_text = policy }))
    assert.same(cjson.decode(policy), cjson.decode(to.repository:get_policy("team/app")))
    assert(to:call("DeleteRepositoryPolicy", name))
    assert.equal("RepositoryPolicyNotFoundException", select(2, to:call("GetRepositoryPolicy", name)).code)
  end)

  test("keeps, gives and deletes the registry's policy", function(to)
    local policy = '{"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow","Principal":'
      .. '{"AWS":"arn:aws:iam::111122223333:root"},"Action":["ecr:ReplicateImage"],'
      .. '"Resource":["arn:aws:ecr:us-east-1:123456789012:repository/*"]}]}'
    assert.equal("RegistryPolicyNotFoundException", select(2, to:call("GetRegistryPolicy")).code)
    assert.equal(policy, to:call("PutRegistryPolicy", { policy_text = policy }).policy_text)
    assert.equal(policy, to:call("GetRegistryPolicy").policy_text)
    assert.equal(policy, to:call("DeleteRegistryPolicy").policy_text)
    assert.equal("not_found", select(2, to:call("DeleteRegistryPolicy")).kind)
  end)

  test("says how a registry and its repositories are scanned", function(to)
    assert(to:call("PutImageScanningConfiguration",
      { repository_name = "team/app", image_scanning_configuration = { scan_on_push = true } }))
    assert.is_true(to.repository:get("team/app").image_scanning_configuration.scan_on_push)
    local filter = { filter = "team/*", filter_type = "WILDCARD" }
    local rules = { { scan_frequency = "SCAN_ON_PUSH", repository_filters = { filter } } }
    assert.same({ scan_type = "BASIC", rules = rules }, to:call("PutRegistryScanningConfiguration",
      { scan_type = "BASIC", rules = rules }).registry_scanning_configuration)
    assert.same({ scan_type = "BASIC", rules = rules },
      to:call("GetRegistryScanningConfiguration").scanning_configuration)
    local output = assert(to:call("BatchGetRepositoryScanningConfiguration",
      { repository_names = { "team/app", "team/gone" } }))
    assert.equal("SCAN_ON_PUSH", output.scanning_configurations[1].scan_frequency)
    assert.same({ filter }, output.scanning_configurations[1].applied_scan_filters)
    assert.equal("team/gone", output.failures[1].repository_name)
  end)

  test("tags a repository", function(to)
    local arn = to.repository:get("team/app").repository_arn
    assert.same({ a = "b" }, to.repository:list_tags("team/app"))
    assert(to:call("TagResource", { resource_arn = arn, tags = { { key = "c", value = "d" } } }))
    assert(to:call("UntagResource", { resource_arn = arn, tag_keys = { "a" } }))
    assert.same({ c = "d" }, to.repository:list_tags("team/app"))
  end)

  test("gives a token that opens as AWS and a password", function(to)
    local data = assert(to:call("GetAuthorizationToken")).authorization_data[1]
    assert.equal("https://123456789012.dkr.ecr.us-east-1.amazonaws.com", data.proxy_endpoint)
    assert.is_true(#assert(data.authorization_token:unbase64():after(":")) > 0)
    assert.equal("short_lived", select(2, to.auth:get_token()).code) -- moto's tokens ended in 2015
  end)

  test("tells where a registry replicates to", function(to)
    local destination = { region = "eu-west-1", registry_id = "123456789012" }
    assert.same({}, to.replication:get_config().rules)
    assert.equal("no_rule", select(2, to.replication:wait_for("team/app:v1")).code)
    assert(to:call("PutReplicationConfiguration", { replication_configuration = { rules = {
      { destinations = { destination }, repository_filters = { { filter = "team/", filter_type = "PREFIX_MATCH" } } },
    } } }))
    assert.same({ destination }, to.replication:list_destinations("team/app"))
    assert.same({}, to.replication:list_destinations("other"))
    local own = { region = "us-east-1", registry_id = "123456789012" }
    assert.equal("input", select(2, to:call("PutReplicationConfiguration",
      { replication_configuration = { rules = { { destinations = { own } } } } })).kind)
  end)

  test("tags an image anew, and says when that changes nothing", function(to)
    assert.equal("created", to.image:put_tag("team/app:v1", "stable").status)
    assert.equal("unchanged", to.image:put_tag("team/app:v1", "stable").status)
    assert.equal(to.image:describe("team/app:v1").image_digest, to.image:describe("team/app:stable").image_digest)
  end)

  test("runs the shipped script over HTTP with credentials from the environment", function(to)
    assert(to.scan:start("team/app:v1"))
    local result = process.ecrlua({ "--endpoint-url", url, "scan_gate.lua", "team/app:v1", "--json", "--no-start",
      "--critical", "100", "--high", "100", "--undefined", "100" },
      { "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret" })
    local document = cjson.decode(result.output)
    assert.equal(document.exit_code, result.code)
    assert.equal("pass", document.verdict)
  end)

  test("makes tags immutable", function(to)
    assert(to:call("PutImageTagMutability", { repository_name = "team/app", image_tag_mutability = "IMMUTABLE" }))
    assert.equal("IMMUTABLE", to.repository:get("team/app").image_tag_mutability)
    assert.is_false((pcall(push_image, to, "v1", "another")))
    assert(to:call("PutImageTagMutability", { repository_name = "team/app", image_tag_mutability = "MUTABLE" }))
  end)

  test("deletes by tag and by digest, and tells of each that it could not", function(to)
    local digest = push_image(to, "one", "deleted")
    push_image(to, "two", "deleted")
    local function delete(...)
      return assert(to:call("BatchDeleteImage", { repository_name = "team/app", image_ids = { ... } }))
    end
    assert.same({ image_digest = digest, image_tag = "one" }, delete{ image_tag = "one" }.image_ids[1])
    assert.same({ "two" }, to.image:describe("team/app", { digest = digest }).image_tags)
    assert.equal("two", delete{ image_digest = digest }.image_ids[1].image_tag)
    local failure = delete{ image_digest = digest }.failures[1]
    assert.same({ "ImageNotFound", "Requested image not found" }, { failure.failure_code, failure.failure_reason })
    assert.equal("MissingDigestAndTag", delete{}.failures[1].failure_code)
    local result = assert(to.image:batch_delete("team/app", { { tag = "v1" }, { tag = "gone" } }))
    assert.equal("v1", result.deleted[1].image_tag)
    assert.equal("not_found", result.failures[1].error.kind)
  end)

  test("deletes a repository with images only by force", function(to)
    local input = { repository_name = "team/app" }
    assert.equal("RepositoryNotEmptyException", select(2, to:call("DeleteRepository", input)).code)
    input.force = true
    assert.equal("team/app", to:call("DeleteRepository", input).repository.repository_name)
    assert.equal("RepositoryNotFoundException", select(2, to:call("DeleteRepository", input)).code)
  end)
end)
