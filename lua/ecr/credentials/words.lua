-- SPDX-License-Identifier: MIT
--- The words of a `credential_process`, split as AWS's tools do: like a POSIX shell's, with quotes and
--- backslashes, but nothing is expanded and no shell is run.

local BLANK <const> = "[ \t\r\n]"

--- What stands at `at` outside of double quotes: text, where it ends, or nil and what is wrong.
local function single_quoted(text, at)
  local close <const> = text:find("'", at + 1, true)
  if not close then return nil, "a single quote is not closed" end
  return text:sub(at + 1, close - 1), close + 1
end

local function double_quoted(text, at)
  local parts <const> = {}
  at = at + 1
  while true do
    local stop <const> = text:find('["\\]', at)
    if not stop then return nil, "a double quote is not closed" end
    parts[#parts + 1] = text:sub(at, stop - 1)
    if text:sub(stop, stop) == '"' then return table.concat(parts), stop + 1 end
    local next_char <const> = text:sub(stop + 1, stop + 1)
    parts[#parts + 1] = next_char:find('["\\]') and next_char or "\\" .. next_char
    at = stop + 2
  end
end

local function escaped(text, at)
  if at == #text then return nil, "nothing follows the last backslash" end
  return text:sub(at + 1, at + 1), at + 2
end

local READERS <const> = { ["'"] = single_quoted, ['"'] = double_quoted, ["\\"] = escaped }

local function plain(text, at)
  local stop <const> = text:find("[ \t\r\n'\"\\]", at) or #text + 1
  return text:sub(at, stop - 1), stop
end

local function read_word(text, at)
  local parts <const> = {}
  while at <= #text and not text:find("^" .. BLANK, at) do
    local part <const>, rest <const> = (READERS[text:sub(at, at)] or plain)(text, at)
    if not part then return nil, rest end
    parts[#parts + 1], at = part, rest
  end
  return table.concat(parts), at
end

--- Splits a command into words.
---@param text string
---@return string[]? at least one
---@return string? problem
return function(text)
  local words <const> = {}
  local at = text:find("[^ \t\r\n]") or #text + 1
  while at <= #text do
    local word <const>, rest <const> = read_word(text, at)
    if not word then return nil, rest end
    words[#words + 1] = word
    at = text:find("[^ \t\r\n]", rest) or #text + 1
  end
  if #words == 0 then return nil, "there is no command" end
  return words
end
