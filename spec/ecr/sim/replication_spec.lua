-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"

local ask = asking.ask
local OTHER = "210987654321"
local EUROPE = { region = "eu-west-1" }
local START = 1767225600 -- the wall clock of a scenario that says nothing

--- A world with a rule for each list of destinations; `images` are of the repository app.
local function world(rules, images, more)
  local parts = more or {}
  parts.repositories = { { name = "app", images = images } }
  parts.replication = { rules = rules }
  return asking.open(parts)
end

local function to(...)
  return { { destinations = { ... } } }
end

local function push(transport, tag, seed, name)
  return assert(ask(transport, "PutImage", { repository_name = name or "app", image_tag = tag, image_manifest =
    ('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":'
    .. '"application/vnd.oci.image.config.v1+json","digest":"sha256:%s"}}'):format(seed:rep(64)) }))
    .image.image_id.image_digest
end

--- "region status code" for each destination of an image.
local function statuses(transport, id, name)
  local output = assert(ask(transport, "DescribeImageReplicationStatus",
    { repository_name = name or "app", image_id = id }))
  local list = {}
  for i, each in ipairs(output.replication_statuses) do
    list[i] = table.concat({ each.registry_id == OTHER and "other" or "own", each.region, each.status,
      each.failure_code }, " ")
  end
  return list
end

--- The images of app in a region: their details, or nothing where there is no such repository.
local function images_in(transport, region, registry_id)
  local output = ask(transport, "DescribeImages", { repository_name = "app", registry_id = registry_id },
    { region = region })
  return output and output.image_details or {}
end

