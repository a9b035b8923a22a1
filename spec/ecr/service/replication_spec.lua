-- SPDX-License-Identifier: MIT
local core = require "ecr.core"
local ecr = require "ecr"
local loop = require "ecr.loop"

local OWN, OTHER = "123456789012", "210987654321"
local START = 1767225600 -- the simulator's wall clock at its start
local POLL = 5           -- seconds, the default
local ABSENT = "sha256:" .. ("0"):rep(64)

local IMAGE = { tags = { "v1" } }
local INDEX = { tags = { "v1" }, index = { { platform = "linux/amd64" }, { platform = "linux/arm64" },
  { index = { { platform = "windows/amd64" } } } } }

--- A place to go to; `more` says how it goes.
local function to(region, more)
  local destination = { region = region }
  for key, value in pairs(more or {}) do destination[key] = value end
  return destination
end

local function rule(...)
  return { destinations = { ... } }
end

local function for_prefix(prefix, ...)
  return { destinations = { ... }, filters = { prefix } }
end

--- A mock with the row's rules and its image in the repository team/app.
local function mock_of(row)
  local mock = ecr.mock():with_repository{ name = "team/app" }
  for _, each in ipairs(row.rules or {}) do mock:with_replication(each) end
  for _, fault in ipairs(row.faults or {}) do mock:with_error_injection(fault) end
  return mock:with_image("team/app", row.image or IMAGE)
end

local function client_of(row)
  local mock = mock_of(row)
  return assert(mock:client(row.client)), mock
end

--- How often an operation was asked for.
local function count(mock, operation)
  local number = 0
  for _, line in ipairs(mock:history()) do
    if line.operation == operation then number = number + 1 end
  end
  return number
end

local function pushed(more)
  local image = {}
  for key, value in pairs(IMAGE) do image[key] = value end
  for key, value in pairs(more) do image[key] = value end
  return image
end

local CODES = { no_rule = "conflict", replication_failed = "conflict", not_replicated = "timeout",
  not_started = "timeout", not_there = "integrity", other_registry = "input", option = "input" }

