-- SPDX-License-Identifier: MIT
--- Asking for a basic scan of an image that has none, or one that is too old. Source of behaviour:
--- StartImageScan in the Amazon ECR API Reference: once per image in 24 hours (scan on push counts),
--- refused where scanning is enhanced.

---@alias ecr.RescanOutcome
---| "started"  # there will be a result
---| "limit"    # it was scanned within 24 hours: what is there must do
---| "enhanced" # this registry's scans start by themselves
---| "denied"   # we may not
---| "never"    # no scan of this image can ever start
---| "unclear"  # there was no answer: it may have started
---| "error"    # the answer keeps us from asking at all

local rescan <const> = {}

local CANNOT <const> = { ImageArchivedException = "IMAGE_ARCHIVED",
  UnsupportedImageTypeException = "UNSUPPORTED_IMAGE" }
local OUTCOME_OF_KIND <const> = { limit = "limit", input = "enhanced", denied = "denied",
  network = "unclear", timeout = "unclear", server = "unclear" }

--- Starts a scan.
---@param client ecr.Client
---@param image ecr.ImageName
---@param options {deadline: number} of the call
---@return ecr.RescanOutcome
---@return ecr.Error? where there was one
---@return string? status the scan state that "never" amounts to
function rescan.ask(client, image, options)
  local started <const>, err <const> = client.scan:start(image, nil, options)
  if started then return "started" end
  if CANNOT[err.code] then return "never", err, CANNOT[err.code] end
  return OUTCOME_OF_KIND[err.kind] or "error", err
end

--- Why a stale or missing result could not be renewed, and what to do.
local WHY <const> = {
  limit = { "and the service allows no other scan today",
    "wait until the image can be scanned again" },
  enhanced = { "and the registry's kind of scanning lets none be started",
    "see that the repository is covered by the registry's scanning configuration" },
  denied = { "and this identity may not start one",
    "allow ecr:StartImageScan on the repository, or start a scan by other means" },
  unclear = { "and whether one was started is not known", "run the gate again" },
  unasked = { "and none was to be started",
    "start a scan, or switch on scan on push for the repository" },
}

--- The end of a sentence that says that a result is missing or too old, and what to do about it.
---@param outcome? ecr.RescanOutcome nil when none was to be started
---@param err? ecr.Error what the service said
---@return string why
---@return string advice
function rescan.why_not(outcome, err)
  local words <const> = WHY[outcome or "unasked"]
  return words[1] .. (err and (" (%s)"):format(err.message) or ""), words[2]
end

return rescan
