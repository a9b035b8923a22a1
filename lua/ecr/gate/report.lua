-- SPDX-License-Identifier: MIT
--- A verdict as text for people and as a JSON document. Pure. What findings say is written by
--- strangers: control characters never reach a terminal.

local core <const> = require "ecr.core"
local finding <const> = require "ecr.types.finding"
local json <const> = require "ecr.json"

local report <const> = {}

local MOST_ROWS <const> = 20 -- of findings, for one image
local WORDS <const> = { pass = "PASS", fail = "FAIL", inconclusive = "NO VERDICT", error = "ERROR" }

--- No control characters, nor those that turn the direction of the text around.
local function clean(text)
  return (tostring(text):gsub("[%c\x7f]", " "):gsub("\xc2[\x80-\x9f]", " ")
    :gsub("\xe2\x80[\xaa-\xae]", " "):gsub("\xe2\x81[\xa6-\xa9]", " "))
end

local function counts_text(counts)
  local parts <const>, known <const> = {}, {}
  for _, severity in ipairs(finding.SEVERITIES) do
    known[severity] = true
    if counts[severity] then parts[#parts + 1] = counts[severity] .. " " .. severity:lower() end
  end
  local others <const> = {}
  for severity in pairs(counts) do
    if not known[severity] then others[#others + 1] = severity end
  end
  table.sort(others)
  for _, severity in ipairs(others) do
    parts[#parts + 1] = counts[severity] .. " " .. clean(severity:lower())
  end
  return #parts > 0 and table.concat(parts, ", ") or "no findings"
end

local function thresholds_text(thresholds)
  local parts <const> = {}
  for _, severity in ipairs(finding.SEVERITIES) do
    if thresholds[severity] then
      parts[#parts + 1] = severity:lower() .. " " .. thresholds[severity]
    end
  end
  return "allowed: " .. table.concat(parts, ", ") .. "; others unlimited"
end

local function time_text(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(seconds))
end

-- --- the table -----------------------------------------------------------------------------------

local COLUMNS <const> = { "severity", "id", "package", "version", "fixed_version" }
local HEADINGS <const> = { "SEVERITY", "ID", "PACKAGE", "VERSION", "FIXED IN" }

local function widths_of(rows)
  local widths <const> = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, #cell) end
  end
  return widths
end

local function add_table(lines, rows)
  local widths <const> = widths_of(rows)
  for _, row in ipairs(rows) do
    local cells <const> = {}
    for i, cell in ipairs(row) do cells[i] = cell .. (" "):rep(widths[i] - #cell) end
    lines[#lines + 1] = "  " .. table.concat(cells, "  "):gsub("%s+$", "")
  end
end

local function row_of(one)
  local row <const> = {}
  for i, column in ipairs(COLUMNS) do row[i] = clean(one[column] or "-") end
  return row
end

local function add_findings(lines, findings)
  local rows <const> = { HEADINGS }
  local hidden = 0
  for _, one in ipairs(findings) do
    if not one:is_active() then goto continue end
    if #rows <= MOST_ROWS then rows[#rows + 1] = row_of(one) else hidden = hidden + 1 end
    ::continue::
  end
  if #rows == 1 then return end
  add_table(lines, rows)
  if hidden > 0 then lines[#lines + 1] = ("  and %d more (--json lists all)"):format(hidden) end
end

--- What is known of one image, below its title.
local function add_details(lines, target)
  if target.counts then
    local when <const> = target.completed_at and ", scanned " .. time_text(target.completed_at)
      or ""
    lines[#lines + 1] = ("  %s scan %s%s: %s"):format(target.kind, clean(target.status), when,
      counts_text(target.counts))
  end
  if target.reason then lines[#lines + 1] = "  " .. clean(target.reason) end
  if target.advice then lines[#lines + 1] = "  " .. clean(target.advice) end
  for _, warning in ipairs(target.warnings) do
    lines[#lines + 1] = "  warning: " .. clean(warning)
  end
  add_findings(lines, target.findings or {})
end

--- One image of an index.
local function add_target(lines, target)
  local details <const> = {}
  add_details(details, target)
  lines[#lines + 1] = ("  %s  %s  %s"):format(WORDS[target.verdict],
    clean(target.platform or "(no platform)"), target.digest)
  for _, line in ipairs(details) do lines[#lines + 1] = "  " .. line end
end

--- The verdict for people.
---@param made ecr.GateVerdict
---@return string
function report.text(made)
  local lines <const> = { ("%s  %s"):format(WORDS[made.verdict], clean(made.image)) }
  if made.digest then
    lines[#lines + 1] = ("  %s%s"):format(made.digest, made.index and " (index)" or "")
  end
  if made.reason then lines[#lines + 1] = "  " .. clean(made.reason) end
  if made.advice then lines[#lines + 1] = "  " .. clean(made.advice) end
  local add <const> = made.index and add_target or add_details
  for _, target in ipairs(made.targets) do add(lines, target) end
  for _, skipped in ipairs(made.skipped) do
    lines[#lines + 1] = ("  left out  %s: %s"):format(skipped.digest, skipped.reason)
  end
  lines[#lines + 1] = "  " .. thresholds_text(made.thresholds)
  return table.concat(lines, "\n") .. "\n"
end

-- --- the document --------------------------------------------------------------------------------

local function lower_keys(map)
  local made <const> = {}
  for severity, count in pairs(map) do made[severity:lower()] = count end
  return made
end

local FINDING_FIELDS <const> = { "id", "severity", "package", "version", "fixed_version",
  "fix_available",
  "exploit_available", "score", "vector", "layer", "url", "title", "description", "status" }

local function finding_document(one)
  local made <const> = {}
  for _, field in ipairs(FINDING_FIELDS) do made[field] = one[field] end
  return made
end

local function target_document(target)
  local findings <const> = json.list()
  for i, one in ipairs(target.findings or {}) do findings[i] = finding_document(one) end
  return {
    digest = target.digest, platform = target.platform, verdict = target.verdict,
    reason = target.reason, advice = target.advice,
    scan = target.counts and { type = target.kind, status = target.status,
      completed_at = target.completed_at and time_text(target.completed_at) } or nil,
    counts = target.counts and lower_keys(target.counts) or nil,
    warnings = json.list(target.warnings), findings = findings,
  }
end

local function list_of(items, convert)
  local made <const> = json.list()
  for i, item in ipairs(items) do made[i] = convert(item) end
  return made
end

--- The verdict as a JSON document; its schema is in the README.
---@param made ecr.GateVerdict
---@return string
function report.json(made)
  return json.encode{
    version = 1, tool = "ecrlua " .. core.version,
    image = made.image, repository = made.repository, digest = made.digest, index = made.index,
    verdict = made.verdict, exit_code = made.exit_code, reason = made.reason, advice = made.advice,
    thresholds = lower_keys(made.thresholds), counts = lower_keys(made.counts),
    images = list_of(made.targets, target_document),
    left_out = list_of(made.skipped, function(skipped) return skipped end),
  }
end

return report
