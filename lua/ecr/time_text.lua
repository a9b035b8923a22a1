-- SPDX-License-Identifier: MIT
--- A point in time as people and programs read it: ISO 8601, in whole seconds of UTC.

---@param seconds number since the epoch
---@return string "2026-01-02T03:04:05Z"
return function(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end
