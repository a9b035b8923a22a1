-- SPDX-License-Identifier: MIT
--- The scan gate: a name in, a verdict out. The tag is resolved once, at the start, and what is
--- gated is the digest; of an index every image behind it.

local children <const> = require "ecr.gate.children"
local error_object <const> = require "ecr.error"
local gate_options <const> = require "ecr.gate.options"
local loop <const> = require "ecr.loop"
local manifest <const> = require "ecr.types.manifest"
local name <const> = require "ecr.name"
local verdict <const> = require "ecr.gate.verdict"
local watch <const> = require "ecr.gate.watch"

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
---@field warnings string[]
---@field moved_to? string digest that the tag names by now; "" when it is gone
---@field interrupted? string the signal that broke the waiting off
---@field signal? integer its number
---@field error? ecr.Error
---@field seconds number how long it took

local MOVE_CHECK <const> = 5 -- seconds that looking after the tag may take at the end

local gate <const> = {}

--- What to do about an error that kept us from finding out. Where nothing stands here the message
--- says it itself.
local ADVICE <const> = {
  auth = "check the credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
  denied = "allow ecr:DescribeImages, ecr:BatchGetImage and ecr:DescribeImageScanFindings "
    .. "on the repository",
  not_found = "check repository, tag, region and account",
  network = "check the region, the network, the proxy settings and the endpoint",
  timeout = "check the network, or run again with a longer --timeout",
  throttled = "run again later or with more --retries",
  server = "run again later",
  open = "run again later",
  limit = "wait until the quota is renewed, or have it raised",
  input = "check the image's name and the account",
  conflict = "look at the image's state in the console",
  integrity = "push the image again: its bytes are not what their digest says",
  protocol = "check that the endpoint is the registry's and no proxy answers in its place",
}
local SELF_EXPLAINING <const> = { no_credentials = true }

local function advice_on(err)
  return not SELF_EXPLAINING[err.code] and ADVICE[err.kind] or nil
end

-- --- the images ----------------------------------------------------------------------------------

local function media_type_of(client, image, detail, calls)
  if detail.image_manifest_media_type then return detail.image_manifest_media_type end
  local got <const>, err <const> = client.manifest:read(name.with_digest(image,
    detail.image_digest), nil, calls)
  if not got then return nil, err end
  return got.media_type
end

--- The images to gate: the named one, or those behind the index.
local function find_targets(client, image, made, calls)
  local detail <const>, err <const> = client.image:describe(image, nil, calls)
  if not detail then return nil, err end
  if image.digest and detail.image_digest ~= image.digest then
    return error_object.give{ kind = "integrity", code = "digest",
      message = "the service answered for another digest than the one asked for" }
  end
  made.digest = detail.image_digest
  local media_type <const>, problem <const> = media_type_of(client, image, detail, calls)
  if problem then return nil, problem end
  made.index = manifest.is_index(media_type)
  if not made.index then return { { digest = made.digest } } end
  return children.of_index(client, image, made.digest, calls)
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

--- What the tag names, where it is not what was gated: a sentence, and the other digest.
local function describe_move(made, detail, err)
  if detail then
    return ("the tag names %s; the verdict is on %s"):format(detail.image_digest, made.digest),
      detail.image_digest
  elseif err.kind == "not_found" then
    return "the tag is not there; the verdict is on " .. made.digest, ""
  end
  return "whether the tag names this image could not be found out: " .. tostring(err)
end

