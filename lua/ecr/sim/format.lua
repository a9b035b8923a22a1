-- SPDX-License-Identifier: MIT
--- What a scenario may hold, key by key. What the keys mean stands in `ecr.sim.scenario`.

local core <const> = require "ecr.core"
local faults <const> = require "ecr.sim.faults"
local scan <const> = require "ecr.sim.scan"
local schema <const> = require "ecr.sim.schema"

local MOST_NESTING <const> = 8 -- of indexes in indexes

local function set_of(words)
  local set <const> = {}
  for _, word in ipairs(words) do set[word] = true end
  return set
end

local severity <const> = schema.word("severity", set_of{ "CRITICAL", "HIGH", "MEDIUM", "LOW",
  "INFORMATIONAL", "UNDEFINED", "UNTRIAGED" })
local counts <const> = schema.map(severity, schema.integer(0))
local scan_type <const> = schema.choice("type of scanning", set_of{ "basic", "enhanced" })
local time <const> = schema.number(0)

local findings <const> = schema.list(schema.record({
  id = schema.text(),
  severity = severity,
  package = schema.text(),
  version = schema.text(),
  fixed_version = schema.text(),
  score = schema.number(0),
  vector = schema.text(),
  description = schema.text(),
  uri = schema.text(),
  status = schema.choice("status", set_of{ "ACTIVE", "SUPPRESSED", "CLOSED" }),
}, { "id", "severity" }))

local state_record <const> = schema.record({
  state = schema.word("scan state", scan.STATES),
  seconds = schema.number(0),
  reads = schema.integer(1),
  findings = findings,
  counts = counts,
  empty = schema.flag,
}, { "state" })

--- A state in full, or only its name.
local function state(value, place)
  if type(value) ~= "string" then return state_record(value, place) end
  return state_record({ state = value }, place)
end

local scan_record <const> = schema.record{
  type = scan_type,
  manual = schema.flag,
  states = schema.list(state),
  completed_at = time,
  description = schema.text(),
  findings = findings,
  counts = counts,
}

local platform <const> = schema.text("platform (such as linux/amd64)",
  "[%w._%-]+/[%w._%-]+/?[%w._%-]*")

local layers <const> = schema.list(schema.record({
  content = schema.text(),
  media_type = schema.text("media type", "[%w.+-]+/[%w.+-]+"),
}, { "content" }))

local image_fields <const> = {
  tags = schema.list(schema.text("tag", "[%w_][%w._%-]*")),
  platform = platform,
  pushed_at = time,
  size = schema.integer(0),
  layers = layers,
  scan = scan_record,
  on_start = scan_record,
  attestation = schema.flag,
  label_as_attestation = schema.flag,
}
local image <const> = schema.record(image_fields)
local images <const> = schema.list(image)

function image_fields.index(value, place)
  if select(2, place:gsub("%.index", "")) > MOST_NESTING then
    return nil, place .. ": indexes are nested too deep"
  end
  return images(value, place)
end

local region <const> = schema.text("region", "%l[%l%d%-]+%d")
local account <const> = schema.text("account id (12 digits)", ("%d"):rep(12))

local repository <const> = schema.record({
  name = schema.text("repository name", "%l?%d?[%l%d._/%-]+"),
  region = region,
  account = account,
  tag_mutability = schema.choice("tag mutability", set_of{ "MUTABLE", "IMMUTABLE" }),
  lifecycle_policy = schema.text(),
  policy = schema.text(),
  resource_tags = schema.map(schema.text(), schema.text()),
  images = images,
  unused_blobs = schema.list(schema.text()),
}, { "name" })

--- There are no policies and no scans in ECR Public's API.
local public_repository <const> = schema.record({
  name = schema.text("repository name", "[%l%d][%l%d._/%-]+"),
  images = images,
}, { "name" })

local replication <const> = schema.record({
  rules = schema.list(schema.record({
    destinations = schema.list(schema.record({
      region = region,
      registry_id = account,
      seconds = schema.number(0),
      starts_after = schema.number(0),
      fails = schema.text("failure code", ".+"),
      loses = platform,
    }, { "region" })),
    filters = schema.list(schema.text()),
  }, { "destinations" })),
}, { "rules" })

--- The names of all operations, simulated or not: a fault may be wanted of any; and what storage is
--- asked for, which is no operation.
local function operation(value, place)
  local known <const> = { download = true }
  for _, each in ipairs(core.operations()) do known[each.name] = true end
  return schema.choice("operation", known)(value, place)
end

local fault <const> = schema.record{
  operation = operation,
  region = region,
  code = schema.text("error code", "%u%w+"),
  status = schema.integer(400),
  message = schema.text(),
  times = schema.integer(1),
  after = schema.integer(0),
  failure = schema.record({
    kind = schema.choice("kind of failure", faults.FAILURES),
    code = schema.text(),
    message = schema.text(),
  }, { "kind" }),
}

local function version(value, place)
  if value == 1 then return 1 end
  return nil, ("%s: %s is no version of the format that is known here; 1 is"):format(place,
    tostring(value))
end

--- The check of a whole scenario.
---@type ecr.sim.Check
return schema.record({
  version = version,
  account = account,
  region = region,
  now = time,
  scanning = schema.record({ type = scan_type }, { "type" }),
  repositories = schema.list(repository),
  replication = replication,
  public_repositories = schema.list(public_repository),
  faults = schema.list(fault),
  latency = schema.list(schema.record({ seconds = schema.number(0), operation = operation },
    { "seconds" })),
}, { "version" })
