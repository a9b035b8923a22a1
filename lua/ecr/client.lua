-- SPDX-License-Identifier: MIT
--- The client: one region, one identity, one transport. `call` reaches every operation of ECR and
--- ECR Public; the services are the comfortable part on top.

local config <const> = require "ecr.config"
local core <const> = require "ecr.core"
local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local exchange <const> = require "ecr.exchange"
local http <const> = require "ecr.transport.http"
local loop <const> = require "ecr.loop"
local operations <const> = require "ecr.operation"
local retry <const> = require "ecr.retry"

local PUBLIC_REGION <const> = "us-east-1" -- where ECR Public answers, whatever the client's region

---@class ecr.Client
---@field config ecr.Config
---@field auth ecr.AuthService
---@field public ecr.PublicService
---@field replication ecr.ReplicationService
---@field repository ecr.RepositoryService
---@field image ecr.ImageService
---@field manifest ecr.ManifestService
---@field scan ecr.ScanService
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

-- --- requests ------------------------------------------------------------------------------------

local function no_region(operation)
  return error_object.give{ kind = "config", code = "no_region", operation = operation.name,
    message = "no region: give `region` to ecr.client, --region, or set AWS_REGION" }
end

local function address_options(self, operation)
  local setting <const> = operation.service == "ecr-public" and "public_endpoint_url"
    or "endpoint_url"
  return { fips = self.config.use_fips, dualstack = self.config.use_dualstack,
    endpoint = self.config[setting], origin = self.config.origin[setting] }
end

local function address(self, operation)
  local settings <const> = self.config
  local public <const> = operation.service == "ecr-public"
  local region <const> = public and PUBLIC_REGION or settings.region
  if not region then return no_region(operation) end
  return endpoint.resolve(operation.service, region, address_options(self, operation))
end

--- A name that does not resolve may be none that AWS has: a region of which we made the name is easily
--- mistyped.
local function explain(self, operation, request, err)
  if err.code ~= "dns" or err.operation ~= operation.name then return err end -- else a source's
  local hint <const> = endpoint.hint(operation.service, request.region,
    address_options(self, operation))
  if hint then err.message = err.message .. "; " .. hint end
  return err
end

--- `registry_id` of the configuration goes with every call that takes one and was given none.
local function with_registry(self, operation, input)
  local id <const> = self.config.registry_id
  if not id or input.registry_id or not operations.takes_registry(operation) then return input end
  local copy <const> = { registry_id = id }
  for key, value in pairs(input) do copy[key] = value end
  return copy
end

local function bad_input(operation, failure)
  return error_object.give{ kind = failure.kind, code = failure.code, operation = operation.name,
    message = failure.message }
end

local function build(self, operation, input)
  local body <const>, failure <const> = core.encode(operation.service, operation.name, input)
  if not body then return bad_input(operation, failure) end
  local place <const>, err <const> = address(self, operation)
  if not place then return nil, err end
  return {
    kind = "aws", service = operation.service, operation = operation.name, class = operation.class,
    repeatable = operation.repeatable, region = place.region, input = input, body = body,
    url = place.url, sink = "shape:" .. operation.name,
  }
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
  if type(input) == "table" then input = with_registry(self, operation, input) end
  local request
  request, err = build(self, operation, input)
  if not request then return nil, err end
  local event
  event, err = exchange.run(self.exchange, request, options and options.deadline)
  if event then return event.value end
  return nil, explain(self, operation, request, err)
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

--- A client like this one for another region, the same one each time; it shares the transport.
---@param region string
---@return ecr.Client?
---@return ecr.Error?
function client_methods:in_region(region)
  if region == self.config.region then return self end
  if self.regional[region] then return self.regional[region] end
  if not endpoint.is_region(region) then
    return error_object.give{ kind = "config", code = "region",
      message = ("%q is no AWS region (such as us-east-1)"):format(region) }
  end
  local other <const> = setmetatable({}, { __index = self.config })
  other.region = region
  other.origin = setmetatable({ region = "in_region" }, { __index = self.config.origin })
  return self.make(other, self.exchange.transport)
end

-- --- making one ----------------------------------------------------------------------------------

--- The simulator is half of all our Lua: loaded only where it is used.
local function pick_carrier(settings)
  if settings.transport then return settings.transport end
  if settings.replay then return require "ecr.transport.replay".of_file(settings.replay) end
  if settings.sim then return require "ecr.transport.sim".of_file(settings.sim) end
  return http.new(settings)
end

local function pick_transport(settings)
  local carrier <const>, err <const> = pick_carrier(settings)
  if not carrier or not settings.record then return carrier, err end
  return require "ecr.transport.record".to_file(carrier, settings.record)
end

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
  return {
    transport = transport,
    timeout = settings.timeout,
    connect_timeout = settings.connect_timeout,
    max_retries = settings.max_retries,
    quota = retry.new_quota(),
    breakers = {},
    credentials = identity,
    user_agent = transport.clock ~= "virtual" and user_agent_of(settings, identity) or nil,
    random = math.random,
  }
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
  transport, err = pick_transport(settings)
  if not transport then return nil, err end
  local usable
  usable, err = loop.use(transport)
  if not usable then return nil, err end
  settle_region(settings, transport)
  local regional <const> = setmetatable({}, { __mode = "k" }) -- transport -> region -> client
  local identity <const> = transport.clock ~= "virtual"
    and require "ecr.credentials".new(settings, transport) or nil
  local function make(with, over)
    local self <const> = setmetatable({ config = with,
      exchange = context(with, over, identity), services = services }, client_mt)
    self.make = make
    regional[over] = regional[over] or {}
    self.regional = regional[over]
    if with.region then self.regional[with.region] = self end
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
