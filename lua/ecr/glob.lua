-- SPDX-License-Identifier: MIT
--- Shell-like patterns for names and tags: "*" is any run of characters, "?" one character, "[abc]"
--- and "[a-z]" one of several ("[!a]" none). All of the name must match. At worst it takes as many
--- steps as the product of both lengths, whatever the pattern.

local glob <const> = {}

local STAR <const>, ANY <const> = "*", "?"

--- A class at `at`: the text between the brackets and where it ends; nil where "[" stands for itself.
local function class_at(pattern, at)
  local stop <const> = pattern:find("]", at + 2, true)
  if not stop then return nil end
  return pattern:sub(at + 1, stop - 1), stop
end

local function in_class(class, char)
  local negated <const> = class:sub(1, 1) == "!"
  local at = negated and 2 or 1
  local found = false
  while at <= #class do
    local low <const> = class:sub(at, at)
    local is_range <const> = class:sub(at + 1, at + 1) == "-" and at + 2 <= #class
    local high <const> = is_range and class:sub(at + 2, at + 2) or low
    found = found or char >= low and char <= high
    at = at + (is_range and 3 or 1)
  end
  return found ~= negated
end

--- Whether one element of the pattern takes a character, and where the next element is.
local function take(pattern, at, char)
  local element <const> = pattern:sub(at, at)
  if element == ANY then return char ~= "", at + 1 end
  local class, stop
  if element == "[" then class, stop = class_at(pattern, at) end
  if class then return char ~= "" and in_class(class, char), stop + 1 end
  return element == char, at + 1
end

--- Whether a name matches all of a pattern.
---@param pattern string
---@param name string
---@return boolean
function glob.matches(pattern, name)
  local p, n = 1, 1
  local star_p, star_n -- where to go on when this way fails: the last star takes one more character
  while n <= #name do
    if pattern:sub(p, p) == STAR then
      star_p, star_n, p = p + 1, n, p + 1
    else
      local ok <const>, following <const> = take(pattern, p, name:sub(n, n))
      if p <= #pattern and ok then
        p, n = following, n + 1
      elseif star_p then
        star_n = star_n + 1
        p, n = star_p, star_n
      else
        return false
      end
    end
  end
  return pattern:find("^%**$", p) ~= nil
end

return glob
