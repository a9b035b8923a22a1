-- SPDX-License-Identifier: MIT
-- Run by ecrlua: asks for a client's credentials and prints each address that was asked for them. Whatever
-- the address is, the server named by ANSWERED_BY answers: what is link-local can be looked at on loopback.
local ecr = require "ecr"
local http = require "ecr.transport.http"

local real = assert(http.new{})
local tap = setmetatable({}, { __index = real })

function tap:submit(request)
  local path = request.url:gsub("^%a+://[^/?]*", "")
  print(("asked %s %s"):format(request.method, request.url))
  request.url = os.getenv("ANSWERED_BY") .. path
  return real.submit(self, request)
end

local client, err = ecr.client{ transport = tap, ec2_metadata_v1 = os.getenv("FIRST_VERSION") == "true" or nil }
local creds
if client then creds, err = client:credentials() end
print(creds and "got " .. creds:source() or ("error %s %s"):format(err.kind, err))