--- Whether the tag names what was gated: worth a question once time has passed, or when the name
--- had a digest beside the tag. Whatever it names, the verdict is on the digest.
local function look_after_tag(client, image, made)
  local detail <const>, err <const> = client.image:describe(name.with_tag(image), nil,
    { deadline = loop.now() + math.min(MOVE_CHECK, client.config.timeout) })
  if detail and detail.image_digest == made.digest then return end
  local problem <const>, other <const> = describe_move(made, detail, err)
  made.warnings[#made.warnings + 1], made.moved_to = problem, other
end

-- --- tasks that may be broken off ----------------------------------------------------------------

local function cancel_all(tasks)
  for _, task in ipairs(tasks) do task:cancel() end
end

--- Runs functions as tasks and waits for all; an interrupt cancels them, and none outlives an error
--- that another raises. Gives what each gave first, and the errors of those that gave none.
local function run_tasks(functions, interrupt)
  local tasks <close> = setmetatable({}, { __close = cancel_all })
  for i, fn in ipairs(functions) do tasks[i] = loop.spawn(fn) end
  local _ <close> = interrupt and interrupt:guard(tasks)
  local results <const>, errors <const> = {}, {}
  for i, task in ipairs(tasks) do results[i], errors[i] = task:await() end
  return results, errors
end

--- Writes down that a signal came.
local function note_signal(made, interrupt)
  if interrupt then made.interrupted, made.signal = interrupt.name, interrupt.signal end
end

--- A reading of each image, and whether there was more than one of any.
local function read_all(client, image, targets, options)
  local watched <const>, functions <const> = {}, {}
  for i, target in ipairs(targets) do
    watched[i] = watch.new(client, name.with_digest(image, target.digest), options)
    functions[i] = function() return watch.wait(watched[i], target) end
  end
  local readings <const> = run_tasks(functions, options.interrupt)
  local waited = false
  for i in ipairs(targets) do
    readings[i] = readings[i] or watch.broken_off(watched[i])
    waited = waited or readings[i].waited
  end
  return readings, waited
end

-- --- the verdict ---------------------------------------------------------------------------------

local function close(made, answer, start)
  made.verdict = answer
  made.exit_code = made.interrupted and 128 + made.signal or verdict.EXIT[answer]
  made.counts = verdict.total(made.targets)
  made.seconds = math.floor((loop.now() - start) * 1000 + 0.5) / 1000
  return made
end

local function failed(made, err, start)
  if err.kind == "cancelled" and made.interrupted then
    made.reason = "broken off by " .. made.interrupted .. " before the image was found"
    return close(made, "inconclusive", start)
  end
  made.error, made.reason, made.advice = err, tostring(err), advice_on(err)
  return close(made, err.code == "deadline" and "inconclusive" or "error", start)
end

local function judge_all(made, targets, readings)
  for i, target in ipairs(targets) do
    made.targets[i] = verdict.of_target(target, readings[i], made.thresholds)
    local err <const> = made.targets[i].error
    if err then made.targets[i].advice = advice_on(err) end
  end
  if #targets == 0 then
    made.reason = "no image stands behind the index, so there is nothing to gate"
    made.advice = "push the images of the index, or name one of them"
  end
end

local function run(client, image, made, given)
  local start <const> = loop.now()
  local options <const> = gate_options.settle(given, client.config.timeout)
  local interrupt <const> = options.interrupt
  local found <const>, errors <const> = run_tasks({
    function() return find_targets(client, image, made, options.calls) end }, interrupt)
  note_signal(made, interrupt)
  if not found[1] then return failed(made, errors[1], start) end
  local targets <const> = sort_out(made, found[1])
  local readings <const>, waited <const> = read_all(client, image, targets, options)
  note_signal(made, interrupt)
  judge_all(made, targets, readings)
  if image.tag and (waited or image.digest) and not made.interrupted then
    run_tasks({ function() look_after_tag(client, image, made) end }, interrupt)
    note_signal(made, interrupt)
  end
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
  local thresholds <const>, problem <const> = gate_options.check(options)
  if not thresholds then return nil, problem end
  local image <const>, err = name.image(reference)
  if not image then return nil, err end
  local regional
  regional, err = client:uncached():in_region(image.region or client.config.region)
  if not regional then return nil, err end
  return run(regional, image, { image = tostring(reference), repository = image.repository,
    index = false, thresholds = thresholds, targets = {}, skipped = {}, warnings = {} }, options)
end

return gate
