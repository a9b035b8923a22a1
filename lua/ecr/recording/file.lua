-- SPDX-License-Identifier: MIT
--- Reading a whole recording. Whatever is wrong with the file is told with its name and line.

local error_object <const> = require "ecr.error"
local line <const> = require "ecr.recording.line"

local CHUNK <const> = 1024 * 1024 -- bytes

local file <const> = {}

---@class ecr.Recording
---@field path string
---@field clock number seconds since the epoch when it began
---@field calls ecr.RecordedCall[] in the order in which they ended

local function refuse(path, number, problem, ...)
  local where <const> = number and ("%s:%d: "):format(path, number) or path .. ": "
  return error_object.give{ kind = "config", code = "recording",
    message = where .. problem:format(...) }
end

local function too_large(path)
  return refuse(path, nil, "larger than %d MiB", line.MAX_FILE // 1024 // 1024)
end

--- All bytes of the file.
local function read_all(path)
  local handle <close>, problem = io.open(path, "rb")
  if not handle then return refuse(path, nil, "%s", problem:gsub("^.*: ", "")) end
  problem = select(2, handle:read(0)) -- a folder says what it is, but has a size
  if problem then return refuse(path, nil, "%s", problem) end
  if (handle:seek("end") or 0) > line.MAX_FILE then return too_large(path) end
  handle:seek("set")
  local chunks <const>, size = {}, 0
  while true do
    local chunk
    chunk, problem = handle:read(CHUNK)
    if problem then return refuse(path, nil, "%s", problem) end
    if not chunk then return table.concat(chunks) end
    size = size + #chunk
    if size > line.MAX_FILE then return too_large(path) end
    chunks[#chunks + 1] = chunk
  end
end

--- A line of the text from `first` on, and where it ends.
local function next_line(path, text, first, number)
  local last <const> = text:find("\n", first, true)
  if (last or #text) - first > line.MAX then
    return refuse(path, number, "longer than %d MiB", line.MAX // 1024 // 1024)
  end
  if not last then
    return refuse(path, number, "the last line is cut off, as when the recorded run was killed; "
      .. "without it the lines before can be replayed")
  end
  return text:sub(first, last - 1), last
end

local function add(recording, seen, call, number)
  local occurrences <const> = seen[call.key] or {}
  seen[call.key] = occurrences
  if occurrences[call.occurrence] then
    return ("the same call and occurrence as in line %d"):format(occurrences[call.occurrence])
  end
  occurrences[call.occurrence] = number
  call.number = number
  table.insert(recording.calls, call)
end

--- Takes one line in; gives what is wrong with it.
local function take(recording, seen, text, number)
  if number == 1 then
    local header <const>, problem <const> = line.read_header(text)
    recording.clock = header and header.clock
    return problem
  end
  local call <const>, problem <const> = line.read(text)
  return problem or add(recording, seen, call, number)
end

--- Reads a recording.
---@param path string
---@return ecr.Recording?
---@return ecr.Error? kind "config", code "recording"
function file.read(path)
  local text <const>, err = read_all(path)
  if not text then return nil, err end
  if text == "" then return refuse(path, nil, "no recording: it is empty") end
  local recording <const>, seen <const> = { path = path, calls = {} }, {}
  local first, number = 1, 1
  while first <= #text do
    local one <const>, last <const> = next_line(path, text, first, number)
    if not one then return nil, last end
    local problem <const> = take(recording, seen, one, number)
    if problem then return refuse(path, number, "%s", problem) end
    first, number = last + 1, number + 1
  end
  return recording
end

return file
