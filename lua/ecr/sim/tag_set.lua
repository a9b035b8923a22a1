-- SPDX-License-Identifier: MIT
--- The tags of a resource (not of an image): a value for each key. Source: "Tagging a private
--- repository in Amazon ECR" in the Amazon ECR User Guide.

local refusal <const> = require "ecr.sim.refusal"

local MOST <const> = 50 -- tags of a resource

local tag_set <const> = {}

local function check(tags)
  local seen <const> = {}
  for _, tag in ipairs(tags) do
    if tag.key:lower():find("^aws:") then return refusal.reserved_tag(tag.key) end
    if seen[tag.key] then return refusal.repeated_tag(tag.key) end
    seen[tag.key] = true
  end
  return true
end

--- The tags that were there, with others added or in their place.
---@param before table<string, string>
---@param tags {key: string, value: string}[]
---@return table<string, string>?
---@return ecr.sim.Fault?
function tag_set.with(before, tags)
  local ok <const>, fault <const> = check(tags)
  if not ok then return nil, fault end
  local merged <const>, count = {}, 0
  for key, value in pairs(before) do merged[key] = value end
  for _, tag in ipairs(tags) do merged[tag.key] = tag.value end
  for _ in pairs(merged) do count = count + 1 end
  if count > MOST then return refusal.too_many_tags(MOST) end
  return merged
end

--- The tags as answers carry them, in the order of their keys.
---@param tags table<string, string>
---@return {key: string, value: string}[]
function tag_set.list(tags)
  local list <const> = {}
  for key, value in pairs(tags) do list[#list + 1] = { key = key, value = value } end
  table.sort(list, function(a, b) return a.key < b.key end)
  return list
end

return tag_set
