-- SPDX-License-Identifier: MIT
--- The client: one region, one identity, one transport. `call` reaches every operation of ECR and
--- ECR Public; the services are the comfortable part on top.

local choose_transport <const> = require "ecr.transport.choice"
local config <const> = require "ecr.config"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local exchange <const> = require "ecr.exchange"
local loop <const> = require "ecr.loop"
local operations <const> = require "ecr.operation"
local requests <const> = require "ecr.request"

---@class ecr.Client
---@field config ecr.Config
---@field auth ecr.AuthService
---@field public ecr.PublicService
---@field replication ecr.ReplicationService
---@field repository ecr.RepositoryService
---@field image ecr.ImageService
---@field manifest ecr.ManifestService
---@field scan ecr.ScanService
---@field metadata_cache ecr.MetadataCache|false
local client_methods <const> = {}
local client_mt <const> = { __name = "ecr.client" }

--- Methods, and the services, each made when it is first used: a script loads what it needs.
function client_mt.__index(self, key)
  local method <const> = client_methods[key]
  if method then return method end
  local construct <const> = rawget(self, "services")[key]
  if not construct then return nil end
  local service <const> = construct(self)
  rawset(self, key, service)
  return service
end

--- Calls an operation of AWS by its name, with `snake_case` members in and out. The input is
--- checked against AWS's model before anything is sent.
---@param name string "DescribeImages"; "ecr-public:DescribeImages" where both services have the name
---@param input? table
---@param options? {deadline?: number} on the loop's monotonic clock, over all attempts
---@return table? output
---@return ecr.Error?
function client_methods:call(name, input, options)
  local operation <const>, err = operations.find(name, self.config.public_registry)
  if not operation then return nil, err end
  input = input == nil and {} or input
  local request
  request, err = requests.build(self.config, operation, input)
  if not request then return nil, err end
  local _ <close> = self.metadata_cache and request.class == "write"
    and self.metadata_cache:writing(request.input.repository_name)
  local event
  event, err = exchange.run(self.exchange, request, options and options.deadline)
  if event then return event.value end
  return nil, requests.explain(self.config, operation, request, err)
end

--- What the metadata cache keeps of a place, or what `ask` gives: for the services.
---@param place ecr.MetadataPlace
---@param options? {no_cache?: boolean, deadline?: number}
---@param ask fun(calls?: {deadline?: number}): any, ecr.Error? given the options for its calls
---@return any
---@return ecr.Error?
function client_methods:kept(place, options, ask)
  if not self.metadata_cache then return ask(options) end
  return self.metadata_cache:get(place, options or {}, ask)
end

--- The same client past its metadata cache: for whoever decides by how things are now.
---@return ecr.Client
function client_methods:uncached()
  return self.metadata_cache and require "ecr.uncached"(self) or self
end

--- Where the client's registry tokens are kept. A cache on disk, and a pool's, serves others too.
---@return ecr.TokenCache
function client_methods:tokens()
  local cache <const> = rawget(self, "token_cache") or self.config.token_cache
    or require "ecr.token_cache".new()
  rawset(self, "token_cache", cache)
  return cache
end

--- How the client's caches are used: hits, misses, sizes. `metadata` is absent where that cache is off;
--- `tokens` is of all clients that share them.
---@return {tokens: ecr.TokenCacheStats, metadata?: ecr.MetadataCacheStats}
function client_methods:cache_stats()
  return { tokens = self:tokens():stats(),
    metadata = self.metadata_cache and self.metadata_cache:stats() or nil }
end

--- Every setting with its value and who said it: code, the command line, a variable, a profile. Print
--- it, or go through its rows.
---@return {name: string, value: string, origin: string}[]
function client_methods:explain_config()
  return require "ecr.config.explanation".of_settings(self.config)
end

--- Where credentials were looked for, in order, and what came of each: `source`, `state` ("used",
--- "passed over", "broken", "not asked"), `detail`. Asks whom the first call would ask. Print it, or go
--- through its rows; nothing of a credential is in it. Empty where nothing is signed (a simulator, a
--- recording).
---@return ecr.CredentialStep[]
function client_methods:explain_credentials()
  local credentials_of <const> = self.exchange.credentials
  return require "ecr.config.explanation".of_credentials(credentials_of
    and credentials_of:explain() or {})
end

