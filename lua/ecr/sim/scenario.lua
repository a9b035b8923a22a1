-- SPDX-License-Identifier: MIT
--- A scenario: a registry written down, as a Lua table or as JSON. A Lua file is data (`return
--- {...}`): it is run with nothing to call. Format, version 1; all but `version` may be left out:
---
---     { version = 1, account = "123456789012", region = "us-east-1",
---       now = 1767225600,                -- wall clock at the start, seconds since the epoch
---       scanning = { type = "basic" },   -- the registry's; or "enhanced"
---       repositories = { REPOSITORY, ... }, faults = { FAULT, ... }, latency = { LATENCY, ... },
---       replication = { rules = { RULE, ... } },  -- in force from the start on
---       public_repositories = { { name = "app", images = { IMAGE, ... } }, ... } }  -- ECR Public's
---
---     REPOSITORY  { name = "app", tag_mutability = "MUTABLE", images = { IMAGE, ... },
---                   lifecycle_policy = "{...}", policy = "{...}",  -- the documents as text
---                   region = "eu-west-1", account = "210987654321",  -- else the world's own
---                   resource_tags = { team = "payments" },        -- of the repository itself
---                   unused_blobs = { "...", ... } }  -- contents; no image has them
---     IMAGE       { tags = { "v1" }, platform = "linux/arm64/v8", pushed_at = TIME,
---                   size = BYTES,          -- that the registry states; not the layers' true sizes
---                   layers = { LAYER, ... },  -- else one, of a few bytes
---                   scan = SCAN,           -- else there is none until StartImageScan, which
---                   on_start = SCAN }      -- goes like this, or finds nothing in 10 seconds
---                 { tags = { "multi" }, index = { IMAGE, ... } }  -- those are images too
---                 { attestation = true }   -- in an index, listed for unknown/unknown
---                 { label_as_attestation = true, ... }  -- in an index: an image listed like that
---     LAYER       { content = "...", media_type = "..." }  -- what a download of it gives; tar+gzip
---     SCAN        { type = "basic",        -- or "enhanced"; else the registry's
---                   manual = false,        -- true: only StartImageScan begins it, as `on_start`
---                   states = { STATE, ... },  -- else COMPLETE or, enhanced, ACTIVE
---                   completed_at = TIME,   -- else when the state began
---                   description = "...",   -- of the last state
---                   findings = { FINDING, ... },
---                   counts = { HIGH = 1 } }  -- else counted from the findings
---     STATE       "PENDING"                -- lasts for one reading by DescribeImageScanFindings
---                 { state = "PENDING", reads = 2 }
---                 { state = "IN_PROGRESS", seconds = 20 }  -- since it began; the last one stays
---                 { ..., findings = ..., counts = ... }    -- of its own
---                 { state = "COMPLETE", empty = true }     -- nothing was delivered yet
---     FINDING     { id = "CVE-2026-0001", severity = "HIGH", package = "openssl",
---                   version = "3.0.1", fixed_version = "3.0.2", score = 7.5,
---                   vector = "CVSS:3.1/...", description = "...", uri = "...",
---                   status = "ACTIVE" }    -- id and severity must be there
---     RULE        { destinations = { DESTINATION, ... },
---                   filters = { "team/" } }  -- prefixes of repositories; all when absent
---     DESTINATION { region = "eu-west-1", registry_id = "210987654321",  -- else the account
---                   seconds = 20,          -- from the beginning to the end
---                   starts_after = 0,      -- seconds from the push to the beginning
---                   fails = "CODE",        -- then it ends as FAILED
---                   loses = "linux/arm64" }  -- COMPLETE, but such images are not there
---                 An image is replicated from its `pushed_at` on, one from before the start never.
---     FAULT       { operation = "DescribeImages",    -- any when absent; "download": of a blob
---                   code = "ThrottlingException", status = 400, message = "...",
---                   failure = { kind = "network" },  -- in place of a code; or "timeout"
---                   region = "eu-west-1",  -- any when absent
---                   times = 2,             -- how often; always when absent
---                   after = 1 }            -- how many calls it lets through first
---     LATENCY     { seconds = 0.05, operation = "BatchGetImage" }  -- any operation when absent

local cjson <const> = require "cjson"
local check_format <const> = require "ecr.sim.format"
local faults <const> = require "ecr.sim.faults"
local place <const> = require "ecr.sim.place"
local population <const> = require "ecr.sim.population"
local replica <const> = require "ecr.sim.replica"
local world <const> = require "ecr.sim.world"