--- What a wait comes to. `seconds`: when it is complete at each destination ("region", or "other region" in the
--- other account); it is seen at most a poll later. `code`: of the error; its kind is in CODES unless `kind`
--- says otherwise; `says`, `silent`: what is and is not in its text; `at`: how long it took, in seconds.
local WAITS = {
  { "comes to the one destination of a rule", rules = { rule(to("eu-west-1")) }, seconds = { ["eu-west-1"] = 20 } },
  { "comes to two destinations, each in its time", rules = { rule(to("eu-west-1", { seconds = 7 }),
    to("eu-west-2", { seconds = 90 })) }, seconds = { ["eu-west-1"] = 7, ["eu-west-2"] = 90 } },
  { "comes to the destinations of all rules that match", rules = { rule(to("eu-west-1")),
    for_prefix("team/", to("eu-west-2"), to("eu-west-1")), for_prefix("teams", to("eu-west-3")) },
    seconds = { ["eu-west-1"] = 20, ["eu-west-2"] = 20 } },
  { "comes to another account", rules = { rule(to("eu-west-1", { registry_id = OTHER }), to("eu-west-1")) },
    seconds = { ["other eu-west-1"] = 20, ["eu-west-1"] = 20 } },
  { "comes to another account in its own region", rules = { rule(to("us-east-1", { registry_id = OTHER })) },
    seconds = { ["other us-east-1"] = 20 } },
  { "is there at once when it was there before", rules = { rule(to("eu-west-1", { seconds = 0 })) },
    seconds = { ["eu-west-1"] = 0 } },
  { "is waited for while it is not told of", rules = { rule(to("eu-west-1", { starts_after = 40, seconds = 10 })) },
    seconds = { ["eu-west-1"] = 50 } },
  { "is waited for while only one destination is told of", rules = { rule(to("eu-west-1", { seconds = 2 }),
    to("eu-west-2", { starts_after = 30, seconds = 2 })) }, seconds = { ["eu-west-1"] = 2, ["eu-west-2"] = 32 } },
  { "is waited for by its digest too", by_digest = true, rules = { rule(to("eu-west-1")) },
    seconds = { ["eu-west-1"] = 20 } },
  { "is an index as well", image = INDEX, rules = { rule(to("eu-west-1")) }, seconds = { ["eu-west-1"] = 20 } },
  { "is waited for in named regions only", options = { regions = { "eu-west-1" } },
    rules = { rule(to("eu-west-1"), to("eu-west-2", { seconds = 4000 })) }, seconds = { ["eu-west-1"] = 20 } },
  { "may fail in a region not named", options = { regions = { "eu-west-1" } },
    rules = { rule(to("eu-west-1"), to("eu-west-2", { fails = "X" })) }, seconds = { ["eu-west-1"] = 20 } },
  { "is waited for in every registry of a named region", options = { regions = { "eu-west-1" } },
    rules = { rule(to("eu-west-1"), to("eu-west-1", { registry_id = OTHER, seconds = 50 }), to("eu-west-2")) },
    seconds = { ["eu-west-1"] = 20, ["other eu-west-1"] = 50 } },
  { "is seen as late as one looks", options = { poll_interval_seconds = 120 }, poll = 120,
    rules = { rule(to("eu-west-1", { seconds = 130 })) }, seconds = { ["eu-west-1"] = 130 } },
  { "is looked at once more ahead of the deadline", options = { timeout_seconds = 100, poll_interval_seconds = 80 },
    poll = 80, rules = { rule(to("eu-west-1", { seconds = 97 })) }, seconds = { ["eu-west-1"] = 97 } },
  { "survives throttling", rules = { rule(to("eu-west-1")) }, seconds = { ["eu-west-1"] = 20 },
    faults = { { operation = "DescribeImageReplicationStatus", code = "ThrottlingException", after = 1, times = 2 } } },

  { "is refused at once where there is no rule", code = "no_rule", says = { "team/app" }, at = 0 },
  { "is refused at once where no rule's prefix matches", rules = { for_prefix("teams/", to("eu-west-1")) },
    code = "no_rule", says = { "team/app" }, at = 0 },
  { "is refused at once for a region that no rule leads to", options = { regions = { "eu-west-1", "eu-west-9" } },
    rules = { rule(to("eu-west-1")) }, code = "no_rule", kind = "input", says = { "eu-west-9" }, at = 0 },
  { "is refused for no regions", options = { regions = {} }, rules = { rule(to("eu-west-1")) }, code = "option",
    says = { "regions" }, at = 0 },
  { "fails as soon as one destination has", rules = { rule(to("eu-west-1", { seconds = 9, fails = "NoGrant",
    registry_id = OTHER }), to("eu-west-2", { seconds = 200 })) }, code = "replication_failed",
    says = { "eu-west-1", OTHER, "NoGrant" }, silent = { "eu-west-2" }, at = 9 },
  { "is given up at the deadline, with what is missing", rules = { rule(to("eu-west-1"),
    to("eu-west-2", { seconds = 400 })) }, code = "not_replicated", silent = { "eu-west-1" },
    says = { OWN .. "/eu-west-2 (IN_PROGRESS)" }, at = 299 },
  { "is given up at a deadline of one's own", options = { timeout_seconds = 30 },
    rules = { rule(to("eu-west-1", { seconds = 31 })) }, code = "not_replicated", says = { "eu-west-1" }, at = 29 },
  { "is looked at once without time to wait", options = { timeout_seconds = 0 }, rules = { rule(to("eu-west-1")) },
    code = "not_replicated", says = { "eu-west-1" }, at = 0 },
  { "is given up after the grace when it is older than the rule", image = pushed{ pushed_at = START - 1 },
    rules = { rule(to("eu-west-1")) }, code = "not_started", says = { OWN .. "/eu-west-1" }, at = 60 },
  { "is given up after the grace where one destination never started", options = { grace_seconds = 20 },
    rules = { rule(to("eu-west-1"), to("eu-west-2", { starts_after = 1000 })) }, code = "not_started",
    silent = { "eu-west-1" }, says = { OWN .. "/eu-west-2" }, at = 20 },
  { "is not started when time is up before the grace is", options = { timeout_seconds = 30 },
    image = pushed{ pushed_at = START - 1 }, rules = { rule(to("eu-west-1")) }, code = "not_replicated",
    says = { "eu-west-1 (not started)" }, at = 29 },
  { "cannot be known of another registry", client = { registry_id = OTHER }, by_digest = true,
    rules = { rule(to("eu-west-1")) }, code = "other_registry", says = { OTHER, OWN }, at = 0 },

  { "is verified", options = { verify = true }, rules = { rule(to("eu-west-1")) }, seconds = { ["eu-west-1"] = 20 } },
  { "is verified as an index, and in another account", image = INDEX, options = { verify = true },
    rules = { rule(to("eu-west-1"), to("eu-west-2", { registry_id = OTHER })) },
    seconds = { ["eu-west-1"] = 20, ["other eu-west-2"] = 20 } },
  { "is not whole without a child", image = INDEX, options = { verify = true }, lacks = "linux/arm64",
    rules = { rule(to("eu-west-2"), to("eu-west-1", { loses = "linux/arm64" })) }, code = "not_there",
    says = { OWN .. "/eu-west-1 lacks sha256:" }, silent = { "eu-west-2" }, at = 20 },
  { "is not whole without the child of an index in it", image = INDEX, options = { verify = true },
    rules = { rule(to("eu-west-1", { loses = "windows/amd64" })) }, lacks = "windows/amd64", code = "not_there",
    says = { "eu-west-1" }, at = 20 },
  { "is not taken for whole where it is not", options = { verify = true }, lacks = "linux/amd64",
    rules = { rule(to("eu-west-1", { loses = "linux/amd64" })) }, code = "not_there", says = { "eu-west-1" }, at = 20 },
  { "is taken for whole by its status without being verified", image = INDEX,
    rules = { rule(to("eu-west-1", { loses = "linux/arm64" })) }, seconds = { ["eu-west-1"] = 20 } },
}

