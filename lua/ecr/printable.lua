-- SPDX-License-Identifier: MIT
--- Text of strangers (services, proxies, images, findings) for a terminal or a log: one line,
--- nothing that steers a terminal, hides or turns text around.

--- What is replaced by a space: control characters, then in UTF-8 the C1 controls, the Arabic letter
--- mark, zero-width and direction marks, line and paragraph separators, direction overrides and
--- isolates, the byte order mark, tag characters.
local PATTERNS <const> = {
  "[%c\x7f]+",
  "\xc2[\x80-\x9f]",
  "\xd8\x9c",
  "\xe2\x80[\x8b-\x8f\xa8-\xae]",
  "\xe2\x81[\xa0-\xaf]",
  "\xef\xbb\xbf",
  "\xf3\xa0[\x80\x81][\x80-\xbf]",
}

--- Bytes that are no UTF-8 at all could be C1 controls to a terminal that does not expect UTF-8.
local function only_ascii(text)
  return (text:gsub("[\x80-\xff]", "?"))
end

local function cut(text, most)
  if #text <= most then return text end
  return text:sub(1, utf8.offset(text, 0, most + 1) - 1) .. "..."
end

--- A text as one harmless line.
---@param text any
---@param most? integer bytes; what is longer is cut and ends with "..."
---@return string
return function(text, most)
  text = tostring(text)
  if most then text = cut(text, most) end
  if not text:find("[%c\x7f-\xff]") then return text end
  if not utf8.len(text) then text = only_ascii(text) end
  for _, pattern in ipairs(PATTERNS) do text = text:gsub(pattern, " ") end
  return text
end
