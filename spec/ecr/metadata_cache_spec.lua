-- SPDX-License-Identifier: MIT
-- Which operations write is the model's word (core.operation); what they answer is the simulator's.
local answers = require "spec.support.answers"
local core = require "ecr.core"
local ecr = require "ecr"
local loop = require "ecr.loop"
local metadata_cache = require "ecr.metadata_cache"

local OLD = { tags = { "v1" }, platform = "linux/amd64", scan = {} }
local NEW = { tags = { "v2" }, platform = "linux/arm64", scan = { findings = { { id = "CVE-1",
  severity = "CRITICAL" } } } }

local function world()
  return ecr.mock():with_image("app", OLD):with_image("app", NEW):with_image("web", { tags = { "v1" } })
end

local function client_of(mock, options)
  return assert(mock:client{ metadata_cache = options or true })
end

--- How often an operation was asked for.
local function count(mock, operation)
  local sum = 0
  for _, line in ipairs(mock:history()) do
    if line.operation == operation then sum = sum + 1 end
  end
  return sum
end

local function digest_of(mock, tag)
  return assert(assert(mock:client{}).image:describe("app:" .. tag)).image_digest
end

--- A cache without a client, in the simulator's time.
local function bare(options)
  return metadata_cache.new(options or true, assert(world():client{}).exchange.transport)
end

local function place(id, more)
  local made = { kind = "detail", repository = "app", id = id }
  for key, value in pairs(more or {}) do made[key] = value end
  return made
end

local function give(value)
  return function() return value end
end

