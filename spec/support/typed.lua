-- SPDX-License-Identifier: MIT
-- Comparing values with their types: an integer is no float, and a secret is its text.

--- The first place where two values differ, or nil.
local function difference(a, b, where)
  where = where or "value"
  local kind = math.type(a) or type(a)
  if kind ~= (math.type(b) or type(b)) then return where end
  if tostring(a) == "<secret>" then return nil end -- a replay's secrets are its own
  if type(a) ~= "table" then return a ~= b and where or nil end
  for key, item in pairs(a) do
    local found = difference(item, b[key], where .. "." .. tostring(key))
    if found then return found end
  end
  for key in pairs(b) do
    if a[key] == nil then return where .. "." .. tostring(key) end
  end
end

return difference
