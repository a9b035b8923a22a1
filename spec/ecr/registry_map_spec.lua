-- SPDX-License-Identifier: MIT
-- Which entry is a registry's. Patterns as kubelet's `matchImages` has them; hosts: "Amazon ECR endpoints and
-- quotas"; a role's parameters: AssumeRole in the STS API Reference.
local core = require "ecr.core"
local json = require "ecr.json"
local registry_map = require "ecr.registry_map"

local ROLE = "arn:aws:iam::123456789012:role/puller"

local function map_of(...)
  return assert(registry_map.parse(json.encode{ registries = json.list{ ... } }, "map.json"))
end

local function registry(host) return assert(core.reference(host .. "/x")) end

local function is_matched(pattern, host)
  return map_of{ match = pattern, profile = "p" }:find(registry(host)) ~= nil
end

local function problem_of(text)
  local map, err = registry_map.parse(text, "map.json")
  assert.is_nil(map)
  assert.same({ "config", "registry_map" }, { err.kind, err.code })
  return err.message
end

local function problem_of_entry(entry)
  return problem_of(json.encode{ registries = json.list{ { match = "public.ecr.aws" }, entry } })
end

describe("a pattern", function()
  for _, row in ipairs{
    { "123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com" },
    { "123456789012.DKR.ecr.us-east-1.amazonaws.COM", "123456789012.dkr.ecr.us-east-1.amazonaws.com" },
    { "123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.DKR.ECR.us-east-1.amazonaws.com:443" },
    { "123456789012.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com" },
    { "*.dkr.ecr.*.amazonaws.com", "210987654321.dkr.ecr.us-east-1.amazonaws.com" },
    { "*.dkr.ecr.eu-*.amazonaws.com", "210987654321.dkr.ecr.eu-west-1.amazonaws.com" },
    { "*.dkr.ecr.*-west-*.amazonaws.com", "210987654321.dkr.ecr.eu-west-1.amazonaws.com" },
    { "12*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com" },
    { "*.dkr.ecr-fips.*.amazonaws.com", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com" },
    { "*.dkr.*.*.amazonaws.com", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com" },
    { "*.dkr-ecr.*.on.aws", "123456789012.dkr-ecr.us-east-1.on.aws" },
    { "*.dkr.ecr.*.amazonaws.com.cn", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn" },
    { "*.dkr-ecr.*.on.amazonwebservices.com.cn", "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn" },
    { "*.dkr.ecr.*.csp.hci.ic.gov", "123456789012.dkr.ecr.us-isof-east-1.csp.hci.ic.gov" },
    { "public.ecr.aws", "public.ecr.aws" }, { "*.ecr.aws", "public.ecr.aws" },
    { "ecr-public.aws.com", "ecr-public.aws.com" } } do
    it(("matches: %s, %s"):format(row[1], row[2]), function() assert.is_true(is_matched(row[1], row[2])) end)
  end

  for _, row in ipairs{
    { "123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr.ecr.us-east-2.amazonaws.com" },
    { "*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn" },
    { "*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com" },
    { "*.dkr.ecr.*.amazonaws.com", "123456789012.dkr-ecr.us-east-1.on.aws" },
    { "*.dkr.ecr.eu-*.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com" },
    { "13*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.us-east-1.amazonaws.com" },
    { "*.*.*", "123456789012.dkr.ecr.us-east-1.amazonaws.com" },
    { "*.*.*.*.*.*", "public.ecr.aws" }, { "public.ecr.aws", "ecr-public.aws.com" } } do
    it(("does not match: %s, %s"):format(row[1], row[2]), function() assert.is_false(is_matched(row[1], row[2])) end)
  end

  for _, pattern in ipairs{ "*", "*.amazonaws.com", "*.dkr.ecr.amazonaws.com", "prod-*.dkr.ecr.*.amazonaws.com",
    "*.dkr.ecr.*.on.aws", "1234567890123*.dkr.ecr.*.amazonaws.com", "docker.io", "*.docker.io", "localhost",
    "12345678901.dkr.ecr.us-east-1.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.evil.example", "public..ecr.aws",
    "*.dkr.ecr.*.amazonaws.com." } do
    it("that no registry has is refused: " .. pattern, function()
      assert.matches('map.json: entry 2: match "' .. pattern .. '" is the host of no ECR registry',
        problem_of_entry{ match = pattern, profile = "p" }, 1, true)
    end)
  end

  for _, pattern in ipairs{ "https://public.ecr.aws", "public.ecr.aws/x", "public.ecr.aws:443", "", "public.ecr.???",
    "public.ecr.[a]ws", "public.ecr.aws ", "p\u{fc}blic.ecr.aws" } do
    it("that is none is refused: " .. pattern, function()
      assert.matches("is no host, nor a pattern of one", problem_of_entry{ match = pattern }, 1, true)
    end)
  end
end)

describe("a registry map", function()
  it("gives the first entry that matches", function()
    local map = map_of({ match = "*.dkr.ecr.eu-west-1.amazonaws.com", profile = "first" },
      { match = "*.dkr.ecr.*.amazonaws.com", profile = "second" }, { match = "*.*.*.*.*.*", profile = "third" })
    assert.equal("first", map:find(registry "123456789012.dkr.ecr.eu-west-1.amazonaws.com").profile)
    assert.equal("second", map:find(registry "123456789012.dkr.ecr.eu-west-2.amazonaws.com").profile)
  end)

  it("gives nothing for a registry that it does not know", function()
    assert.is_nil(map_of{ match = "public.ecr.aws" }:find(registry "123456789012.dkr.ecr.eu-west-1.amazonaws.com"))
    assert.is_nil(registry_map.empty():find(registry "public.ecr.aws"))
  end)

  for _, host in ipairs{ "123456789012.dkr.ecr.us-east-1.amazonaws.com", "123456789012.dkr-ecr.eu-west-1.on.aws",
    "123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn" } do
    it("knows an account's registries in each region and form: " .. host, function()
      local map = map_of{ account = "123456789012", profile = "p" }
      assert.equal("p", map:find(registry(host)).profile)
    end)
  end

  it("knows no other account's, and not ECR Public's, by an account", function()
    local map = map_of{ account = "123456789012", profile = "p" }
    assert.is_nil(map:find(registry "210987654321.dkr.ecr.us-east-1.amazonaws.com"))
    assert.is_nil(map:find(registry "public.ecr.aws"))
  end)

  it("names what it has credentials for in full, each once", function()
    local map = map_of({ match = "*.dkr.ecr.us-west-2.amazonaws.com", anonymous = true }, { match = "PUBLIC.ecr.aws" },
      { match = "123456789012.dkr.ecr.us-west-2.amazonaws.com" }, { match = "public.ecr.aws" },
      { match = "123456789012.dkr.ecr.us-west-1.amazonaws.com" }, { match = "ecr-public.aws.com", anonymous = true })
    assert.same({ "public.ecr.aws", "123456789012.dkr.ecr.us-west-1.amazonaws.com" }, map:hosts())
  end)

  it("may be empty, and say what becomes of what is to be stored", function()
    for text, ignores in pairs{ ["{}"] = false, ['{"registries": []}'] = false,
      ['{"ignore_creds_storage": false}'] = false,
      [" \n{\"ignore_creds_storage\": true}"] = true } do
      assert.equal(ignores, assert(registry_map.parse(text, "map.json")).ignore_creds_storage, text)
    end
    assert.is_false(registry_map.empty().ignore_creds_storage)
  end)

  for text, problem in pairs{ [""] = "map.json: ", ["{"] = "map.json: ", ["[]"] = "the whole is no object",
    ["null"] = "the whole is no object", ["1"] = "the whole is no object", ['{"registries": {"a": 1}}'] = "is no list",
    ['{"registries": "x"}'] = "registries must be a table, not a string",
    ['{"registries": [1]}'] = "entry 1: an entry is an object",
    ['{"registries": [null]}'] = "entry 1: an entry is an object", ['{"registries": []} x'] = "map.json: ",
    ['{"registies": []}'] = 'unknown option "registies"; did you mean registries?',
    ['{"ignore_creds_storage": "true"}'] = "must be a boolean" } do
    it("is refused by name: " .. text, function()
      local said = problem_of(text)
      assert.matches("^map%.json: ", said)
      assert.matches(problem, said, 1, true)
    end)
  end

  for _, row in ipairs{
    { { match = "public.ecr.aws", profle = "x" }, 'unknown option "profle"; did you mean profile?' },
    { { match = "public.ecr.aws", profile = 1 }, "profile must be a string" },
    { { match = "public.ecr.aws", profile = "" }, "profile is empty" },
    { { profile = "x" }, "an entry has either match or account" },
    { { match = "public.ecr.aws", account = "123456789012" }, "an entry has either match or account" },
    { { account = "12345678901" }, "account: a registry id is a string of twelve digits" },
    { { account = 123456789012 }, "account must be a string" },
    { { account = "123456789012", anonymous = true, profile = "x" }, "anonymous goes with no profile and no role" },
    { { account = "123456789012", anonymous = true, role_arn = ROLE }, "anonymous goes with no profile and no role" },
    { { account = "123456789012", external_id = "xx" }, "external_id goes with role_arn only" },
    { { account = "123456789012", role_arn = "arn:short" }, "role_arn must have 20 to 2048 characters" },
    { { account = "123456789012", role_arn = ROLE, external_id = "a b" }, "external_id holds a character" },
    { { account = "123456789012", role_arn = ROLE, duration_seconds = 60 }, "duration_seconds must be from 900" },
    { { account = "123456789012", role_arn = ROLE, duration_seconds = 900.5 }, "duration_seconds must be a integer" },
    { { account = "123456789012", role_arn = ROLE, mfa_serial = "x" }, 'unknown option "mfa_serial"' } } do
    it("refuses an entry by its number: " .. row[2], function()
      local said = problem_of_entry(row[1])
      assert.matches("map.json: entry 2: ", said, 1, true)
      assert.matches(row[2], said, 1, true)
    end)
  end
end)

describe("the client for a registry", function()
  local PRIVATE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

  it("is the default chain's in the registry's region where no entry says more", function()
    assert.same({ region = "eu-west-1" }, registry_map.client_options(nil, registry(PRIVATE)))
    assert.same({ region = "eu-west-1" }, registry_map.client_options(map_of{ match = PRIVATE }:find(registry(PRIVATE)),
      registry(PRIVATE)))
  end)

  it("is ECR Public's where its API is", function()
    assert.same({ region = "us-east-1" }, registry_map.client_options(nil, registry "public.ecr.aws"))
  end)

  it("has the entry's profile and role, with what belongs to the role", function()
    local map = map_of{ match = PRIVATE, profile = "base", role_arn = ROLE, external_id = "id",
      role_session_name = "me", duration_seconds = 900 }
    assert.same({ region = "eu-west-1", profile = "base", auth_assume_role = { role_arn = ROLE, external_id = "id",
      role_session_name = "me", duration_seconds = 900 } }, registry_map.client_options(map:find(registry(PRIVATE)),
      registry(PRIVATE)))
  end)
end)
