-- SPDX-License-Identifier: MIT
--- Blobs: configurations and layers. The service gives an address that is good for an hour and a
--- secret; what is there is fetched without credentials and verified on the way. Source of
--- behaviour: GetDownloadUrlForLayer in the Amazon ECR API Reference; "Authenticating requests:
--- using query parameters" in the Amazon S3 API Reference.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local exchange <const> = require "ecr.exchange"
local layer_type <const> = require "ecr.types.layer"
local loop <const> = require "ecr.loop"

local DOWNLOAD <const> = "download" -- what errors and logs call it
local LONGEST <const> = 86400       -- seconds for one attempt; what ends it sooner is silence
local GLANCE <const> = 0.25         -- seconds between two looks at how far it is

local blob <const> = {}

local function refuse(kind, code, message, ...)
  return error_object.give{ kind = kind, code = code, operation = DOWNLOAD,
    message = message:format(...) }
end

-- --- the way there -------------------------------------------------------------------------------

--- Storage that fails says nothing of the registry, nor one host of it of another.
local NO_BREAKERS <const> = setmetatable({}, { __newindex = function() end })

--- The client's attempts, unsigned: storage refuses a request that is signed twice.
local function unsigned(client, timeout)
  return setmetatable({ credentials = false, breakers = NO_BREAKERS,
    timeout = timeout }, { __index = client.exchange })
end

--- Without TLS only where the whole registry is a stand-in.
local function request_for(client, fields)
  fields.kind, fields.method, fields.operation, fields.service = "http", "GET", DOWNLOAD, "s3"
  fields.class, fields.repeatable, fields.region = "read", true, client.config.region
  fields.https_only = client.config.endpoint_url == nil
  return fields
end

local function ask_address(client, named, digest, options)
  local output <const>, err <const> = client:call("GetDownloadUrlForLayer",
    { repository_name = named.repository, registry_id = named.registry_id, layer_digest = digest },
    { deadline = options.deadline })
  if not output then return nil, err end
  if output.download_url then return output.download_url end
  return refuse("protocol", "no_address", "the service gave no address for %s", digest)
end

--- A new address mends the one, starting over the other; each is tried once.
local MENDED <const> = { [403] = true, [416] = true }

local function fetch(client, named, digest, request, timeout, options)
  local tried <const> = {}
  local context <const> = unsigned(client, timeout)
  while true do
    local address <close>, problem <const> = ask_address(client, named, digest, options)
    if not address then return nil, problem end
    request.url = address
    local event <const>, err <const> = exchange.run(context, request, options.deadline)
    if event then return event end
    if not MENDED[err.status] or tried[err.status] then return nil, err end
    tried[err.status] = true
  end
end

--- Whether a descriptor is of something that the registry can give.
local function check_descriptor(descriptor)
  if type(descriptor.urls) == "table" and #descriptor.urls > 0 then
    return refuse("input", "external", "%s is not in the registry: its manifest says that it is to "
      .. "be had elsewhere (%s)", descriptor.digest, tostring(descriptor.urls[1]):match("^[^?#]*"))
  end
  if math.type(descriptor.size) ~= "integer" or descriptor.size < 0 then
    return refuse("protocol", "size", "%s has a size that is none", tostring(descriptor.digest))
  end
  return true
end

-- --- into memory ---------------------------------------------------------------------------------

local function wrong_size(descriptor, words, cause)
  return error_object.give{ kind = "integrity", code = "size", operation = DOWNLOAD, cause = cause,
    message = ("%s has %s, not the %d that its descriptor says"):format(descriptor.digest, words,
      descriptor.size) }
end

local function verified(descriptor, text)
  if #text ~= descriptor.size then return wrong_size(descriptor, #text .. " bytes") end
  local ok <const>, failure <const> = core.verify(descriptor.digest, text)
  if ok then return text end
  return refuse(failure.kind, failure.code, "%s", failure.message)
end

--- The bytes that a descriptor carries itself, where they are the right ones.
local function inlined(descriptor)
  if type(descriptor.data) ~= "string" then return nil end
  local bytes <const> = core.secret(descriptor.data):unbase64()
  return bytes and verified(descriptor, bytes:reveal())
end

--- The bytes of a small blob.
---@param client ecr.Client
---@param named ecr.ImageName an image that uses it
---@param descriptor ecr.Descriptor
---@param most integer bytes; a larger one is not asked for
---@param options? {deadline?: number}
---@return string?
---@return ecr.Error? "integrity" when they are not the digest's; "protocol", code "too_large"; "input", code "external"
function blob.read(client, named, descriptor, most, options)
  local ok <const>, problem <const> = check_descriptor(descriptor)
  if not ok then return nil, problem end
  if descriptor.size > most then
    return refuse("protocol", "too_large", "%s has %d bytes; at most %d are read",
      descriptor.digest, descriptor.size, most)
  end
  local text <const> = inlined(descriptor)
  if text then return text end
  local request <const> = request_for(client, { sink = "raw:" .. math.max(1, descriptor.size) })
  local event <const>, err <const> = fetch(client, named, descriptor.digest, request,
    client.exchange.timeout, options or {})
  if event then return verified(descriptor, event.value) end
  if err.code == "too_large" then return wrong_size(descriptor, "more bytes", err) end
  return nil, err
end

-- --- into a file ---------------------------------------------------------------------------------

--- A task that tells how far the request is until it is closed.
local function watch(client, request, tell)
  local transport <const> = client.exchange.transport
  if not tell or not transport.progress then return nil end
  return loop.spawn(function()
    local before
    while true do
      loop.sleep(GLANCE)
      local bytes <const> = request.ticket and transport:progress(request.ticket)
      if bytes and bytes ~= before then tell(bytes, request.size) end
      before = bytes
    end
  end)
end

local OPTIONS <const> = { on_progress = "function", deadline = "number", resume = "boolean" }

local function download(client, named, layer, path, options)
  local ok, problem = check.options(options, OPTIONS)
  if ok then ok, problem = check_descriptor(layer) end
  if not ok then return nil, problem end
  local request <const> = request_for(client, { sink = "file", path = path, digest = layer.digest,
    size = layer.size, resume = options.resume ~= false, stall = client.exchange.timeout })
  local event, err
  do
    local watcher <close> = watch(client, request, options.on_progress) -- luacheck: no unused
    event, err = fetch(client, named, layer.digest, request, LONGEST, options)
  end
  if not event then return nil, err end
  if options.on_progress then options.on_progress(layer.size, layer.size) end
  return { path = path, digest = layer.digest, size = layer.size,
    resumed_from = event.value.resumed_from }
end

--- A layer that can be downloaded.
---@param client ecr.Client
---@param named ecr.ImageName an image that uses it
---@param descriptor ecr.Descriptor
---@return ecr.Layer
function blob.layer(client, named, descriptor)
  return layer_type.new(descriptor, function(layer, path, options)
    return download(client, named, layer, path, options or {})
  end)
end

return blob
