-- SPDX-License-Identifier: MIT
--- Patterns of registry hosts. A pattern has as many labels as the host, and "*" is any part of one
--- label, as in kubelet's `matchImages` ("Configure a kubelet image credential provider", Kubernetes
--- documentation). A pattern that no registry can have is a mistake: it would never match.

local endpoint <const> = require "ecr.endpoint"
local glob <const> = require "ecr.glob"
local rules <const> = require "ecr.endpoint.rules"
local server_url <const> = require "ecr.server_url"

local pattern <const> = {}

local function labels_of(host)
  local labels <const> = {}
  for label in (host .. "."):gmatch("([^.]*)%.") do labels[#labels + 1] = label end
  return labels
end

--- Whether a host matches a pattern; both in lower case.
---@param wanted string
---@param host string
---@return boolean
function pattern.matches(wanted, host)
  local patterns <const>, labels <const> = labels_of(wanted), labels_of(host)
  if #patterns ~= #labels then return false end
  for i, label in ipairs(labels) do
    if not glob.matches(patterns[i], label) then return false end
  end
  return true
end

--- Whether a text is a registry's host, without any "*".
---@param host string in lower case
---@return boolean
function pattern.is_registry(host)
  local registry <const> = server_url.of_host(host)
  return registry ~= nil and registry.host == host
end

--- Whether a label can be a private registry's first: an account's digits, or some of them.
local function fits_account(label)
  local digits <const>, stars <const> = label:gsub("%*", "")
  if digits:find("%D") then return false end
  return #digits == 12 or #digits < 12 and stars > 0
end

--- Whether some account and region give a host of this form that matches: what the pattern has in
--- their places fits itself.
local function fits_form(wanted, form, suffix)
  local labels <const> = labels_of(wanted)
  local region <const> = labels[#labels_of(form:format("", "", "")) - 1]
  return fits_account(labels[1])
    and pattern.matches(wanted, form:format(labels[1], region or "", suffix))
end

local function fits_partition(wanted, partition)
  for variant, suffix in pairs(partition.registry) do
    if fits_form(wanted, rules.registries[variant], suffix) then return true end
  end
end

local function fits_any(wanted)
  for _, partition in ipairs(rules.partitions) do
    if fits_partition(wanted, partition) then return true end
  end
  return fits_partition(wanted, rules.aws)
    or pattern.matches(wanted, endpoint.public_host())
    or pattern.matches(wanted, endpoint.public_host{ dualstack = true })
end

--- What is wrong with a pattern; nil when some registry matches it.
---@param wanted string in lower case
---@return string? problem
function pattern.problem(wanted)
  if not wanted:find("^[%w.*-]+$") then
    return "is no host, nor a pattern of one: letters, digits, \"-\", \".\" and \"*\" only"
  end
  if wanted:find("*", 1, true) then
    return not fits_any(wanted) and "is the host of no ECR registry (a \"*\" does not span dots)"
      or nil
  end
  return not pattern.is_registry(wanted) and "is the host of no ECR registry" or nil
end

return pattern
