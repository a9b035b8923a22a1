-- SPDX-License-Identifier: MIT
--- An address for a message: a proxy's, or a mistyped one, may hold a password.

--- The address without what stands before its last `@`. A password that holds an unescaped `@` or `/`
--- is no correct address, but a password all the same; and a proxy may have no scheme.
---@param url string
---@return string
return function(url)
  local from <const>, past <const> = url:find("^%s*[%a][%w+.-]*://")
  local rest <const> = url:sub((past or 0) + 1)
  if not rest:find("@", 1, true) then return url end
  return (from and url:sub(1, past) or "") .. "***" .. rest:match(".*(@.*)$")
end
