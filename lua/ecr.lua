-- SPDX-License-Identifier: MIT
--- ecrlua: Amazon ECR from Lua. This file is the table of contents; everything public is reached
--- from it.

local check <const> = require "ecr.check"
local client <const> = require "ecr.client"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local loop <const> = require "ecr.loop"

--- The gate and what it waits with stand above the services and are loaded when they are first used.
local function gate(...) return require "ecr.gate".check(...) end
local function wait(...) return require "ecr.gate.wait"(...) end

local SERVICES <const> = {
  auth = function(of) return require "ecr.service.auth".new(of) end,
  image = function(of) return require "ecr.service.image".new(of, gate) end,
  manifest = function(of) return require "ecr.service.manifest".new(of) end,
  public = function(of) return require "ecr.service.public".new(of) end,
  replication = function(of) return require "ecr.service.replication".new(of) end,
  repository = function(of) return require "ecr.service.repository".new(of) end,
  scan = function(of) return require "ecr.service.scan".new(of, wait) end,
}

-- The gate, the mock and the like are loaded when they are first used: a short script starts
-- without them.
local ecr <const> = { version = core.version }

--- A client for one region and identity. Settings that are not given come from the command line of
--- `ecrlua`, then the environment (AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_ECR,
--- ECR_ENDPOINT_URL, AWS_ENDPOINT_URL, AWS_CA_BUNDLE), then the default. Nothing is sent before the
--- first call.
---@param options? ecr.ClientOptions
---@return ecr.Client?
---@return ecr.Error? kind "config"
function ecr.client(options)
  return client.new(options, SERVICES)
end

--- Clients for several regions and accounts over shared connections: `regions`, `accounts` (each a
--- table with `role_arn` and its like, or `profile`, `registry_id`, `auth_static`,
--- `auth_web_identity`, and a `name` for the rows), and the options that they share. `pool:map(fn)` asks
--- all at the same time: see `ecr.pool`.
---@param options table
---@return ecr.Pool?
---@return ecr.Error? kind "config"
function ecr.pool(options)
  return require "ecr.pool".new(options, ecr.client)
end

--- A simulated registry to build in code, for tests; `:client{}` gives a client of it.
---@return ecr.Mock
function ecr.mock()
  return require "ecr.mock".new(ecr.client)
end

--- Starts a recording: a file that only its owner may read. Close it, best as `local recorder <close>
--- = ...`: that is where a full disk is told. (Elsewhere known as `create_recorder(output_file)`.)
---@param path string
---@return ecr.Recorder?
---@return ecr.Error? kind "config", code "recording"
function ecr.recorder(path)
  return require "ecr.recorder".new(path)
end

--- The same client, its calls recorded. (Elsewhere known as `wrap_client_for_recording`.)
---@param of ecr.Client
---@param recorder ecr.Recorder
---@return ecr.Client
function ecr.record(of, recorder)
  return client.recorded(of, recorder)
end

--- A client that is answered from a recording, in virtual time, without network and credentials; a call
--- that the recording does not have is an error of kind "protocol", code "not_recorded".
--- `client.recording:unused()` gives the recorded calls that were not made. (Elsewhere known as
--- `create_replay_client(recording_file)`.)
---@param path string
---@param options? ecr.ClientOptions
---@return ecr.Client?
---@return ecr.Error? kind "config", code "recording" when the file is broken
function ecr.replay(path, options)
  return client.replayed(path, options, SERVICES)
end

--- Gates an image by its scan result: see `ecr.gate.check`.
---@param of ecr.Client
---@param reference string "app:v1", "app@sha256:...", or a full registry reference
---@param options? ecr.GateOptions
---@return ecr.GateVerdict?
---@return ecr.Error?
function ecr.gate(of, reference, options)
  return gate(of, reference, options)
end

--- Everything that an operation lists, over all its pages: `ecr.list(client, "ListImageReferrers",
--- {...})`. The services do the same for theirs.
---@param of ecr.Client
---@param operation string
---@param input? table
---@param options? {max_items?: integer, deadline?: number}
---@return table[]?
---@return ecr.Error? kind "input" when the operation gives no list
function ecr.list(of, operation, input, options)
  local list <const>, err <const> = require "ecr.service.listing".open(of, operation, input,
    options)
  if not list then return nil, err end
  return list:all()
