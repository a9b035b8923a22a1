-- SPDX-License-Identifier: MIT
--- Names and labels as Kubernetes takes them. Each check gives its text, or nil and a sentence: what
--- argparse wants of a converter. Source: "Object Names and IDs" and "Labels and Selectors" in the
--- Kubernetes documentation.

local core <const> = require "ecr.core"
local printable <const> = require "ecr.printable"

local LONGEST_NAME <const>, LONGEST_LABEL <const> = 253, 63 -- characters

local kubernetes <const> = {}

--- What of a text a message may show: one line, however it came.
local function shown(text)
  return core.quote(printable(text, 80))
end

--- Of these letters, the first and the last of them a letter or a digit.
local function is_word(text, letters, alphanumeric)
  return text:find("^" .. letters .. "+$") ~= nil and text:find("^" .. alphanumeric) ~= nil
    and text:find(alphanumeric .. "$") ~= nil
end

local function is_dns_label(text)
  return is_word(text, "[a-z0-9-]", "[a-z0-9]")
end

--- One or more of them with "." between. Kubernetes limits the length of the whole, not of each.
local function is_dns_subdomain(text)
  if #text > LONGEST_NAME then return false end
  for part in (text .. "."):gmatch("([^.]*)%.") do
    if not is_dns_label(part) then return false end
  end
  return true
end

local function is_label_text(text)
  return #text <= LONGEST_LABEL and is_word(text, "[A-Za-z0-9._-]", "[A-Za-z0-9]")
end

local function is_label_key(key)
  local prefix <const>, name <const> = key:match("^([^/]*)/(.*)$")
  if prefix then return is_dns_subdomain(prefix) and is_label_text(name) end
  return is_label_text(key)
end

local ENDS <const> = "a letter or a digit at both ends"
local NAME <const> = ' is no name of a Kubernetes object: at most 253 lower-case letters, digits, '
  .. '"-" and ".", ' .. ENDS .. ' and beside each "."'
local NAMESPACE <const> = " is no Kubernetes namespace: at most 63 lower-case letters, digits and "
  .. '"-", ' .. ENDS
local LABEL <const> = ' of a Kubernetes label: at most 63 letters, digits, "-", "_" and ".", '
  .. ENDS
local KEY <const> = " is no key" .. LABEL .. '; before it a domain and "/" if wanted'
local VALUE <const> = " is no value" .. LABEL

local function told(text, fits, otherwise)
  if fits then return text end
  return nil, shown(text) .. otherwise
end

--- The name of an object, such as a secret.
---@param text string
---@return string?
---@return string? why not
function kubernetes.name(text)
  return told(text, is_dns_subdomain(text), NAME)
end

--- The name of a namespace.
---@param text string
---@return string?
---@return string? why not
function kubernetes.namespace(text)
  return told(text, #text <= LONGEST_LABEL and is_dns_label(text), NAMESPACE)
end

--- The key of a label or of an annotation.
---@param key string
---@return string?
---@return string? why not
function kubernetes.label_key(key)
  return told(key, is_label_key(key), KEY)
end

--- The value of a label; it may be empty.
---@param value string
---@return string?
---@return string? why not
function kubernetes.label_value(value)
  return told(value, value == "" or is_label_text(value), VALUE)
end

--- A label as people write it: "team=red".
---@param text string
---@return {key: string, value: string}?
---@return string? why not
function kubernetes.label(text)
  local key <const>, value <const> = text:match("^([^=]*)=(.*)$")
  if not key then return nil, shown(text) .. " is no label: a key, =, and a value" end
  local fine, why = kubernetes.label_key(key)
  if fine then fine, why = kubernetes.label_value(value) end
  if not fine then return nil, why end
  return { key = key, value = value }
end

return kubernetes
