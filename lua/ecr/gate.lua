-- SPDX-License-Identifier: MIT
--- The scan gate: a name in, a verdict out. The tag is resolved once, at the start, and what is
--- gated is the digest; of an index every image behind it.

local check <const> = require "ecr.check"
local children <const> = require "ecr.gate.children"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"
local manifest <const> = require "ecr.service.manifest"
local name <const> = require "ecr.name"
local policy <const> = require "ecr.gate.policy"
local verdict <const> = require "ecr.gate.verdict"
local watch <const> = require "ecr.gate.watch"

---@class ecr.GateOptions
---@field thresholds? ecr.Thresholds see `ecr.gate.policy`
---@field timeout? number seconds until the answer must be there (300); 0 = ask once
---@field poll? number seconds between two readings (5)
---@field settle? number seconds an enhanced result must stay the same (30)
---@field grace? number seconds during which "no scan" may still become one (60)
---@field on_poll? fun(target: ecr.GateTarget, status: string, waited: number)

---@class ecr.GateVerdict
---@field verdict ecr.GateAnswer
---@field exit_code integer
---@field image string as named
---@field repository string
---@field digest? string what was gated
---@field index boolean whether the digest is an index's
---@field thresholds ecr.Thresholds
---@field counts table<string, integer> over all images
---@field targets ecr.TargetVerdict[]
---@field skipped {digest: string, reason: string}[] attestations
---@field reason? string
---@field advice? string
---@field error? ecr.Error
---@field seconds number how long it took

local DEFAULTS <const> = { timeout = 300, poll = 5, settle = 30, grace = 60 } -- seconds
local OPTIONS <const> = { thresholds = "table", on_poll = "function", timeout = "number",
  poll = "number", settle = "number", grace = "number" }
local SHORTEST_POLL <const> = 0.1 -- seconds

local gate <const> = {}

--- What to do about an error that kept us from finding out.
local ADVICE <const> = {
  auth = "check the credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
  denied = "allow ecr:DescribeImages, ecr:BatchGetImage and ecr:DescribeImageScanFindings "
    .. "on the repository",
  not_found = "check repository, tag, region and account",
  network = "check the network, the proxy settings and the endpoint",
  timeout = "check the network, or run again with a longer --timeout",
  throttled = "run again later or with more --retries",
  server = "run again later",
  config = "check the settings",
}

--- The images to gate: the named one, or those behind the index.
local function find_targets(client, image, made, options)
  local detail <const>, err <const> = client.image:describe(image, nil, options)
  if not detail then return nil, err end
  if image.digest and detail.image_digest ~= image.digest then
    return error_object.give{ kind = "integrity", code = "digest",
      message = "the service answered for another digest than the one asked for" }
  end
  made.digest = detail.image_digest
  local media_type = detail.image_manifest_media_type
  if not media_type then
    local got <const>, problem <const> = client.manifest:get_manifest(name.with_digest(image,
      made.digest), nil, options)
    if not got then return nil, problem end
    media_type = got.kind == "index" and "application/vnd.oci.image.index.v1+json" or got.media_type
  end
  made.index = manifest.is_index(media_type)
  if not made.index then return { { digest = made.digest } } end
  return children.of_index(client, image, made.digest, options)
end

local function sort_out(made, targets)
  local kept <const> = {}
  for _, target in ipairs(targets) do
    if target.attestation then
      table.insert(made.skipped, { digest = target.digest, reason = "attestation" })
    else
      kept[#kept + 1] = target
    end
  end
  return kept
end

local function read_all(client, image, targets, options)
  local readings <const> = {}
  for i, target in ipairs(targets) do
    readings[i] = function()
      return watch.wait(client, name.with_digest(image, target.digest), target, options)
    end
  end
  return loop.all(readings)
end

local function close(made, answer, start)
  made.verdict = answer
  made.exit_code = verdict.EXIT[answer]
  made.counts = verdict.total(made.targets)
  made.seconds = loop.now() - start
  return made
end

local function failed(made, err, start)
  made.error, made.reason, made.advice = err, tostring(err), ADVICE[err.kind]
  return close(made, err.code == "deadline" and "inconclusive" or "error", start)
end

local function judge_all(made, targets, readings)
  for i, target in ipairs(targets) do
    made.targets[i] = verdict.of_target(target, readings[i], made.thresholds)
    local err <const> = made.targets[i].error
    if err and not made.targets[i].advice then made.targets[i].advice = ADVICE[err.kind] end
  end
  if #targets == 0 then
    made.reason = "no image stands behind the index, so there is nothing to gate"
    made.advice = "push the images of the index, or name one of them"
  end
end

local function refuse(message)
  return error_object.give{ kind = "input", code = "gate_option", message = message }
end

--- A mistyped option of a gate must not be a gate without it.
local function check_options(options)
  for key, value in pairs(options) do
    local expected <const> = OPTIONS[key]
    if not expected then return refuse(check.unknown("option", key, OPTIONS)) end
    if type(value) ~= expected then
      return refuse(("%s must be a %s, not a %s"):format(key, expected, type(value)))
    end
    if expected == "number" and not (value >= 0 and value < math.huge) then
      return refuse(("%s must be a number of seconds"):format(key))
    end
  end
  return true
end

--- The options that apply. A timeout of nothing means: ask once and do not wait; the calls then have
--- the time that one attempt has.
local function settle_options(client, options, start)
  local made <const> = { on_poll = options.on_poll }
  for key, value in pairs(DEFAULTS) do made[key] = options[key] or value end
  made.poll = math.max(made.poll, SHORTEST_POLL)
  made.deadline = start + made.timeout
  made.calls = { deadline = made.timeout > 0 and made.deadline or start + client.config.timeout }
  return made
end

local function run(client, image, made, options)
  local start <const> = loop.now()
  local settled <const> = settle_options(client, options, start)
  local found <const>, err <const> = find_targets(client, image, made, settled.calls)
  if not found then return failed(made, err, start) end
  local targets <const> = sort_out(made, found)
  judge_all(made, targets, read_all(client, image, targets, settled))
  return close(made, verdict.of_all(made.targets), start)
end

--- Gates an image. An image that could not be judged is not an error of the call: the verdict says
--- so.
---@param client ecr.Client
---@param reference string|ecr.ImageName
---@param options? ecr.GateOptions
---@return ecr.GateVerdict?
---@return ecr.Error? kind "input" when the name or an option is none
function gate.check(client, reference, options)
  options = options or {}
  local ok <const>, err = check_options(options)
  if not ok then return nil, err end
  local thresholds <const>, problem <const> = policy.thresholds(options.thresholds)
  if not thresholds then return refuse(problem) end
  local image, regional
  image, err = name.image(reference)
  if not image then return nil, err end
  regional, err = client:in_region(image.region or client.config.region)
  if not regional then return nil, err end
  return run(regional, image, { image = tostring(reference), repository = image.repository,
    index = false, thresholds = thresholds, targets = {}, skipped = {} }, options)
end

return gate
