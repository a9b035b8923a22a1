-- SPDX-License-Identifier: MIT
--- AWS's regular expressions in POSIX's extended syntax. They are written for Java, unanchored, and
--- meant for the whole text. What is translated: classes (rebuilt, since "0-9-_" is no range in
--- POSIX), \w \d \S, escaped characters, (?: groups, and anchors, which are set once around
--- everything.

local CLASSES <const> = { w = "a-zA-Z0-9_", d = "0-9" }

local pattern <const> = {}

local function quote_byte(char)
  return char:find("[%^%.%[%$%(%)%|%*%+%?%{%\\]") and "\\" .. char or char
end

--- One item of a bracket expression: an escape, a range or a character.
local function class_item(text, at)
  local char = text:sub(at, at)
  if char == "\\" then
    char = text:sub(at + 1, at + 1)
    if CLASSES[char] then return CLASSES[char], at + 2 end
    return char, at + 2
  end
  local range <const> = text:match("^[%w]%-[%w]", at)
  if range then return range, at + 3 end
  return char, at + 1
end

--- POSIX wants "]" first and "-" last, and knows no escapes.
local function class(text, at)
  local negated <const> = text:sub(at + 1, at + 1) == "^"
  local items <const>, seen <const> = {}, {}
  at = at + (negated and 2 or 1)
  while text:sub(at, at) ~= "]" do
    local item
    item, at = class_item(text, at)
    assert(at <= #text, "class without end in " .. text)
    seen[item] = true
    if item ~= "]" and item ~= "-" then items[#items + 1] = item end
  end
  return "[" .. (negated and "^" or "") .. (seen["]"] and "]" or "") .. table.concat(items)
    .. (seen["-"] and "-" or "") .. "]", at + 1
end

local function escape(text, at)
  local char <const> = text:sub(at + 1, at + 1)
  if CLASSES[char] then return "[" .. CLASSES[char] .. "]", at + 2 end
  if char == "S" then return "[^ \t\n\r\f\v]", at + 2 end
  assert(not char:find("%a"), "unknown escape \\" .. char .. " in " .. text)
  return quote_byte(char), at + 2
end

local function piece(text, at)
  local char <const> = text:sub(at, at)
  if char == "[" then return class(text, at) end
  if char == "\\" then return escape(text, at) end
  if text:sub(at, at + 2) == "(?:" then return "(", at + 3 end
  if char == "^" or char == "$" then return "", at + 1 end -- the whole text is matched anyway
  return char, at + 1
end

--- Translates one expression.
---@param published string
---@return string
function pattern.to_posix(published)
  local out <const> = {}
  local at = 1
  while at <= #published do
    out[#out + 1], at = piece(published, at)
  end
  local body <const> = table.concat(out):gsub("%(%|", "(()|"):gsub("^|", "()|")
  return "^(" .. body .. ")$"
end

return pattern