local function key_of(place)
  local other, region = place:match("^(other )(.+)$")
  return (other and OTHER or OWN) .. "/" .. (region or place)
end

local function check_result(row, result)
  local expected = 0
  for place, due in pairs(row.seconds) do
    expected = expected + 1
    local seen = assert(result.seconds[key_of(place)], "nothing of " .. place)
    assert.is_true(seen >= due - 0.1 and seen <= due + (row.poll or POLL) + 1, place .. " at " .. seen)
  end
  assert.equal(expected, #result.statuses)
  for _, status in ipairs(result.statuses) do assert.equal("COMPLETE", status.status) end
  for _ in pairs(result.seconds) do expected = expected - 1 end
  assert.equal(0, expected)
end

local function check_error(row, err, took)
  assert.same({ row.kind or CODES[row.code], row.code, false }, { err.kind, err.code, err.retryable }, tostring(err))
  for _, text in ipairs(row.says) do assert.is_truthy(err.message:find(text, 1, true), err.message) end
  for _, text in ipairs(row.silent or {}) do assert.is_nil(err.message:find(text, 1, true), err.message) end
  assert.is_true(took >= row.at - 0.1 and took <= row.at + (row.poll or POLL) + 1, "took " .. took)
end

--- The digest of the image in the source that is for a platform.
local function digest_for(client, platform)
  local is_plain = not client.manifest:get_list("team/app:v1")
  if is_plain then return client.image:describe("team/app:v1").image_digest end
  local os = platform:match("^[^/]+")
  for _, each in ipairs(client.image:describe("team/app")) do
    local got = client.manifest:read("team/app@" .. each.image_digest)
    for _, entry in ipairs(got.manifests or {}) do
      if entry.platform and entry.platform.os == os
        and platform == os .. "/" .. entry.platform.architecture then return entry.digest end
    end
  end
end

describe("client.replication:wait_for", function()
  after_each(function() assert.same({ tasks = 0, tickets = 0, timers = 0 }, loop.pending()) end)

  for _, row in ipairs(WAITS) do
    it("an image that " .. row[1], function()
      local client = client_of(row)
      local reference = "team/app:v1"
      if row.by_digest then
        local own = row.client and assert(client_of{}) or client
        reference = "team/app@" .. own.image:describe("team/app:v1").image_digest
        client = row.client and client_of(row) or client
      end
      local start = ecr.now()
      local result, err = client.replication:wait_for(reference, row.options)
      if row.seconds then return check_result(row, assert(result)) end
      assert.is_nil(result)
      check_error(row, err, ecr.now() - start)
      if row.lacks then
        assert.is_truthy(err.message:find(assert(digest_for(client, row.lacks)), 1, true), err.message)
      end
    end)
  end

  it("resolves a tag once, without reading a manifest", function()
    local client, mock = client_of{ rules = { rule(to("eu-west-1")) } }
    local digest = client.image:describe("team/app:v1").image_digest
    local asked = count(mock, "DescribeImages")
    assert(client.replication:wait_for("team/app", { tag = "v1" }, { timeout_seconds = 100 }))
    assert.equal(asked + 1, count(mock, "DescribeImages"))
    assert.equal(0, count(mock, "BatchGetImage"))
    for _, line in ipairs(mock:history()) do
      if line.operation == "DescribeImageReplicationStatus" then
        assert.same({ image_digest = digest }, line.input.image_id)
      end
    end
  end)

  it("keeps to the image that the tag named when the tag moves", function()
    local client, mock = client_of{ rules = { rule(to("eu-west-1", { seconds = 30 })) } }
    local waiting = ecr.spawn(function() return client.replication:wait_for("team/app:v1") end)
    ecr.sleep(10)
    local text = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}'
    assert(client:call("PutImage", { repository_name = "team/app", image_manifest = text, image_tag = "v1" }))
    local result = assert(waiting:await())
    check_result({ seconds = { ["eu-west-1"] = 30 } }, result)
    for _, line in ipairs(mock:history()) do
      if line.operation == "DescribeImageReplicationStatus" then
        assert.not_equal(core.digest(text), line.input.image_id.image_digest)
      end
    end
  end)

  it("tells how it goes after each look but the last", function()
    local client, mock = client_of{ rules = { rule(to("eu-west-1", { seconds = 12 }), to("eu-west-2")) } }
    local lines = {}
    assert(client.replication:wait_for("team/app:v1", { on_progress = function(statuses, waited)
      lines[#lines + 1] = ("%.0f %s %s"):format(waited, statuses[1].status, statuses[2].status)
    end }))
    assert.same({ "0 IN_PROGRESS IN_PROGRESS", "5 IN_PROGRESS IN_PROGRESS", "10 IN_PROGRESS IN_PROGRESS",
      "15 COMPLETE IN_PROGRESS" }, lines)
    assert.equal(5, count(mock, "DescribeImageReplicationStatus"))
  end)

  it("gives the statuses with the error that came of looking", function()
    local client = client_of{ rules = { rule(to("eu-west-1", { fails = "X", seconds = 1 }), to("eu-west-2")) } }
    local _, err = client.replication:wait_for("team/app:v1")
    assert.same({ OWN .. "/eu-west-1: FAILED (X)", OWN .. "/eu-west-2: IN_PROGRESS" },
      { tostring(err.statuses[1]), tostring(err.statuses[2]) })
  end)

  it("takes region and registry from a full reference", function()
    local client, mock = client_of{ rules = { rule(to("eu-west-1")) }, client = { region = "eu-west-3" } }
    local host = OWN .. ".dkr.ecr.us-east-1.amazonaws.com"
    check_result({ seconds = { ["eu-west-1"] = 20 } }, assert(client.replication:wait_for(host .. "/team/app:v1")))
    for _, line in ipairs(mock:history()) do assert.equal("us-east-1", line.region) end
    local _, err = client.replication:wait_for(host:gsub(OWN, OTHER) .. "/team/app@" .. ABSENT)
    assert.equal("other_registry", err.code)
  end)

  it("verifies by digest, in the destination's region and registry", function()
    local client, mock = client_of{ rules = { rule(to("eu-west-1", { registry_id = OTHER })) } }
    assert(client.replication:wait_for("team/app:v1", { verify = true }))
    local line = mock:history()[#mock:history()]
    assert.same({ "DescribeImages", "eu-west-1", OTHER }, { line.operation, line.region, line.input.registry_id })
    assert.is_nil(line.input.image_ids[1].image_tag)
  end)

  --- An index of so many children, of indexes with a child each when they are `nested`.
  local function wide(number, nested)
    local image = { tags = { "v1" }, index = {} }
    for i = 1, number do
      local child = { platform = "linux/arm64", size = 1000 + i }
      image.index[i] = nested and { index = { child } } or child
    end
    return image
  end

  local function verify(image, destination)
    return client_of{ rules = { rule(destination) }, image = image }.replication:wait_for("team/app:v1",
      { verify = true })
  end

  it("names three digests that are missing, and how many more there are", function()
    local lossy = to("eu-west-1", { loses = "linux/arm64" })
    local three, five = select(2, verify(wide(3), lossy)).message, select(2, verify(wide(5), lossy)).message
    assert.same({ 4, 4 }, { select(2, three:gsub("sha256:", "")), select(2, five:gsub("sha256:", "")) }) -- and its own
    assert.is_nil(three:find("more", 1, true))
    assert.is_truthy(five:find(" and 2 more", 1, true))
  end)

  it("verifies a hundred indexes in an image and no more", function()
    assert(verify(wide(99, true), to("eu-west-1")))
    assert.equal("too_many_indexes", select(2, verify(wide(100, true), to("eu-west-1"))).code)
  end)

  it("passes on what else goes wrong", function()
    local function failure(fault, options)
      local client = client_of{ rules = { rule(to("eu-west-1")) }, faults = { fault } }
      return select(2, client.replication:wait_for("team/app:v1", options)).code
    end
    for _, operation in ipairs{ "DescribeImages", "DescribeRegistry", "DescribeImageReplicationStatus" } do
      assert.equal("AccessDeniedException", failure{ operation = operation, code = "AccessDeniedException" })
    end
    assert.equal("AccessDeniedException", -- by the destination
      failure({ operation = "DescribeImages", code = "AccessDeniedException", after = 1 }, { verify = true }))
    assert.equal("ImageNotFoundException",
      select(2, client_of{ rules = { rule(to("eu-west-1")) } }.replication:wait_for("team/app:none")).code)
  end)

  it("calls time up what takes too long to answer", function()
    local mock = mock_of{ rules = { rule(to("eu-west-1")) } }
    mock:with_latency_injection{ operation = "DescribeImageReplicationStatus", seconds = 60 }
    local _, err = mock:client{}.replication:wait_for("team/app:v1", { timeout_seconds = 50 })
    assert.same({ "timeout", "not_replicated", "deadline" }, { err.kind, err.code, err.cause.code })
  end)

  it("can be cancelled", function()
    local client, mock = client_of{ rules = { rule(to("eu-west-1")) } }
    local task = ecr.spawn(function() return client.replication:wait_for("team/app:v1") end)
    ecr.sleep(7)
    local asked = #mock:history()
    task:cancel()
    assert.equal("cancelled", select(2, task:await()).kind)
    ecr.sleep(60)
    assert.equal(asked, #mock:history())
  end)

  it("refuses options that are none", function()
    local client, mock = client_of{ rules = { rule(to("eu-west-1")) } }
    for option, value in pairs{ timeout = 3, timeout_seconds = -1, grace_seconds = 0 / 0,
      poll_interval_seconds = math.huge, regions = "eu-west-1", verify = 1 } do
      local _, err = client.replication:wait_for("team/app:v1", { [option] = value })
      assert.equal("input", err.kind, option)
      assert.is_truthy(err.message:find(option, 1, true), err.message)
    end
    assert.equal("image_name", select(2, client.replication:wait_for("team/app")).code)
    assert.equal(0, #mock:history())
  end)
end)

describe("client.replication", function()
  local RULES = { for_prefix("team/", to("eu-west-1"), to("eu-west-2", { registry_id = OTHER })),
    rule(to("eu-west-1")), for_prefix("other", to("eu-west-3")) }

  it("gives the registry's rules", function()
    local config = assert(client_of{ rules = RULES }.replication:get_config())
    assert.equal(OWN, config.registry_id)
    assert.equal(3, #config.rules)
    assert.same({ { filter = "team/", filter_type = "PREFIX_MATCH" } }, config.rules[1].repository_filters)
    assert.same({ registry_id = OWN, rules = {} }, client_of{}.replication:get_config())
  end)

  it("lists each destination once: of all rules, or of those for a repository", function()
    local service = client_of{ rules = RULES }.replication
    local first, second = { region = "eu-west-1", registry_id = OWN }, { region = "eu-west-2", registry_id = OTHER }
    local third = { region = "eu-west-3", registry_id = OWN }
    assert.same({ first, second, third }, service:list_destinations())
    assert.same({ first, second }, service:list_destinations("team/app"))
    assert.same({ first }, service:list_destinations("app"))
    assert.same({ first, third }, service:list_destinations("others"))
    assert.equal("input", select(2, service:list_destinations("No Name")).kind)
  end)

  it("asks where a full reference says", function()
    local client, mock = client_of{ rules = RULES, client = { region = "eu-west-3" } }
    assert(client.replication:get_status(OWN .. ".dkr.ecr.us-east-1.amazonaws.com/team/app:v1"))
    local line = mock:history()[1]
    assert.same({ "us-east-1", OWN }, { line.region, line.input.registry_id })
  end)

  it("tells where an image stands", function()
    local service = client_of{ rules = RULES }.replication
    local statuses = assert(service:get_status("team/app:v1"))
    assert.equal(2, #statuses)
    assert.same({ OWN .. "/eu-west-1", false }, { statuses[1]:key(), statuses[1]:is_final() })
    ecr.sleep(60)
    assert.is_true(service:get_status("team/app", { tag = "v1" })[1]:is_final())
    assert.same({}, client_of{}.replication:get_status("team/app:v1"))
    assert.equal("not_found", select(2, service:get_status("team/app:none")).kind)
    assert.equal("image_name", select(2, service:get_status("team/app")).code)
  end)
end)
