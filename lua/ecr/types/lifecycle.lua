-- SPDX-License-Identifier: MIT
--- Lifecycle policies: which images a repository lets go, and when. Source: "Lifecycle policy
--- properties in Amazon ECR" in the Amazon ECR User Guide.

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

---@class ecr.LifecycleSelection
---@field tag_status "tagged"|"untagged"|"any"
---@field tag_pattern_list? string[] all of them must match
---@field tag_prefix_list? string[] likewise
---@field storage_class? "standard"|"archive"
---@field count_type "imageCountMoreThan"|"sinceImagePushed"|"sinceImagePulled"|"sinceImageTransitioned"
---@field count_unit? "days"
---@field count_number integer

---@class ecr.LifecycleRule as in the document, names in snake_case
---@field rule_priority integer lower ones are applied first
---@field description? string
---@field selection ecr.LifecycleSelection
---@field action {type: string, target_storage_class?: string}

---@class ecr.LifecyclePolicy
---@field repository_name string
---@field registry_id string
---@field text string the document as it came
---@field rules ecr.LifecycleRule[] by priority
---@field last_evaluated_at? number seconds since the epoch
local lifecycle_methods <const> = {}
local lifecycle_mt <const> = { __name = "ecr.lifecycle_policy", __index = lifecycle_methods }

local function subject_of(selection)
  local names <const> = selection.tag_pattern_list or selection.tag_prefix_list
  local which <const> = selection.tag_status == "any" and "images" or selection.tag_status
    .. " images"
  if not names then return which end
  return which .. (selection.tag_prefix_list and " with prefix " or " like ")
    .. table.concat(names, " and ")
end

local COUNTS <const> = {
  imageCountMoreThan = "all but the newest %d",
  sinceImagePushed = "%d days after the push",
  sinceImagePulled = "%d days after the last pull",
  sinceImageTransitioned = "%d days after archiving",
}

--- A rule as a sentence: "1: expire untagged images 14 days after the push".
---@param rule ecr.LifecycleRule
---@return string
local function rule_text(rule)
  local selection <const> = rule.selection or {}
  local count <const> = (COUNTS[selection.count_type] or tostring(selection.count_type) .. " %d")
    :format(selection.count_number or 0)
  local verb <const> = (rule.action or {}).type == "transition" and "archive"
    or (rule.action or {}).type or "?"
  return ("%d: %s %s %s"):format(rule.rule_priority or 0, verb, subject_of(selection), count)
end

function lifecycle_mt.__tostring(self)
  local lines <const> = {}
  for i, rule in ipairs(self.rules) do lines[i] = rule_text(rule) end
  return table.concat(lines, "\n")
end

--- The rules as sentences, in the order in which they are applied.
---@return string[]
function lifecycle_methods:sentences()
  local lines <const> = {}
  for i, rule in ipairs(self.rules) do lines[i] = rule_text(rule) end
  return lines
end

local lifecycle <const> = {}

local function by_priority(rules)
  table.sort(rules, function(a, b) return (a.rule_priority or 0) < (b.rule_priority or 0) end)
  return rules
end

--- A policy out of GetLifecyclePolicy's answer.
---@param output table
---@return ecr.LifecyclePolicy?
---@return ecr.Error? kind "protocol" when the text is no policy
function lifecycle.of(output)
  local text <const> = output.lifecycle_policy_text
  local document <const>, failure <const> = core.decode("lifecycle_policy", text or "")
  if not document then
    return error_object.give{ kind = "protocol", code = "lifecycle_policy",
      operation = "GetLifecyclePolicy", message = "the lifecycle policy cannot be read: "
        .. failure.message }
  end
  return setmetatable({ repository_name = output.repository_name, registry_id = output.registry_id,
    text = text, rules = by_priority(document.rules or {}),
    last_evaluated_at = output.last_evaluated_at }, lifecycle_mt)
end

return lifecycle
