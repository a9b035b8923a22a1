-- SPDX-License-Identifier: MIT
-- Whether a request that a test server saw was signed with a certain key: Signature Version 4 written down once
-- more, from "Create a signed AWS API request" in the IAM User Guide. Only SHA-256 is the core's.
local core = require "ecr.core"

local sigv4 = {}

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function xor_all(text, with)
  return (text:gsub(".", function(c) return string.char(c:byte() ~ with) end))
end

--- HMAC-SHA-256 (RFC 2104), raw.
local function hmac(key, text)
  if #key > 64 then key = bytes_of(core.sha256(key)) end
  key = key .. ("\0"):rep(64 - #key)
  return bytes_of(core.sha256(xor_all(key, 0x5c) .. bytes_of(core.sha256(xor_all(key, 0x36) .. text))))
end

local function canonical(request, names)
  local lines = { request.method, request.path, "" }
  for name in names:gmatch("[^;]+") do lines[#lines + 1] = name .. ":" .. request.headers[name] end
  lines[#lines + 1] = ""
  lines[#lines + 1] = names
  lines[#lines + 1] = core.sha256(request.body)
  return table.concat(lines, "\n")
end

local kept = {}

local function signing_key(secret, date, region, service)
  local name = table.concat({ secret, date, region, service }, "/")
  kept[name] = kept[name] or hmac(hmac(hmac(hmac("AWS4" .. secret, date), region), service), "aws4_request")
  return kept[name]
end

--- The id of the key that signed a request (without a query), and whether the secret is this one.
function sigv4.signer(request, secret)
  local id, date, region, service, names, signature = (request.headers.authorization or ""):match(
    "^AWS4%-HMAC%-SHA256 Credential=([^/]+)/(%d+)/([^/]+)/([^/]+)/aws4_request, ?"
    .. "SignedHeaders=([^,]+), ?Signature=(%x+)$")
  if not id then return nil, false end
  local scope = table.concat({ date, region, service, "aws4_request" }, "/")
  local text = table.concat({ "AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope,
    core.sha256(canonical(request, names)) }, "\n")
  local right = hmac(signing_key(secret, date, region, service), text)
  return id, right == bytes_of(signature)
end

return sigv4