end

--- The same one after the other, for a `for` loop; raises the error object.
---@param of ecr.Client
---@param operation string
---@param input? table
---@param options? {max_items?: integer, deadline?: number}
---@return fun(): table?
function ecr.each(of, operation, input, options)
  local list <const>, err <const> = require "ecr.service.listing".open(of, operation, input,
    options)
  if not list then error(err, 0) end
  return list:each()
end

--- Catches SIGINT and SIGTERM until it is closed, for `ecr.gate` and your own tasks: see
--- `ecr.interrupt`.
---@return ecr.Interrupt?
---@return ecr.Error? kind "config" when they are caught already
function ecr.interrupt()
  return require "ecr.interrupt".catch()
end

--- Text that is wiped when it goes and never printed by accident: `ecr.secret(text)`. What can be
--- made of one without opening it: `ecr.secret.join{string|secret, ...}`, `:base64()`, `:unbase64()`,
--- `:after(separator)`, `:json()`, `:percent()`; `:reveal()` is the one door to the text.
ecr.secret = setmetatable({ join = core.join },
  { __call = function(_, text) return core.secret(text) end })

--- Writes strings and secrets to a descriptor or an open file; secrets do not become strings.
---@param to integer|file*
---@param parts (string|userdata)[]
---@return true?
---@return ecr.Error? kind "config" when it cannot be written
function ecr.write(to, parts)
  local ok <const>, failure <const> = core.write(to, parts)
  if ok then return true end
  return error_object.of_failure(failure)
end

--- Settings said one after the other, each a method with the name of an option of `ecr.client`:
--- `ecr.config_builder():region("eu-west-1"):auth_assume_role(arn):build()` gives the options, checked.
---@return ecr.ConfigBuilder
function ecr.config_builder()
  return require "ecr.config.builder".new()
end

--- Hands credentials (of `client:credentials()`) to another tool: to a descriptor or an open file, as
--- `aws configure export-credentials` writes them.
---@param to integer|file*
---@param creds userdata
---@param format "process"|"env"|"env-no-export"
---@return true?
---@return ecr.Error? kind "config" when it cannot be written
function ecr.write_credentials(to, creds, format)
  local ok <const>, failure <const> = core.write_creds(to, creds, format)
  if ok then return true end
  return error_object.of_failure(failure)
end

--- A Kubernetes secret of the type `kubernetes.io/dockerconfigjson`: see `ecr.pull_secret`.
---@param creds ecr.DockerCredentials|ecr.DockerCredentials[] one for each registry
---@param options {namespace?: string, name: string, labels?: table<string, string>, format?: "yaml"|"json"}
---@return userdata? document sealed: write it with `ecr.write`
---@return ecr.Error? kind "input"
function ecr.pull_secret(creds, options)
  return require "ecr.pull_secret"(creds, options)
end

--- Checks of names, digests, references and regions, each true or nil and an `input` error.
ecr.check = { repository_name = check.repository_name, tag = check.tag, digest = check.digest,
  reference = check.reference, registry_id = check.registry_id, region = check.region,
  platform = check.platform }

--- Starts a function as a task: see `loop.spawn`.
ecr.spawn = loop.spawn
--- Runs functions at the same time: see `loop.all`.
ecr.all = loop.all
--- Waits for some seconds (none in the simulator): see `loop.sleep`.
ecr.sleep = loop.sleep
--- Runs a function for so many seconds at most: see `deadline.with`.
---@param seconds number
---@param fn function
---@param ... any its arguments
---@return any ... nil and an error of kind "timeout", code "deadline" when its time is up
function ecr.with_deadline(seconds, fn, ...)
  return require "ecr.deadline".with(seconds, fn, ...)
end
--- The time of the loop, monotonic and wall: see `loop.now`.
ecr.now = loop.now
--- For a host with its own event loop: `fd`, `timeout`, `step`.
ecr.loop = { fd = loop.fd, timeout = loop.timeout, step = loop.step }
--- Whether a value is an error object.
ecr.is_error = error_object.is

return ecr
