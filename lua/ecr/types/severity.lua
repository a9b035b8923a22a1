-- SPDX-License-Identifier: MIT
--- How bad a finding is. Severities are AWS's words in upper case; five of them have an order, two
--- say that the source gave no priority. Source: FindingSeverity in the Amazon ECR API Reference;
--- Amazon Inspector adds UNTRIAGED.

---@alias ecr.Severity "CRITICAL"|"HIGH"|"MEDIUM"|"LOW"|"INFORMATIONAL"|"UNDEFINED"|"UNTRIAGED"|string

local ORDERED <const> = { "CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL" }
local UNORDERED <const> = { "UNDEFINED", "UNTRIAGED" }

local severity <const> = {}

--- All that are known, the worst first; the last two have no place in the order.
---@type string[]
severity.ALL = { "CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED", "UNTRIAGED" }

local ranks <const>, known <const> = {}, {}
for rank, word in ipairs(ORDERED) do ranks[word], known[word] = rank, true end
for _, word in ipairs(UNORDERED) do known[word] = true end

--- The words that are known, as a set.
---@type table<string, boolean>
severity.KNOWN = known

--- Whether a word is a severity that is known here.
---@param word string in upper case
---@return boolean
function severity.is_known(word)
  return known[word] or false
end

--- The place in the order: 1 for CRITICAL to 5 for INFORMATIONAL.
---@param word string in upper case
---@return integer? rank nil for UNDEFINED, UNTRIAGED and words that nobody knows
function severity.rank(word)
  return ranks[word]
end

--- The words of a set of counts in a fixed order: those that are known, the worst first, then others
--- by name.
---@param counts table<string, any>
---@return string[]
function severity.sorted(counts)
  local words <const>, others <const> = {}, {}
  for _, word in ipairs(severity.ALL) do
    if counts[word] then words[#words + 1] = word end
  end
  for word in pairs(counts) do
    if not known[word] then others[#others + 1] = word end
  end
  table.sort(others)
  return table.move(others, 1, #others, #words + 1, words)
end

--- Whether one severity is at least as bad as another.
---@param word string in upper case
---@param other string in upper case
---@return boolean? nil when one of them has no place in the order
function severity.at_least(word, other)
  local rank <const>, limit <const> = ranks[word], ranks[other]
  if not rank or not limit then return nil end
  return rank <= limit
end

return severity
