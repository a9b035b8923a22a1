-- SPDX-License-Identifier: MIT
--- Help for checking what callers give: what a mistyped name was meant to be.

local check <const> = {}

--- How many letters must be added, removed, replaced or swapped to make `a` of `b`.
local function distance(a, b)
  local rows <const> = {}
  for i = 0, #a do rows[i] = { [0] = i } end
  for j = 0, #b do rows[0][j] = j end
  for i = 1, #a do
    for j = 1, #b do
      local same <const> = a:byte(i) == b:byte(j)
      local cost = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same and 0
        or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        cost = math.min(cost, rows[i - 2][j - 2] + 1)
      end
      rows[i][j] = cost
    end
  end
  return rows[#a][#b]
end

--- The known name nearest to a mistyped one; nil when none is near.
---@param name string
---@param known table keys are the names
---@return string?
function check.nearest(name, known)
  local best, best_distance
  if #name > 64 then return nil end
  for candidate in pairs(known) do
    local d <const> = distance(name, candidate)
    if not best_distance or d < best_distance or d == best_distance and candidate < best then
      best, best_distance = candidate, d
    end
  end
  if best_distance and best_distance <= math.max(1, #name // 3) then return best end
end

--- A sentence about a name nobody knows, with what was probably meant.
---@param what string "option"
---@param name any
---@param known table keys are the names
---@return string
function check.unknown(what, name, known)
  name = tostring(name)
  local nearest <const> = check.nearest(name, known)
  if nearest then return ("unknown %s %q; did you mean %s?"):format(what, name, nearest) end
  local names <const> = {}
  for candidate in pairs(known) do names[#names + 1] = candidate end
  table.sort(names)
  return ("unknown %s %q; known are %s"):format(what, name, table.concat(names, ", "))
end

return check