local scenario <const> = {}

local function check_faults(rules)
  for i, rule in ipairs(rules or {}) do
    if (rule.code == nil) == (rule.failure == nil) then
      return nil, ("faults[%d]: give either code or failure"):format(i)
    end
  end
  return true
end

--- A scenario's rule as the service writes it.
local function rule_of(made, given)
  local rule <const> = { destinations = {} }
  for i, each in ipairs(given.destinations) do
    rule.destinations[i] = { region = each.region, registry_id = each.registry_id or made.account }
  end
  for i, prefix in ipairs(given.filters or {}) do
    rule.repository_filters = rule.repository_filters or {}
    rule.repository_filters[i] = { filter = prefix, filter_type = "PREFIX_MATCH" }
  end
  return rule
end

--- Gives a registry its rules, and remembers how it goes to their destinations.
local function add_replication(made, registry, rules)
  for i, given in ipairs(rules) do
    local rule <const> = rule_of(made, given)
    registry.replication.rules[i] = rule
    for j, destination in ipairs(rule.destinations) do
      registry.replication.plans[replica.key(destination)] = given.destinations[j]
    end
  end
  local ok <const>, problem <const> = replica.check(registry, registry.replication.rules)
  if not ok then return nil, "replication: " .. problem end
  return true
end

--- What the scenario pushes after its start is replicated.
local function replicate(made, registry)
  for _, name in ipairs(world.repository_names(registry)) do
    local repository <const> = registry.repositories[name]
    for _, digest in ipairs(repository.order) do
      local image <const> = repository.images[digest]
      if image.pushed_at >= made.started then
        replica.start(made, registry, repository, image, { at = image.pushed_at - made.started,
          tags = table.move(image.tags, 1, #image.tags, 1, {}) })
      end
    end
  end
end

--- Fills the account's own registry and its public one.
local function populate(made, checked)
  local own <const> = made:registry(made.account, made.region)
  local ok, problem = add_replication(made, own, (checked.replication or { rules = {} }).rules)
  if not ok then return nil, problem end
  ok, problem = population.add(made, own, checked.repositories or {}, "repositories")
  if not ok then return nil, problem end
  replicate(made, own)
  return population.add(made, made:registry(made.account, place.PUBLIC),
    checked.public_repositories or {}, "public_repositories")
end

--- A world as a table describes it. Nothing of the table is kept.
---@param given table
---@return ecr.sim.World?
---@return string? problem says where
function scenario.from_table(given)
  local checked <const>, problem = check_format(given, "")
  if not checked then return nil, problem end
  local ok
  ok, problem = check_faults(checked.faults)
  if not ok then return nil, problem end
  local made <const> = world.new{ account = checked.account, region = checked.region,
    now = checked.now,
    faults = faults.new(checked.faults, checked.latency) }
  if checked.scanning then
    made:registry(made.account, made.region).scan_type = checked.scanning.type
  end
  ok, problem = populate(made, checked)
  if not ok then return nil, problem end
  return made
end

local function read_file(path)
  local file, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local text
  text, problem = file:read("a")
  file:close()
  return text, problem
end

--- Runs a Lua file's text: only text, and with no names but its own.
local function run_lua(text, path)
  local chunk <const>, problem <const> = load(text, "@" .. path, "t", {})
  if not chunk then return nil, problem end
  local ok <const>, value <const> = pcall(chunk)
  if not ok then return nil, tostring(value) end
  return value
end

local function decode_json(text)
  local ok <const>, value <const> = pcall(cjson.decode, text)
  if not ok then return nil, tostring(value) end
  return value
end

local function at(path, problem)
  if problem:find(path, 1, true) then return problem end
  return path .. ": " .. problem
end

--- A world from a file.
---@param path string JSON when it ends in ".json", otherwise Lua
---@return ecr.sim.World?
---@return string? problem names the file
function scenario.load(path)
  local text <const>, problem = read_file(path)
  if not text then return nil, at(path, problem) end
  local value, made
  value, problem = (path:find("%.json$") and decode_json or run_lua)(text, path)
  if problem then return nil, at(path, problem) end
  made, problem = scenario.from_table(value)
  if not made then return nil, at(path, problem) end
  return made
end

return scenario