describe("a push", function()
  it("is replicated to the destination of a rule, after some seconds", function()
    local transport = world(to(EUROPE))
    local digest = push(transport, "v1", "a")
    assert.same({ "own eu-west-1 IN_PROGRESS" }, statuses(transport, { image_tag = "v1" }))
    assert.same({}, images_in(transport, "eu-west-1"))
    asking.wait(transport, 20)
    assert.same({ "own eu-west-1 COMPLETE" }, statuses(transport, { image_digest = digest }))
    local there = images_in(transport, "eu-west-1")
    assert.same({ digest, { "v1" } }, { there[1].image_digest, there[1].image_tags })
    assert.near(START + 20.02, there[1].image_pushed_at, 1e-3) -- its arrival
  end)

  it("makes the repository there, with an address of its own", function()
    local transport = world(to(EUROPE))
    push(transport, "v1", "a")
    asking.wait(transport, 60)
    local made = ask(transport, "DescribeRepositories", {}, { region = "eu-west-1" }).repositories
    assert.equal("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", made[1].repository_uri)
  end)

  it("takes as long to each destination as that says, and may fail there", function()
    local transport = world(to({ region = "eu-west-1", seconds = 5 }, { region = "eu-west-2", seconds = 60 },
      { region = "eu-west-3", seconds = 5, fails = "AccessDenied" }))
    push(transport, "v1", "a")
    asking.wait(transport, 10)
    assert.same({ "own eu-west-1 COMPLETE", "own eu-west-2 IN_PROGRESS", "own eu-west-3 FAILED AccessDenied" },
      statuses(transport, { image_tag = "v1" }))
    assert.same({ 1, 0, 0 }, { #images_in(transport, "eu-west-1"), #images_in(transport, "eu-west-2"),
      #images_in(transport, "eu-west-3") })
  end)

  it("is told of only once it has begun", function()
    local transport = world(to{ region = "eu-west-1", starts_after = 30, seconds = 10 })
    push(transport, "v1", "a")
    assert.same({}, statuses(transport, { image_tag = "v1" }))
    asking.wait(transport, 30)
    assert.same({ "own eu-west-1 IN_PROGRESS" }, statuses(transport, { image_tag = "v1" }))
    asking.wait(transport, 10)
    assert.same({ "own eu-west-1 COMPLETE" }, statuses(transport, { image_tag = "v1" }))
  end)

  it("begins and ends at the very second", function()
    local transport = world(to{ region = "eu-west-1", starts_after = 5, seconds = 10 }, nil,
      { latency = { { seconds = 0 } } })
    push(transport, "v1", "a")
    asking.wait(transport, 5)
    assert.same({ "own eu-west-1 IN_PROGRESS" }, statuses(transport, { image_tag = "v1" }))
    asking.wait(transport, 10)
    assert.same({ "own eu-west-1 COMPLETE" }, statuses(transport, { image_tag = "v1" }))
  end)

  it("goes to another account", function()
    local transport = world(to{ region = "us-east-1", registry_id = OTHER })
    push(transport, "v1", "a")
    asking.wait(transport, 60)
    assert.same({ "other us-east-1 COMPLETE" }, statuses(transport, { image_tag = "v1" }))
    assert.equal(1, #images_in(transport, "us-east-1", OTHER))
  end)

  it("goes once to a destination that several rules have", function()
    local transport = world{ { destinations = { EUROPE } }, { destinations = { EUROPE }, filters = { "app" } } }
    push(transport, "v1", "a")
    assert.equal(1, #statuses(transport, { image_tag = "v1" }))
  end)

  it("goes where the rules' prefixes match, and nowhere else", function()
    local transport = world{ { destinations = { EUROPE }, filters = { "team/", "ap" } },
      { destinations = { { region = "eu-west-2" } }, filters = { "pp" } } }
    push(transport, "v1", "a")
    assert.same({ "own eu-west-1 IN_PROGRESS" }, statuses(transport, { image_tag = "v1" }))
    assert(ask(transport, "CreateRepository", { repository_name = "other" }))
    push(transport, "v1", "a", "other")
    assert.same({}, statuses(transport, { image_tag = "v1" }, "other"))
  end)

  it("brings a tag that moved to where it is now", function()
    local transport = world(to(EUROPE))
    push(transport, "v1", "a")
    local second = push(transport, "v1", "b")
    asking.wait(transport, 60)
    local there = images_in(transport, "eu-west-1")
    assert.equal(2, #there)
    for _, each in ipairs(there) do
      assert.same(each.image_digest == second and { "v1" } or nil, each.image_tags)
    end
  end)

  it("brings another tag of an image that was there already", function()
    local transport = world(to(EUROPE))
    push(transport, "v1", "a")
    asking.wait(transport, 60)
    push(transport, "v2", "a")
    assert.same({ "own eu-west-1 IN_PROGRESS" }, statuses(transport, { image_tag = "v1" }))
    asking.wait(transport, 60)
    assert.same({ "v1", "v2" }, images_in(transport, "eu-west-1")[1].image_tags)
  end)

  it("comes without its tag where that is taken and may not move", function()
    local transport = world(to(EUROPE))
    local here = { region = "eu-west-1" }
    assert(ask(transport, "CreateRepository", { repository_name = "app", image_tag_mutability = "IMMUTABLE" }, here))
    assert(ask(transport, "PutImage", { repository_name = "app", image_tag = "v1",
      image_manifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}' }, here))
    local digest = push(transport, "v1", "a")
    asking.wait(transport, 60)
    assert.same({ "own eu-west-1 COMPLETE" }, statuses(transport, { image_tag = "v1" }))
    local there = images_in(transport, "eu-west-1")
    assert.equal(2, #there)
    for _, each in ipairs(there) do
      assert.same(each.image_digest ~= digest and { "v1" } or nil, each.image_tags)
    end
  end)

  it("goes one hop only", function()
    local transport = world(to(EUROPE))
    assert(ask(transport, "PutReplicationConfiguration", { replication_configuration = { rules = {
      { destinations = { { region = "eu-west-2", registry_id = "123456789012" } } } } } }, { region = "eu-west-1" }))
    push(transport, "v1", "a")
    asking.wait(transport, 300)
    assert.same({ 1, 0 }, { #images_in(transport, "eu-west-1"), #images_in(transport, "eu-west-2") })
  end)

  it("stays there when the image is deleted here", function()
    local transport = world(to(EUROPE))
    push(transport, "v1", "a")
    asking.wait(transport, 60)
    assert(ask(transport, "BatchDeleteImage", { repository_name = "app", image_ids = { { image_tag = "v1" } } }))
    asking.wait(transport, 60)
    assert.equal(1, #images_in(transport, "eu-west-1"))
  end)
end)

describe("an image of the scenario", function()
  local INDEX = { tags = { "multi" }, index = { { platform = "linux/amd64" }, { platform = "linux/arm64" } } }

  it("is replicated with all that it names", function()
    local transport = world(to(EUROPE), { INDEX })
    asking.wait(transport, 60)
    assert.same({ "own eu-west-1 COMPLETE" }, statuses(transport, { image_tag = "multi" }))
    assert.equal(3, #images_in(transport, "eu-west-1"))
  end)

  it("can lose images of a platform on its way, and is called complete", function()
    local transport = world(to{ region = "eu-west-1", loses = "linux/arm64" }, { INDEX })
    asking.wait(transport, 60)
    assert.same({ "own eu-west-1 COMPLETE" }, statuses(transport, { image_tag = "multi" }))
    assert.equal(2, #images_in(transport, "eu-west-1"))
  end)

  it("is never replicated when it was pushed before the start", function()
    local transport = world(to(EUROPE), { { tags = { "old" }, pushed_at = START - 1 } })
    asking.wait(transport, 3600)
    assert.same({}, statuses(transport, { image_tag = "old" }))
    assert.same({}, images_in(transport, "eu-west-1"))
  end)

  it("arrives in its time, also where nobody looked meanwhile", function()
    local transport = world(to(EUROPE), { { tags = { "late" }, pushed_at = START + 100 },
      { tags = { "early" }, pushed_at = START + 10 } })
    asking.wait(transport, 300)
    local there = images_in(transport, "eu-west-1")
    assert.same({ { "early" }, { "late" } }, { there[1].image_tags, there[2].image_tags })
    assert.same({ START + 30, START + 120 }, { there[1].image_pushed_at, there[2].image_pushed_at })
    assert.equal(START + 30,
      ask(transport, "DescribeRepositories", {}, { region = "eu-west-1" }).repositories[1].created_at)
  end)

  it("is replicated from when it was pushed", function()
    local transport = world(to(EUROPE), { { tags = { "late" }, pushed_at = START + 100 } })
    asking.wait(transport, 99)
    assert.same({}, statuses(transport, { image_tag = "late" }))
    asking.wait(transport, 1)
    assert.same({ "own eu-west-1 IN_PROGRESS" }, statuses(transport, { image_tag = "late" }))
    asking.wait(transport, 20)
    assert.equal(1, #images_in(transport, "eu-west-1"))
  end)
end)

describe("DescribeImageReplicationStatus", function()
  it("is empty where no rule matches, and names the image", function()
    local transport = world{}
    local digest = push(transport, "v1", "a")
    assert.same({ repository_name = "app", image_id = { image_digest = digest, image_tag = "v1" },
      replication_statuses = {} },
      ask(transport, "DescribeImageReplicationStatus", { repository_name = "app", image_id = { image_tag = "v1" } }))
  end)

  it("needs the image and its repository", function()
    local function code(name)
      return select(2, ask(world{}, "DescribeImageReplicationStatus",
        { repository_name = name, image_id = { image_tag = "v1" } })).code
    end
    assert.equal("ImageNotFoundException", code("app"))
    assert.equal("RepositoryNotFoundException", code("none"))
  end)
end)

describe("the rules of a registry", function()
  local function put(transport, ...)
    return ask(transport, "PutReplicationConfiguration", { replication_configuration = { rules = { ... } } })
  end

  local function rule(...)
    return { destinations = { ... } }
  end

  local function own(region)
    return { region = region, registry_id = "123456789012" }
  end

  it("are none at first", function()
    assert.same({ registry_id = "123456789012", replication_configuration = { rules = {} } },
      ask(asking.open{}, "DescribeRegistry"))
  end)

  it("are the scenario's, as the service writes them", function()
    local transport = world{ { destinations = { { region = "eu-west-1", registry_id = OTHER, seconds = 3 } },
      filters = { "team/" } }, { destinations = { EUROPE } } }
    assert.same({ { destinations = { { region = "eu-west-1", registry_id = OTHER } },
      repository_filters = { { filter = "team/", filter_type = "PREFIX_MATCH" } } },
      { destinations = { own("eu-west-1") } } },
      ask(transport, "DescribeRegistry").replication_configuration.rules)
  end)

  it("are replaced as a whole, and hold for what is pushed then", function()
    local transport = world(to(EUROPE))
    push(transport, "v1", "a")
    local after = { rule(own("eu-west-2")) }
    assert.same({ replication_configuration = { rules = after } }, put(transport, table.unpack(after)))
    assert.same(after, ask(transport, "DescribeRegistry").replication_configuration.rules)
    push(transport, "v2", "b")
    assert.same({ "own eu-west-1 IN_PROGRESS" }, statuses(transport, { image_tag = "v1" }))
    assert.same({ "own eu-west-2 IN_PROGRESS" }, statuses(transport, { image_tag = "v2" }))
    assert(put(transport))
    push(transport, "v3", "c")
    assert.same({}, statuses(transport, { image_tag = "v3" }))
  end)

  it("are each region's own", function()
    local transport = world(to(EUROPE))
    assert.same({}, ask(transport, "DescribeRegistry", {}, { region = "eu-west-1" }).replication_configuration.rules)
  end)

  local many, most = {}, {}
  for i = 1, 26 do
    many[i] = own("eu-west-" .. i)
    if i < 26 then most[i] = many[i] end
  end

  it("have 25 destinations at most, the same one counted once", function()
    assert(put(world{}, rule(table.unpack(most)), rule(most[1])))
    assert.equal("InvalidParameterException", select(2, put(world{}, rule(table.unpack(many)))).code)
  end)

  for why, refused in pairs{ ["the registry itself"] = own("us-east-1"),
    ["another partition"] = own("cn-north-1") } do
    it("do not lead to " .. why, function()
      local transport = world(to(EUROPE))
      local before = ask(transport, "DescribeRegistry")
      local _, fault = put(transport, rule(own("eu-west-2")), rule(refused))
      assert.equal("InvalidParameterException", fault.code)
      assert.same(before, ask(transport, "DescribeRegistry"))
    end)
  end
end)