describe("the metadata cache", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  -- --- off and on ------------------------------------------------------------------------------

  it("is off unless it is asked for, and then its file is not even loaded", function()
    package.loaded["ecr.metadata_cache"] = nil
    local mock = world()
    local client = assert(mock:client{})
    for _ = 1, 2 do assert(client.image:describe("app:v1")) end
    assert.is_nil(package.loaded["ecr.metadata_cache"])
    package.loaded["ecr.metadata_cache"] = metadata_cache
    assert.equal(2, count(mock, "DescribeImages"))
    assert.is_nil(client:cache_stats().metadata)
    assert.equal(client, client:uncached())
  end)

  it("keeps for 300 s within 10 MB unless it is told otherwise", function()
    local default = client_of(world()):cache_stats().metadata
    assert.same({ 300, 10 * 1024 * 1024 }, { default.ttl, default.max_bytes })
    local own = client_of(world(), { ttl = 1.5, max_bytes = 5000 }):cache_stats().metadata
    assert.same({ 1.5, 5000 }, { own.ttl, own.max_bytes })
  end)

  for _, row in ipairs{
    { { tll = 5 }, "did you mean ttl" }, { { ttl = 0 }, "ttl must be more than 0" },
    { { ttl = 0 / 0 }, "ttl must be more than 0" }, { { ttl = 86401 }, "at most 86400" },
    { { ttl = "5" }, "ttl must be a number" }, { { max_bytes = 0 }, "max_bytes must be from 1" },
    { { max_bytes = 2.5 }, "max_bytes must be a integer" }, { "on", "a table, not a string" },
  } do
    it("refuses settings that cannot be: " .. row[2], function()
      local got, err = world():client{ metadata_cache = row[1] }
      assert.is_nil(got)
      assert.same({ "config", "metadata_cache" }, { err.kind, err.code })
      assert.matches(row[2], err.message, 1, true)
    end)
  end

  it("is explained with its options", function()
    for text, given in pairs{ ["max_bytes = 5000, ttl = 60"] = { ttl = 60, max_bytes = 5000 }, ["true"] = {} } do
      local shown
      for _, row in ipairs(client_of(world(), given):explain_config()) do
        if row.name == "metadata_cache" then shown = row.value end
      end
      assert.equal(text, shown)
    end
  end)

  -- --- how long --------------------------------------------------------------------------------

  --- What may be asked for twice, and the operation that is asked once for both.
  local READS = {
    { "an image by tag", "DescribeImages", function(client) return client.image:describe("app:v1") end },
    { "an image by digest", "DescribeImages", function(client, digest)
      return client.image:describe("app@" .. digest)
    end },
    { "a repository", "DescribeRepositories", function(client) return client.repository:get("app") end },
    { "a list of repositories", "DescribeRepositories", function(client) return client.repository:list() end },
    { "named repositories", "DescribeRepositories", function(client)
      return client.repository:list{ names = { "web", "app" } }
    end },
  }
  for _, row in ipairs(READS) do
    local title, operation, read = table.unpack(row)

    it("answers " .. title .. " until the ttl has passed since it was asked", function()
      local mock = world():with_latency_injection{ operation = operation, seconds = 1 }
      local digest = digest_of(mock, "v1")
      local client, before = client_of(mock, { ttl = 60 }), count(mock, operation)
      local first = assert(read(client, digest))
      ecr.sleep(58.5)
      assert.same(first, read(client, digest))
      assert.equal(before + 1, count(mock, operation))
      ecr.sleep(0.5)
      assert(read(client, digest))
      assert.equal(before + 2, count(mock, operation))
    end)
  end

  it("keeps a manifest by digest for ever, and asks by tag each time", function()
    local mock = world()
    local digest, client = digest_of(mock, "v1"), client_of(mock)
    local first = assert(client.manifest:get_manifest("app@" .. digest))
    ecr.sleep(10 * 365 * 86400)
    local second = assert(client.manifest:get_manifest("app@" .. digest))
    assert.same(first, second)
    assert.equal(tostring(first), tostring(second))
    assert.equal(1, count(mock, "BatchGetImage"))
    for _ = 1, 2 do assert(client.manifest:get_manifest("app:v1")) end
    assert.equal(3, count(mock, "BatchGetImage"))
  end)

  it("keeps an index and a configuration by digest", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, index = { {}, { platform = "linux/arm64" } } })
    local digest, client = digest_of(mock, "v1"), client_of(mock)
    for _ = 1, 2 do
      local child = assert(client.manifest:get_platform_manifest("app@" .. digest, "linux/arm64"))
      assert.equal("arm64", assert(client.manifest:get_config("app@" .. child.digest)).architecture)
    end
    assert.equal(2, count(mock, "BatchGetImage"))
    assert.equal(1, count(mock, "GetDownloadUrlForLayer"))
  end)

  it("does not keep bytes that are not the digest's", function()
    local mock = world()
    local digest, client = digest_of(mock, "v1"), client_of(mock)
    local asked = answers.put(client, { BatchGetImage = function()
      return { images = { { image_manifest = "{}", image_id = { image_digest = digest } } } }
    end })
    for _ = 1, 2 do
      assert.equal("integrity", select(2, client.manifest:get_manifest("app@" .. digest)).kind)
    end
    assert.equal(2, #asked)
  end)

  it("never keeps lists of images", function()
    local mock = world()
    local client = client_of(mock)
    for _ = 1, 2 do
      assert(client.image:describe("app"))
      assert(client.image:describe("app", { { tag = "v1" }, { tag = "v2" } }))
    end
    assert.equal(4, count(mock, "DescribeImages"))
  end)

  it("keeps each repository of a list besides", function()
    local mock = world()
    local client = client_of(mock)
    local list = assert(client.repository:list())
    assert.same(list[1], client.repository:get(list[1].repository_name))
    assert.equal(1, count(mock, "DescribeRepositories"))
  end)

  it("tells lists with other filters apart", function()
    local client = client_of(world())
    assert.equal(2, #client.repository:list())
    assert.equal(1, #client.repository:list{ glob = "a*" })
    assert.equal(1, #client.repository:list{ max_items = 1 })
    assert.equal("web", client.repository:list{ names = { "web" } }[1].repository_name)
  end)

  it("takes an image named by tag and digest for the digest's", function()
    local mock = world()
    local client, digest = client_of(mock), digest_of(mock, "v2")
    assert(client.image:describe("app:v1"))
    assert.equal(digest, client.image:describe("app:v1@" .. digest).image_digest)
  end)

  it("tells the registries of an image apart", function()
    local mock = world()
    local client = client_of(mock)
    assert(client.image:describe("app:v1"))
    local other = { registry_id = "999999999999", repository = "app", tag = "v1" }
    assert.is_nil(client.image:describe(("%s.dkr.ecr.us-east-1.amazonaws.com/app:v1"):format(other.registry_id)))
  end)

  -- --- errors ----------------------------------------------------------------------------------

  it("keeps no error", function()
    local mock = world():with_error_injection{ operation = "DescribeImages", code = "ServerException", times = 1 }
    local client = assert(mock:client{ metadata_cache = true, max_retries = 0 })
    assert.equal("server", select(2, client.image:describe("app:v1")).kind)
    assert(client.image:describe("app:v1"))
  end)

  it("does not keep that something is not there", function()
    local mock = world()
    local client, other = client_of(mock), assert(mock:client{})
    assert.equal("not_found", select(2, client.image:describe("app:v3")).kind)
    assert(other.image:put_tag("app:v1", "v3"))
    assert.is_true(client.image:describe("app:v3"):has_tag("v3"))
  end)

  -- --- what is handed out ----------------------------------------------------------------------

  it("hands out what the caller may change: the next one does not see it", function()
    local client = client_of(world())
    for _ = 1, 3 do
      local detail = assert(client.image:describe("app:v1"))
      assert.is_true(detail:has_tag("v1"))
      detail.image_tags[1], detail.image_digest = "changed", nil
      local one = assert(client.repository:get("app"))
      assert.equal("no scan on push", tostring(one.image_scanning_configuration))
      one.image_scanning_configuration.scan_on_push = true
      local list = assert(client.repository:list())
      assert.equal(2, #list)
      list[1].repository_name = "changed"
      table.remove(list)
    end
  end)

  it("hands out manifests that the caller may change", function()
    local mock = world()
    local digest, client = digest_of(mock, "v1"), client_of(mock)
    for _ = 1, 3 do
      local manifest = assert(client.manifest:get_manifest("app@" .. digest))
      assert.is_string(manifest.layers[1].digest)
      manifest.layers[1].digest, manifest.document.config = nil, nil
    end
  end)

  -- --- many at a time --------------------------------------------------------------------------

  it("asks once for a hundred tasks, each of which gets its own", function()
    local mock = world()
    local client, tasks = client_of(mock), {}
    for i = 1, 100 do tasks[i] = function() return client.image:describe("app:v1") end end
    local details, seen = ecr.all(tasks), {}
    for i = 1, 100 do seen[details[i]] = true end
    local distinct = 0
    for _ in pairs(seen) do distinct = distinct + 1 end
    assert.equal(100, distinct)
    assert.equal(1, count(mock, "DescribeImages"))
    local stats = client:cache_stats().metadata
    assert.same({ 1, 99, 0 }, { stats.misses, stats.shared, stats.hits })
  end)

  it("gives an error to all who wait for it, and asks again afterwards", function()
    local mock = world():with_error_injection{ operation = "DescribeImages", code = "ServerException", times = 1 }
    local client = assert(mock:client{ metadata_cache = true, max_retries = 0 })
    local function read() return client.image:describe("app:v1") end
    local _, errors = ecr.all{ read, read }
    assert.same({ "server", "server" }, { errors[1].kind, errors[2].kind })
    assert(read())
  end)

  it("lets one caller's deadline end without the others' answer", function()
    local client = client_of(world():with_latency_injection{ operation = "DescribeImages", seconds = 5 })
    local results, errors = ecr.all{
      function() return client.image:describe("app:v1", nil, { deadline = loop.now() + 1 }) end,
      function() return client.image:describe("app:v1") end,
    }
    assert.same({ "timeout", "deadline" }, { errors[1].kind, errors[1].code })
    assert.is_true(results[2]:has_tag("v1"))
  end)

  it("goes on for the others when the task that came first is cancelled", function()
    local client = client_of(world():with_latency_injection{ operation = "DescribeImages", seconds = 5 })
    local first = ecr.spawn(function() return client.image:describe("app:v1") end)
    local second = ecr.spawn(function() return client.image:describe("app:v1") end)
    ecr.sleep(1)
    first:cancel()
    assert.is_true(second:await():has_tag("v1"))
  end)

  it("serves clients of two simulators by turns, as without it", function()
    local one, two = client_of(world()), client_of(world())
    for _ = 1, 2 do
      assert(one.repository:get("app"))
      assert(two.image:describe("app:v1"))
      assert(one.image:describe("app:v2"))
    end
  end)

  -- --- the bound -------------------------------------------------------------------------------

  --- What the service tells, of typical sizes.
  local KINDS = {
    detail = function(i)
      return { registry_id = "123456789012", repository_name = "team/application-" .. i % 100,
        image_digest = ("sha256:%064x"):format(i), image_tags = { "v1." .. i, "release-" .. i },
        image_size_in_bytes = 1e8, image_pushed_at = 1.7e9,
        image_manifest_media_type = "application/vnd.oci.image.manifest.v1+json",
        last_recorded_pull_time = 1.7e9, image_scan_findings_summary = {
          finding_severity_counts = { HIGH = i, LOW = 1 }, image_scan_completed_at = 1.7e9 } }
    end,
    repository = function(i)
      local name = "team/application-" .. i
      return { repository_name = name, registry_id = "123456789012", created_at = 1.7e9,
        repository_arn = "arn:aws:ecr:us-east-1:123456789012:repository/" .. name,
        repository_uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/" .. name,
        image_tag_mutability = "MUTABLE", image_scanning_configuration = { scan_on_push = true } }
    end,
    manifest = function(i) return { text = ("x"):rep(2000) .. i, media_type = "a manifest" } end,
  }
  local function memory()
    collectgarbage()
    collectgarbage()
    return collectgarbage("count") * 1024
  end
  for kind, make in pairs(KINDS) do
    it("takes no more memory than its 10 MB, a tenth off: " .. kind, function()
      local cache = bare()
      local before = memory()
      for i = 1, 15000 do assert(cache:get(place(("sha256:%064x"):format(i), { kind = kind }), {}, give(make(i)))) end
      local stats, grown = cache:stats(), memory() - before
      assert.is_true(stats.evicted > 0)
      assert.is_true(stats.bytes <= 10 * 1024 * 1024)
      assert.is_true(grown < 1.1 * stats.max_bytes, ("it takes %d bytes"):format(grown))
      assert.is_true(grown > 0.6 * stats.bytes, ("%d bytes are counted, it takes %d"):format(stats.bytes, grown))
    end)
  end

  it("lets go what was not asked for longest, and counts it", function()
    local cache = bare{ max_bytes = 3000 }
    for _, id in ipairs{ "a", "b", "a", "c" } do cache:get(place(id), {}, give(("x"):rep(1000))) end
    cache:get(place("a"), {}, error)
    local stats = cache:stats()
    assert.same({ 2, 1, 2, 3 }, { stats.entries, stats.evicted, stats.hits, stats.misses })
    assert.equal("asked", cache:get(place("b"), {}, give("asked")))
  end)

  it("gives what is larger than all of it, and does not keep it", function()
    local cache = bare{ max_bytes = 1000 }
    assert.equal(2000, #cache:get(place("a"), {}, give(("x"):rep(2000))))
    assert.equal(0, cache:stats().entries)
  end)

  -- --- writes ----------------------------------------------------------------------------------

  local DIGEST = "sha256:" .. ("0"):rep(64)
  local ARN = "arn:aws:ecr:us-east-1:123456789012:repository/app"
  --- What the inputs of the writing operations need.
  local VALUES = {
    repository_name = "app", image_ids = { { image_digest = DIGEST } }, image_id = { image_digest = DIGEST },
    upload_id = "12345678-1234-1234-1234-123456789012", layer_digests = { DIGEST }, part_first_byte = 0,
    part_last_byte = 1, layer_part_blob = "xx", ecr_repository_prefix = "quay", upstream_registry_url = "quay.io",
    prefix = "team", applied_for = { "REPLICATION" }, principal_arn = "arn:aws:iam::123456789012:role/reader",
    name = "BASIC_SCAN_TYPE_VERSION", value = "AWS_NATIVE", image_manifest = "{}", policy_text = "{}",
    image_scanning_configuration = { scan_on_push = true }, image_tag_mutability = "IMMUTABLE",
    lifecycle_policy_text = '{"rules":[]}' .. (" "):rep(100), replication_configuration = { rules = {} },
    signing_configuration = { rules = {} }, resource_arn = ARN, tags = { { key = "team", value = "a" } },
    tag_keys = { "team" }, target_storage_class = "ARCHIVE", catalog_data = {},
  }

  local function input_of(service, name)
    local input = {}
    for _, member in ipairs(core.model(service, name).input.members) do
      if member.required then
        input[member.name] = assert(VALUES[member.name], name .. " needs " .. member.name)
      end
    end
    return input
  end

  local function counts(mock)
    return { count(mock, "DescribeImages"), count(mock, "DescribeRepositories") }
  end

  --- Which of these are asked for again.
  local function asked_again(client, mock)
    local found = {}
    for title, read in pairs{
      app = function() client.image:describe("app:v1") end,
      web = function() client.image:describe("web:v1") end,
      list = function() client.repository:list() end,
    } do
      local before = counts(mock)
      read()
      local after = counts(mock)
      found[title] = after[1] + after[2] > before[1] + before[2]
    end
    return found
  end

  local writes = 0
  for _, row in ipairs(core.operations()) do
    local class = core.operation(row.service, row.name)
    local input = class == "write" and input_of(row.service, row.name)
    if input then
      writes = writes + 1
      it(("drops what %s:%s may change"):format(row.service, row.name), function()
        local mock = world()
        local client = client_of(mock)
        asked_again(client, mock)
        assert.same({ app = false, web = false, list = false }, asked_again(client, mock))
        client:call(row.service .. ":" .. row.name, input) -- refused or done: it was sent
        assert.equal(row.name, mock:history()[#mock:history()].operation)
        assert.same({ app = true, web = input.repository_name == nil, list = true }, asked_again(client, mock))
      end)
    end
  end

  it("knows all operations that write", function() assert.equal(46, writes) end)

  it("drops nothing for a read", function()
    local mock = world()
    local client = client_of(mock)
    asked_again(client, mock)
    assert(client:call("DescribeImages", { repository_name = "app" }))
    assert(client:call("BatchGetImage", { repository_name = "app", image_ids = { { image_tag = "v1" } } }))
    assert.same({ app = false, web = false, list = false }, asked_again(client, mock))
  end)

  it("drops nothing for a write that is refused before it is sent", function()
    local mock = world()
    local client = client_of(mock)
    asked_again(client, mock)
    assert.equal("input", select(2, client:call("DeleteRepository", { repository_name = "NO" })).kind)
    assert.same({ app = false, web = false, list = false }, asked_again(client, mock))
  end)

  it("shows what this client wrote: a moved tag, a deleted image by digest", function()
    local mock = world()
    local client, digest = client_of(mock), digest_of(mock, "v1")
    assert(client.image:describe("app:v1"))
    assert(client.image:put_tag("app:v2", "v1"))
    assert.equal(digest_of(mock, "v2"), client.image:describe("app:v1").image_digest)
    assert(client.manifest:get_manifest("app@" .. digest))
    assert(client.image:batch_delete("app", { { digest = digest } }))
    assert.equal("not_found", select(2, client.manifest:get_manifest("app@" .. digest)).kind)
  end)

  it("still has the manifest of an image that another client deleted", function()
    local mock = world()
    local client, digest = client_of(mock), digest_of(mock, "v1")
    assert(client.manifest:get_manifest("app@" .. digest))
    assert(assert(mock:client{}).image:batch_delete("app", { { digest = digest } }))
    assert(client.manifest:get_manifest("app@" .. digest))
  end)

  local SET = { repository_name = "app", image_tag_mutability = "IMMUTABLE" }

  it("drops when a write's outcome is not known", function()
    local mock = world():with_error_injection{ operation = "PutImageTagMutability",
      failure = { kind = "network" } }:with_latency_injection{ operation = "PutImageTagMutability", seconds = 2 }
    local client = assert(mock:client{ metadata_cache = true, max_retries = 0 })
    local write = ecr.spawn(function() return client:call("PutImageTagMutability", SET) end)
    ecr.sleep(1)
    assert(client.repository:get("app")) -- while it is under way
    assert.equal("network", select(2, write:await()).kind)
    assert(client.repository:get("app"))
    assert.equal(2, count(mock, "DescribeRepositories"))
  end)

  it("drops when a write is cancelled", function()
    local mock = world():with_latency_injection{ operation = "PutImageTagMutability", seconds = 2 }
    local client = client_of(mock)
    local write = ecr.spawn(function() return client:call("PutImageTagMutability", SET) end)
    ecr.sleep(1)
    assert(client.repository:get("app"))
    write:cancel()
    assert(client.repository:get("app"))
    assert.equal(2, count(mock, "DescribeRepositories"))
  end)

  -- --- reads and writes at the same time -------------------------------------------------------

  --- A question that is answered with what was so when it was asked, two seconds ago.
  local function slow(state)
    return function()
      local value = state.value
      ecr.sleep(2)
      return value
    end
  end

  --- Asks; after a second writes for `seconds`; and says what is kept once both have ended.
  local function overlap(seconds, written, what)
    local cache, state = bare(), { value = "old" }
    local read = ecr.spawn(function() return cache:get(what or place("v1"), {}, slow(state)) end)
    ecr.sleep(1)
    do
      local _ <close> = cache:writing(written)
      state.value = "new"
      ecr.sleep(seconds)
    end
    assert.equal("old", (read:await()))
    return cache:get(what or place("v1"), {}, slow(state))
  end

  it("does not give what was kept before a write while that is under way", function()
    local cache = bare()
    cache:get(place("v1"), {}, give("old"))
    local _ <close> = cache:writing("app")
    assert.equal("new", cache:get(place("v1"), {}, give("new")))
  end)

  it("does not keep what was asked before a write and answered after it", function()
    assert.equal("new", overlap(0.5, "app"))
  end)

  it("does not keep what was asked before a write and answered during it", function()
    assert.equal("new", overlap(5, "app"))
  end)

  it("does not keep what was asked before a write that names no repository", function()
    assert.equal("new", overlap(0.5, nil))
  end)

  it("does not keep a list that was asked before a write", function()
    assert.equal("new", overlap(0.5, "app", place("", { repository = "" })))
  end)

  it("keeps what was asked while another repository was written", function()
    assert.equal("old", overlap(0.5, "application"))
    assert.equal("old", overlap(0.5, "ap"))
  end)

  it("does not keep what was asked during a write and answered after it", function()
    local cache, state = bare(), { value = "old" }
    local read
    do
      local _ <close> = cache:writing("app")
      read = ecr.spawn(function() return cache:get(place("v1"), {}, slow(state)) end)
      ecr.sleep(1)
      state.value = "new"
    end
    assert.equal("old", (read:await()))
    assert.equal("new", cache:get(place("v1"), {}, slow(state)))
  end)

  it("asks anew for who comes after a write, although a question is under way", function()
    local cache, state = bare(), { value = "old" }
    local results = ecr.all{
      function() return cache:get(place("v1"), {}, slow(state)) end,
      function()
        ecr.sleep(1)
        do
          local _ <close> = cache:writing("app")
          state.value = "new"
        end
        return cache:get(place("v1"), {}, slow(state))
      end,
    }
    assert.same({ "old", "new", n = 2 }, results)
    assert.equal("new", cache:get(place("v1"), {}, error)) -- the older answer did not take its place
  end)

  it("does not keep the repositories of a list that a write overtook", function()
    local cache = bare()
    local list = place("", { repository = "", each = function(one) return place("", { repository = one.name }) end })
    local read = ecr.spawn(function() return cache:get(list, {}, slow{ value = { { name = "app" } } }) end)
    ecr.sleep(1)
    do local _ <close> = cache:writing("app") end
    assert(read:await())
    assert.equal(0, cache:stats().entries)
  end)

  -- --- past it ---------------------------------------------------------------------------------

  local NO_CACHE = { no_cache = true }
  for title, row in pairs{
    ["image:describe"] = { "DescribeImages", function(client, _, options)
      return client.image:describe("app:v1", nil, options)
    end },
    ["repository:get"] = { "DescribeRepositories", function(client, _, options)
      return client.repository:get("app", options)
    end },
    ["repository:list"] = { "DescribeRepositories", function(client, _, options)
      return client.repository:list(options)
    end },
    ["manifest:get_manifest"] = { "BatchGetImage", function(client, digest, options)
      return client.manifest:get_manifest("app@" .. digest, nil, options)
    end },
    ["manifest:get_config"] = { "GetDownloadUrlForLayer", function(client, digest, options)
      return client.manifest:get_config("app@" .. digest, nil, options)
    end },
  } do
    it("is passed by no_cache of " .. title .. ", which drops what was kept", function()
      local mock = world()
      local operation, read, digest = row[1], row[2], digest_of(mock, "v1")
      local client, before = client_of(mock), count(mock, row[1])
      for i, options in ipairs{ {}, NO_CACHE, {}, {} } do
        assert(read(client, digest, next(options) and options or nil))
        assert.equal(before + math.min(i, 3), count(mock, operation))
      end
    end)
  end

  it("is not joined by no_cache: what is under way was asked earlier", function()
    local mock = world():with_latency_injection{ operation = "DescribeImages", seconds = 2 }
    local client = client_of(mock)
    ecr.all{ function() return client.image:describe("app:v1") end, function()
      ecr.sleep(1)
      return client.image:describe("app:v1", nil, NO_CACHE)
    end }
    assert.equal(2, count(mock, "DescribeImages"))
    assert(client.image:describe("app:v1")) -- and the earlier answer was not kept
    assert.equal(3, count(mock, "DescribeImages"))
  end)

  it("is passed by all that is reached from client:uncached, which still tells it of writes", function()
    local mock = world():with_repository{ name = "far", region = "eu-west-1" }
    local client = client_of(mock)
    local past, far = client:uncached(), client:in_region("eu-west-1")
    assert.equal(past, past:uncached())
    assert.equal(past, past:in_region("us-east-1"))
    for _ = 1, 2 do
      assert(client.image:describe("app:v1"))
      assert(past.image:describe("app:v1"))
      assert(far.repository:get("far"))
      assert(past:in_region("eu-west-1").repository:get("far"))
    end
    assert.equal(4, count(mock, "DescribeImages"))
    assert.equal(4, count(mock, "DescribeRepositories"))
    assert(client.image:describe("app:v1"))
    assert(past:call("PutImageTagMutability", SET))
    assert(client.image:describe("app:v1"))
    assert.equal(6, count(mock, "DescribeImages"))
    assert.equal("config", select(2, past:in_region("nowhere!")).kind)
  end)

  --- Whoever decides by how things are: the digest that it took the tag for.
  local DECIDERS = {
    ["ecr.gate"] = function(client) return ecr.gate(client, "app:v1").digest end,
    ["scan:wait_for"] = function(client) client.scan:wait_for("app:v1", { timeout_seconds = 30 }) end,
    ["image:put_tag"] = function(client) return client.image:put_tag("app:v1", "stable").digest end,
    ["image:get_for_deployment"] = function(client)
      return client.image:get_for_deployment("app", "v1").image.image_digest
    end,
    ["manifest:referrers"] = function(client) assert(client.manifest:referrers("app:v1")) end,
    ["replication:wait_for"] = function(client) assert(client.replication:wait_for("app:v1")) end,
  }

  local function names(line, digest)
    local id = line.input.image_id or line.input.subject_id or (line.input.image_ids or {})[1]
    return id ~= nil and id.image_digest == digest
  end

  for title, decide in pairs(DECIDERS) do
    it("is never read by " .. title .. ": it follows a tag that another client moved", function()
      local mock = world():with_replication{ destinations = { { region = "eu-west-1", seconds = 1 } } }
      local client, other = client_of(mock), assert(mock:client{})
      assert(client.image:describe("app:v1"))
      assert(other.image:put_tag("app:v2", "v1"))
      local digest, start = digest_of(mock, "v2"), #mock:history()
      assert.equal(digest, decide(client) or digest)
      local last
      for i = start + 1, #mock:history() do
        if names(mock:history()[i], digest) then last = i end
      end
      assert.is_not_nil(last, "it did not ask for the image that the tag names")
    end)
  end

  it("leaves the gate as it is: a second run sees the scan that changed meanwhile", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, scan = { states = {
      { state = "COMPLETE", seconds = 600, findings = {} }, "COMPLETE" },
      findings = { { id = "CVE-1", severity = "CRITICAL" } } } })
    local client = client_of(mock, { ttl = 86400 })
    assert(client.image:describe("app:v1"))
    assert.equal("pass", ecr.gate(client, "app:v1").verdict)
    assert(client.image:describe("app:v1"))
    ecr.sleep(700)
    assert.equal("fail", ecr.gate(client, "app:v1").verdict)
  end)

  it("leaves the gate as it is: it asks for everything behind an index in each run", function()
    local mock = ecr.mock():with_image("app", { tags = { "v1" }, index = { { scan = {} },
      { platform = "linux/arm64", scan = {} } } })
    local client, digest = client_of(mock), digest_of(mock, "v1")
    assert(client.manifest:get_list("app@" .. digest))
    local runs = {}
    for i = 1, 2 do
      local before = #mock:history()
      assert.equal("pass", ecr.gate(client, "app:v1").verdict)
      runs[i] = #mock:history() - before
    end
    local plain = #mock:history()
    assert.equal("pass", ecr.gate(assert(mock:client{}), "app:v1").verdict)
    assert.same({ #mock:history() - plain, #mock:history() - plain }, runs)
  end)

  -- --- whose it is -----------------------------------------------------------------------------

  it("is one client's: another identity asks for itself", function()
    local mock = world()
    for _, client in ipairs{ client_of(mock), client_of(mock) } do
      for _ = 1, 2 do assert(client.image:describe("app:v1")) end
    end
    assert.equal(2, count(mock, "DescribeImages"))
  end)

  it("is one region's: a sibling has its own, with the same settings", function()
    local mock = world():with_repository{ name = "far", region = "eu-west-1" }
    local client = client_of(mock, { ttl = 60 })
    local far = assert(client:in_region("eu-west-1"))
    assert(client.repository:get("app"))
    assert.equal("not_found", select(2, far.repository:get("app")).kind)
    for _ = 1, 2 do assert(far.repository:get("far")) end
    assert.equal(60, far:cache_stats().metadata.ttl)
    assert.same({ 1, 0 }, { far:cache_stats().metadata.hits, client:cache_stats().metadata.hits })
  end)

  it("is its own of a recorded client, whose recording has each question once", function()
    local path, client = os.tmpname(), client_of(world())
    local function run(with)
      for _ = 1, 3 do assert(with.image:describe("app:v1")) end
      assert.equal("pass", ecr.gate(with, "app:v1").verdict)
      return with:cache_stats().metadata.hits
    end
    local hits
    do
      local recorder <close> = assert(ecr.recorder(path))
      hits = run(ecr.record(client, recorder))
    end
    local replayed = assert(ecr.replay(path, { metadata_cache = true }))
    assert.same({ hits, {} }, { run(replayed), replayed.recording:unused() })
    assert.equal(0, client:cache_stats().metadata.misses)
    os.remove(path)
  end)

  it("counts", function()
    local client = client_of(world())
    for _ = 1, 3 do assert(client.image:describe("app:v1")) end
    client.image:describe("app:v9")
    local stats = client:cache_stats().metadata
    assert.same({ 2, 2, 0, 0, 1 }, { stats.hits, stats.misses, stats.shared, stats.evicted, stats.entries })
    assert.is_true(stats.bytes > 300 and stats.bytes < 3000)
    assert(client.image:put_tag("app:v2", "v1"))
    stats = client:cache_stats().metadata
    assert.same({ 0, 0 }, { stats.entries, stats.bytes })
  end)
end)
