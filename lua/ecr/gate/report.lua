-- SPDX-License-Identifier: MIT
--- A verdict as text for people. Pure. What findings say is written by strangers: nothing of it
--- steers a terminal.

local severities <const> = require "ecr.types.severity"
local printable <const> = require "ecr.printable"
local scan <const> = require "ecr.types.scan"
local table_text <const> = require "ecr.table_text"
local time_text <const> = require "ecr.time_text"

---@class ecr.ReportStyle
---@field colour? boolean
---@field columns? integer of the terminal; nil = lines may be as long as they are

local report <const> = {}

local MOST_ROWS <const> = 20 -- of findings, for one image
local WORDS <const> = { pass = "PASS", fail = "FAIL", inconclusive = "NO VERDICT", error = "ERROR" }
local RED <const>, GREEN <const>, YELLOW <const> = "31", "32", "33" -- ECMA-48's
local VERDICT_COLOURS <const> = { pass = GREEN, fail = RED, inconclusive = YELLOW, error = RED }
local SEVERITY_COLOURS <const> = { CRITICAL = RED, HIGH = RED, MEDIUM = YELLOW }

local function coloured(style, colour, text)
  if not style.colour or not colour then return text end
  return ("\27[%sm%s\27[0m"):format(colour, text)
end

local function word(made, style)
  return coloured(style, VERDICT_COLOURS[made.verdict], WORDS[made.verdict])
end

local function counts_text(counts)
  return printable(scan.counts_text(counts))
end

local function thresholds_text(thresholds)
  local parts <const> = {}
  for _, severity in ipairs(severities.ALL) do
    if thresholds[severity] then
      parts[#parts + 1] = severity:lower() .. " " .. thresholds[severity]
    end
  end
  return "allowed: " .. table.concat(parts, ", ") .. "; others unlimited"
end

-- --- findings ------------------------------------------------------------------------------------

local COLUMNS <const> = { "severity", "id", "package", "version", "fixed_version" }
local KEPT <const> = 2 -- columns that are shown whole: severity and id
local HEADINGS <const> = { "SEVERITY", "ID", "PACKAGE", "VERSION", "FIXED IN" }

local function row_of(one)
  local row <const> = {}
  for i, column in ipairs(COLUMNS) do row[i] = printable(one[column] or "-") end
  return row
end

--- The rows of the table, and how many findings it leaves out.
local function rows_of(findings)
  local rows <const> = { HEADINGS }
  local hidden = 0
  for _, one in ipairs(findings) do
    if not one:is_active() then goto continue end
    if #rows <= MOST_ROWS then rows[#rows + 1] = row_of(one) else hidden = hidden + 1 end
    ::continue::
  end
  return rows, hidden
end

local function add_findings(add, findings, style, indent)
  local rows <const>, hidden <const> = rows_of(findings)
  if #rows == 1 then return end
  local function paint(row, column, text)
    return coloured(style, column == 1 and SEVERITY_COLOURS[rows[row][1]], text)
  end
  local limit <const> = style.columns and style.columns - #indent
  for _, line in ipairs(table_text(rows, { keep = KEPT, limit = limit, paint = paint })) do
    add(line)
  end
  if hidden > 0 then add(("and %d more (--json lists all)"):format(hidden)) end
end

-- --- images --------------------------------------------------------------------------------------

--- What is known of one image, below its title.
local function add_details(add, target, style, indent)
  if target.counts then
    local when <const> = target.completed_at and ", scanned "
      .. time_text(target.completed_at) or ""
    add(("%s scan %s%s: %s"):format(target.kind, printable(target.status), when,
      counts_text(target.counts)))
  end
  if target.started then add("the scan was started by this gate") end
  if target.reason then add(printable(target.reason)) end
  if target.advice then add(printable(target.advice)) end
  for _, warning in ipairs(target.warnings) do add("warning: " .. printable(warning)) end
  add_findings(add, target.findings or {}, style, indent)
end

--- One image of an index.
local function target_title(target, style)
  return ("%s  %s  %s"):format(word(target, style),
    printable(target.platform or "(no platform)"), target.digest)
end

local function adder(lines, indent)
  return function(line) lines[#lines + 1] = indent .. line end
end

local function add_images(lines, made, style)
  if not made.index then
    local add <const> = adder(lines, "  ")
    for _, target in ipairs(made.targets) do add_details(add, target, style, "  ") end
    return
  end
  for _, target in ipairs(made.targets) do
    lines[#lines + 1] = "  " .. target_title(target, style)
    add_details(adder(lines, "    "), target, style, "    ")
  end
end

--- The verdict for people.
---@param made ecr.GateVerdict
---@param style? ecr.ReportStyle
---@return string
function report.text(made, style)
  style = style or {}
  local lines <const> = { ("%s  %s"):format(word(made, style), printable(made.image)) }
  local add <const> = adder(lines, "  ")
  if made.digest then add(made.digest .. (made.index and " (index)" or "")) end
  if made.interrupted then
    add("broken off by " .. made.interrupted .. "; this is what is known")
  end
  if made.reason then add(printable(made.reason)) end
  if made.advice then add(printable(made.advice)) end
  for _, warning in ipairs(made.warnings) do add("warning: " .. printable(warning)) end
  add_images(lines, made, style)
  for _, skipped in ipairs(made.skipped) do
    add(("left out  %s: %s"):format(skipped.digest, skipped.reason))
  end
  add(thresholds_text(made.thresholds))
  return table.concat(lines, "\n") .. "\n"
end

--- Why an image did not pass, of all the images behind the name.
local function reasons_of(made)
  if made.reason then return { made.reason, made.advice } end
  local reasons <const> = {}
  for _, target in ipairs(made.targets) do
    if target.verdict == made.verdict then reasons[#reasons + 1] = target.reason end
  end
  return reasons
end

--- The verdict in one line.
---@param made ecr.GateVerdict
---@param style? ecr.ReportStyle
---@return string
function report.line(made, style)
  local reasons <const> = reasons_of(made)
  local why <const> = #reasons > 0 and ": " .. printable(table.concat(reasons, "; ")) or ""
  local digest <const> = made.digest and "@" .. made.digest or ""
  return ("%s  %s%s%s\n"):format(word(made, style or {}), printable(made.image),
    made.image:find("@", 1, true) and "" or digest, why)
end

return report