--- The client's credentials, for `ecr.write_credentials`.
---@return userdata? credentials sealed
---@return ecr.Error?
function client_methods:credentials()
  if self.exchange.credentials then return self.exchange.credentials:get() end
  return error_object.give{ kind = "config", code = "no_credentials",
    message = "a simulator and a recording have no credentials" }
end

--- What a client goes by among those that share its transport.
local function place_of(settings)
  return (settings.use_fips and "fips " or "") .. settings.region
end

--- A client like this one for another region, the same one each time; it shares the transport.
---@param region string
---@param options? {use_fips?: boolean} as this client has it
---@return ecr.Client?
---@return ecr.Error? kind "config"
function client_methods:in_region(region, options)
  local fips = options and options.use_fips
  if fips == nil then fips = self.config.use_fips end
  if region == self.config.region and fips == self.config.use_fips then return self end
  if not endpoint.is_region(region) then
    return error_object.give{ kind = "config", code = "region",
      message = ("%q is no AWS region (such as us-east-1)"):format(tostring(region)) }
  end
  local other <const> = setmetatable({ region = region, use_fips = fips },
    { __index = self.config })
  other.origin = setmetatable({ region = "in_region" }, { __index = self.config.origin })
  return self.regional[place_of(other)] or self.make(other, self.exchange.transport)
end

-- --- making one ----------------------------------------------------------------------------------

--- The User-Agent, made anew when what is known of the credentials changes.
local function user_agent_of(settings, identity)
  local known, text
  return function()
    local features <const> = identity and identity:features()
    if not text or features ~= known then
      known, text = features, require "ecr.user_agent"(settings, features,
        os.getenv("AWS_EXECUTION_ENV"))
    end
    return text
  end
end

local function context(settings, transport, identity)
  local made <const> = exchange.new(settings, transport)
  made.credentials = identity
  made.user_agent = transport.clock ~= "virtual" and user_agent_of(settings, identity) or nil
  return made
end

local function metadata_cache_of(settings, transport)
  local options <const> = settings.metadata_cache
  return options and require "ecr.metadata_cache".new(options, transport)
end

local client <const> = {}

--- A simulator and a recording know where they are: that region serves where none was configured.
local function settle_region(settings, transport)
  if settings.region == nil and transport.region then
    settings.region, settings.origin.region = transport.region,
      settings.replay and "recording" or "scenario"
  end
end

--- The same client over a transport that taps its calls.
---@param self ecr.Client
---@param to ecr.Recorder
---@return ecr.Client
function client.recorded(self, to)
  return self.make(self.config, require "ecr.transport.record".new(self.exchange.transport, to))
end

--- Makes a client. `services` are the constructors of the service objects, by the field they go to.
---@param options? table see `ecr.client`
---@param services table<string, fun(client: ecr.Client): table>
---@return ecr.Client?
---@return ecr.Error?
function client.new(options, services)
  local settings <const>, err = config.new(options)
  if not settings then return nil, err end
  local transport
  transport, err = choose_transport(settings)
  if not transport then return nil, err end
  local usable
  usable, err = loop.use(transport)
  if not usable then return nil, err end
  settle_region(settings, transport)
  if settings.token_cache ~= nil then
    settings.token_cache, err = require "ecr.token_cache".of(settings.token_cache,
      settings.origin.token_cache)
    if not settings.token_cache then return nil, err end
  end
  local regional <const> = setmetatable({}, { __mode = "k" }) -- transport -> region -> client
  local identity <const> = transport.clock ~= "virtual"
    and require "ecr.credentials".new(settings, transport) or nil
  local function make(with, over)
    local self <const> = setmetatable({ config = with,
      exchange = context(with, over, identity), services = services,
      metadata_cache = metadata_cache_of(with, over) }, client_mt)
    self.make = make
    regional[over] = regional[over] or {}
    self.regional = regional[over]
    if with.region then self.regional[place_of(with)] = self end
    return self
  end
  return make(settings, transport)
end

--- Makes a client that is answered from a recording; its transport is the field `recording`.
---@param path string
---@param options? table see `ecr.client`
---@param services table<string, fun(client: ecr.Client): table>
---@return ecr.Client?
---@return ecr.Error?
function client.replayed(path, options, services)
  local transport <const>, err = require "ecr.transport.replay".new(path)
  if not transport then return nil, err end
  local settings <const> = { transport = transport }
  for key, item in pairs(options or {}) do settings[key] = item end
  local made
  made, err = client.new(settings, services)
  if made then made.recording = transport end
  return made, err
end

return client
