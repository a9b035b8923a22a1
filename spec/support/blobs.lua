-- SPDX-License-Identifier: MIT
-- A registry on loopback that gives addresses of blobs, and the storage behind them, in one server.

local ecr = require "ecr"
local name = require "ecr.name"
local process = require "spec.support.process"

local blobs = {}

blobs.SECRET = "0123456789abcdef0123456789abcdef" -- in the query of every address

--- Starts both. `storage` is the body of function(request, connection, start): what is answered to a GET, which
--- began at byte `start`; `content` is the blob. `address` replaces the address that is given, %s its own.
function blobs.serve(content, storage, address)
  return process.serve(([[
    local content, here = %s, nil
    local function storage(request, connection, start) %s end
    return function(request, connection)
      here = "http://" .. request.headers.host
      if request.method ~= "POST" then
        return storage(request, connection, tonumber((request.headers.range or ""):match("^bytes=(%%d+)%%-$")) or 0)
      end
      local address = (%q):format(here)
      return { body = '{"downloadUrl":"' .. address .. "?X-Amz-Signature=%s&n=" .. request.count .. '"}' }
    end]]):format(content, storage, address or "%s/bucket/blob", blobs.SECRET))
end

--- A good answer, from `start` on.
blobs.WHOLE = [[
  if start == 0 then return { body = content } end
  return { status = 206, body = content:sub(start + 1),
    headers = { ["content-range"] = ("bytes %d-%d/%d"):format(start, #content - 1, #content) } }]]

--- A client of the server.
function blobs.client(server, options)
  local settings = { region = "us-east-1", endpoint_url = server.url, access_key_id = "AKIDEXAMPLE",
    secret_access_key = "secret", session_token = "token", max_retries = 0, timeout = 5, proxy = "" }
  for key, value in pairs(options or {}) do settings[key] = value end
  return assert(ecr.client(settings))
end

blobs.NAMED = assert(name.image("app:v1"))

--- The descriptor of these bytes; the digest is sha256sum's.
function blobs.descriptor(bytes)
  local path = process.file(bytes)
  local digest = "sha256:" .. process.run("sha256sum " .. path).output:match("^%x+")
  os.remove(path)
  return { digest = digest, size = #bytes, media_type = "application/vnd.oci.image.layer.v1.tar+gzip" }
end

--- What was asked of the storage.
function blobs.gets(server)
  local list = {}
  for _, request in ipairs(server:requests()) do
    if request.method == "GET" then list[#list + 1] = request end
  end
  return list
end

return blobs
