-- SPDX-License-Identifier: MIT
--- Pages of a list. A token says for which list it is and where to go on; it is opaque to
--- callers, and one that is another list's, or nobody's, is refused.

local page <const> = {}

page.DEFAULT = 100 -- items, where the caller does not say

local function to_hex(text)
  return (text:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

local function from_hex(text)
  if #text % 2 ~= 0 or text:find("%X") then return nil end
  return (text:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end))
end

--- The position a token stands for; a list begins at 0.
---@param label string which list it is
---@param token? string
---@return integer? offset nil for a token that is not this list's
---@return integer? note the number given to `page.cut`
function page.open(label, token)
  if not token then return 0 end
  local plain <const> = from_hex(token) or ""
  local list <const>, offset <const>, note <const> = plain:match("^(.*)\n(%d+) (%d+)$")
  if list ~= label then return nil end
  return tonumber(offset), tonumber(note)
end

--- The items after `offset`, and the token for those after them.
---@param label string
---@param items table[]
---@param offset integer
---@param limit integer
---@param note? integer comes back with the token
---@return table[] items
---@return string? token nil at the end of the list
function page.cut(label, items, offset, limit, note)
  local last <const> = math.min(offset + limit, #items)
  local cut <const> = table.move(items, offset + 1, last, 1, {})
  if last >= #items then return cut end
  return cut, to_hex(("%s\n%d %d"):format(label, last, note or 0))
end

return page
