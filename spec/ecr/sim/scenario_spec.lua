-- SPDX-License-Identifier: MIT
local asking = require "spec.support.sim"
local cjson = require "cjson"
local scenario = require "ecr.sim.scenario"

local function problem_of(parts)
  parts.version = parts.version or 1
  local made, problem = scenario.from_table(parts)
  assert.is_nil(made)
  return problem
end

local function image_problem(image)
  return problem_of{ repositories = { { name = "app", images = { image } } } }
end

--- Loads a text as a file of that ending.
local function load_text(text, ending)
  local path = os.tmpname() .. ending
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local made, problem = scenario.load(path)
  os.remove(path)
  os.remove((path:sub(1, -#ending - 1)))
  return made, problem, path
end

describe("a scenario", function()
  it("needs its version, and knows only 1", function()
    assert.equal("version is missing", select(2, scenario.from_table{}))
    assert.matches("^version: 2 is no version", problem_of{ version = 2 })
  end)

  it("must be a table", function()
    assert.equal("must be a table, not a string", select(2, scenario.from_table("app")))
  end)

  it("sets account, region and time", function()
    local transport = asking.open{ account = "210987654321", region = "eu-west-1", now = 1000,
      repositories = { { name = "app" } } }
    assert.equal("eu-west-1", transport.region)
    assert.equal(1000, select(2, transport:now()))
    local repositories = asking.ask(transport, "DescribeRepositories", {},
      { region = "eu-west-1" }).repositories
    assert.equal("210987654321.dkr.ecr.eu-west-1.amazonaws.com/app", repositories[1].repository_uri)
  end)

  it("says where a key is unknown, and which was meant", function()
    assert.equal('unknown key "repositorys"; did you mean repositories?',
      problem_of{ repositorys = {} })
    assert.equal('repositories[1].images[1].scan: unknown key "state"; did you mean states?',
      image_problem{ scan = { state = {} } })
  end)

  it("says what is wrong with replication and public repositories", function()
    local function rules(rule) return problem_of{ replication = { rules = { rule } } } end
    assert.equal("replication.rules[1]: destinations is missing", rules{})
    assert.equal("replication.rules[1].destinations[1]: region is missing", rules{ destinations = { {} } })
    assert.matches("did you mean fails", rules{ destinations = { { region = "eu-west-1", fail = "X" } } })
    assert.matches("fails: \"\" is no failure code", rules{ destinations = { { region = "eu-west-1", fails = "" } } })
    assert.equal("replication: a registry cannot be the destination of its own replication",
      rules{ destinations = { { region = "us-east-1" } } })
    assert.matches("^public_repositories%[1%]: unknown key \"policy\"",
      problem_of{ public_repositories = { { name = "app", policy = "" } } })
    assert.equal('public_repositories[2]: the repository "app" was given before',
      problem_of{ public_repositories = { { name = "app" }, { name = "app" } } })
    assert.equal("repositories[1].resource_tags.a: must be a string, not a number",
      problem_of{ repositories = { { name = "app", resource_tags = { a = 1 } } } })
  end)

  it("refuses values of the wrong kind", function()
    assert.equal("repositories: must be a list", problem_of{ repositories = { app = {} } })
    assert.equal("repositories[1]: name is missing", problem_of{ repositories = { {} } })
    assert.equal("repositories[1].images[1].tags: must be a list", image_problem{ tags = "v1" })
    assert.equal("repositories[1].images[1].size: must be a whole number from 0 on",
      image_problem{ size = 1.5 })
    assert.equal("latency[1].seconds: must be a number from 0 on",
      problem_of{ latency = { { seconds = -1 } } })
  end)

  it("refuses words it does not know where the list is closed", function()
    assert.equal('scanning.type: unknown type of scanning "enhnced"; did you mean enhanced?',
      problem_of{ scanning = { type = "enhnced" } })
    assert.equal('faults[1].operation: unknown operation "DescribeImage"; did you mean DescribeImages?',
      problem_of{ faults = { { operation = "DescribeImage", code = "X1" } } })
  end)

  it("takes a new state, but not one that is nearly a known one", function()
    assert.equal('repositories[1].images[1].scan.states[1].state: unknown scan state "COMPLETED"; '
      .. "did you mean COMPLETE?", image_problem{ scan = { states = { "COMPLETED" } } })
    assert.is_table(scenario.from_table{ version = 1, repositories = { { name = "app", images = {
      { scan = { states = { "SOMETHING_NEW" } } } } } } })
  end)

  it("refuses names that a registry would refuse", function()
    assert.matches('^repositories%[1%]%.name: "App" is no repository name',
      problem_of{ repositories = { { name = "App" } } })
    assert.matches('"a b" is no tag', image_problem{ tags = { "a b" } })
    assert.matches('"linux" is no platform', image_problem{ platform = "linux" })
  end)

  it("refuses a name or a tag that is given twice", function()
    assert.equal('repositories[2]: the repository "app" was given before',
      problem_of{ repositories = { { name = "app" }, { name = "app" } } })
    assert.equal('repositories[1].images[2]: the tag "v1" was given before',
      problem_of{ repositories = {
      { name = "app", images = { { tags = { "v1" } }, { tags = { "v1" } } } } } })
  end)

  it("refuses a scan of an index, and a state with two ends", function()
    assert.matches("an index is never scanned", image_problem{ index = { {} }, scan = {} })
    assert.matches("for seconds or for reads, not both",
      image_problem{ scan = { states = { { state = "PENDING", seconds = 1, reads = 1 } } } })
  end)

  it("refuses a fault that is neither a code nor a failure, or both", function()
    assert.equal("faults[1]: give either code or failure", problem_of{ faults = { { times = 1 } } })
    assert.equal("faults[1]: give either code or failure",
      problem_of{ faults = { { code = "X1", failure = { kind = "network" } } } })
  end)

  it("refuses indexes nested without end", function()
    local index = {}
    index[1] = { index = index }
    assert.matches("indexes are nested too deep", image_problem{ index = index })
  end)

  it("keeps nothing of the table it was made from", function()
    local finding = { id = "CVE-2026-0001", severity = "LOW" }
    local transport = asking.open{ repositories = { { name = "app", images = {
      { tags = { "v1" }, scan = { findings = { finding } } } } } } }
    finding.severity = "CRITICAL"
    assert.same({ LOW = 1 }, asking.ask(transport, "DescribeImageScanFindings",
      { repository_name = "app",
        image_id = { image_tag = "v1" } }).image_scan_findings.finding_severity_counts)
  end)

  it("keeps an image's digest when images come before it", function()
    local function digest(images)
      return asking.ask(asking.open{ repositories = { { name = "app", images = images } } },
        "DescribeImages", { repository_name = "app", image_ids = { { image_tag = "v1" } } })
        .image_details[1].image_digest
    end
    assert.equal(digest{ { tags = { "v1" } } }, digest{ { tags = { "v0" } }, { tags = { "v1" } } })
  end)
end)

describe("an index of a scenario", function()
  local transport, children

  before_each(function()
    transport = asking.open{ repositories = { { name = "app", images = { { tags = { "multi" },
      index = {
      { platform = "linux/amd64", scan = {} },
      { attestation = true },
      { platform = "linux/arm64", label_as_attestation = true, scan = {} },
      { index = { { platform = "linux/s390x" } } },
    } } } } } }
    local image = asking.ask(transport, "BatchGetImage", { repository_name = "app",
      image_ids = { { image_tag = "multi" } } }).images[1]
    children = cjson.decode(image.image_manifest).manifests
  end)

  local function document_of(child)
    return cjson.decode(asking.ask(transport, "BatchGetImage", { repository_name = "app",
      image_ids = { { image_digest = child.digest } } }).images[1].image_manifest)
  end

  it("has its images stored beside it, untagged", function()
    for _, child in ipairs(children) do assert.is_table(document_of(child)) end
    assert.equal(5, #asking.ask(transport, "ListImages", { repository_name = "app",
      filter = { tag_status = "UNTAGGED" } }).image_ids)
  end)

  it("lists a true and a false attestation alike", function()
    assert.same(children[2].annotations, children[3].annotations)
    assert.same(children[2].platform, children[3].platform)
    assert.equal(children[1].digest, children[2].annotations["vnd.docker.reference.digest"])
    assert.equal("application/vnd.in-toto+json", document_of(children[2]).layers[1].mediaType)
    assert.equal("application/vnd.oci.image.layer.v1.tar+gzip",
      document_of(children[3]).layers[1].mediaType)
  end)

  it("may hold another index, listed without a platform", function()
    assert.equal("application/vnd.oci.image.index.v1+json", children[4].mediaType)
    assert.is_nil(children[4].platform)
    assert.equal("s390x", document_of(children[4]).manifests[1].platform.architecture)
  end)
end)

describe("a scenario file", function()
  it("may be Lua or JSON", function()
    assert.is_table(load_text("return { version = 1, now = 5 }", ".lua"))
    assert.equal(5, load_text('{ "version": 1, "now": 5 }', ".json").clock.wall)
  end)

  it("has nothing to call", function()
    local made, problem = load_text('os.remove("x") return { version = 1 }', ".lua")
    assert.is_nil(made)
    assert.matches("attempt to index a nil value %(global 'os'%)", problem)
  end)

  it("is never bytecode", function()
    local made, problem = load_text(string.dump(load("return { version = 1 }")), ".lua")
    assert.is_nil(made)
    assert.matches("attempt to load a binary chunk", problem)
  end)

  it("is named by every message about it", function()
    for _, case in ipairs{ { "return {", ".lua" }, { "error('x')", ".lua" }, { "{", ".json" },
      { "return 5", ".lua" }, { "return { version = 1, acount = '1' }", ".lua" } } do
      local made, problem, path = load_text(case[1], case[2])
      assert.is_nil(made)
      assert.truthy(problem:find(path, 1, true), problem)
    end
  end)

  it("is named when it is not there", function()
    local made, problem = scenario.load("spec/fixtures/no_such_scenario.lua")
    assert.is_nil(made)
    assert.matches("no_such_scenario%.lua: No such file", problem)
  end)

  it("is shipped as an example that can be loaded", function()
    assert.is_table(scenario.load("examples/scenarios/demo.lua"))
  end)
end)
