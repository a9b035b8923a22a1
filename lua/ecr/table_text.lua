-- SPDX-License-Identifier: MIT
--- Rows of cells as lines of aligned columns, no wider than they may be.

local terminal <const> = require "ecr.terminal"

local GAP <const> = "  "
local NARROWEST <const> = 8 -- characters that a column keeps when it is cut

local function length_of(text)
  return utf8.len(text) or #text
end

local function widths_of(rows)
  local widths <const> = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, length_of(cell)) end
  end
  return widths
end

local function total_of(widths)
  local total = #GAP * (#widths - 1)
  for _, width in ipairs(widths) do total = total + width end
  return total
end

--- The widest column after those that are kept whole.
local function widest_of(widths, keep)
  local widest
  for i = keep + 1, #widths do
    if not widest or widths[i] > widths[widest] then widest = i end
  end
  return widest
end

--- Takes characters from the widest columns until all fit. False when they would get too narrow.
local function shrink(widths, keep, limit)
  local total = total_of(widths)
  while total > limit do
    local widest <const> = widest_of(widths, keep)
    if not widest or widths[widest] <= NARROWEST then return false end
    widths[widest] = widths[widest] - 1
    total = total - 1
  end
  return true
end

--- The widths of as many columns as fit; at least those that are kept whole.
local function fit(widths, keep, limit)
  for count = #widths, keep + 1, -1 do
    local some <const> = table.move(widths, 1, count, 1, {})
    if shrink(some, keep, limit) then return some end
  end
  return table.move(widths, 1, keep, 1, {})
end

local function line_of(row, r, widths, paint)
  local cells <const> = {}
  for i, width in ipairs(widths) do
    local text <const> = terminal.cut(row[i], width)
    local padded <const> = i == #widths and text or text .. (" "):rep(width - length_of(text))
    cells[i] = paint and paint(r, i, padded) or padded
  end
  return table.concat(cells, GAP)
end

---@class ecr.TableOptions
---@field keep integer how many columns from the left are neither cut nor left out
---@field limit? integer columns of the screen; nil = as wide as it comes
---@field paint? fun(row: integer, column: integer, text: string): string colours a padded cell

--- The lines of a table. Where it is too wide columns are cut, then left out from the right.
---@param rows string[][]
---@param options ecr.TableOptions
---@return string[]
return function(rows, options)
  local widths = widths_of(rows)
  if options.limit then widths = fit(widths, options.keep, options.limit) end
  local lines <const> = {}
  for r, row in ipairs(rows) do lines[r] = line_of(row, r, widths, options.paint) end
  return lines
end
