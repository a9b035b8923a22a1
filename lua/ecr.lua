-- SPDX-License-Identifier: MIT
--- ecrlua: Amazon ECR from Lua. This file is the table of contents; everything public is reached
--- from it.

local client <const> = require "ecr.client"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local image <const> = require "ecr.service.image"
local loop <const> = require "ecr.loop"
local manifest <const> = require "ecr.service.manifest"
local repository <const> = require "ecr.service.repository"
local scan <const> = require "ecr.service.scan"

local SERVICES <const> = {
  image = image.new,
  manifest = manifest.new,
  repository = repository.new,
  scan = scan.new,
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

--- A simulated registry to build in code, for tests; `:client{}` gives a client of it.
---@return ecr.Mock
function ecr.mock()
  return require "ecr.mock".new(ecr.client)
end

--- Gates an image by its scan result: see `ecr.gate.check`.
---@param of ecr.Client
---@param reference string "app:v1", "app@sha256:...", or a full registry reference
---@param options? ecr.GateOptions
---@return ecr.GateVerdict?
---@return ecr.Error?
function ecr.gate(of, reference, options)
  return require "ecr.gate".check(of, reference, options)
end

--- Catches SIGINT and SIGTERM until it is closed, for `ecr.gate` and your own tasks: see
--- `ecr.interrupt`.
---@return ecr.Interrupt?
---@return ecr.Error? kind "config" when they are caught already
function ecr.interrupt()
  return require "ecr.interrupt".catch()
end

--- Text that is wiped when it goes and never printed by accident.
---@param text string
---@return userdata
function ecr.secret(text)
  return core.secret(text)
end

--- Starts a function as a task: see `loop.spawn`.
ecr.spawn = loop.spawn
--- Runs functions at the same time: see `loop.all`.
ecr.all = loop.all
--- Waits for some seconds (none in the simulator): see `loop.sleep`.
ecr.sleep = loop.sleep
--- The time of the loop, monotonic and wall: see `loop.now`.
ecr.now = loop.now
--- For a host with its own event loop: `fd`, `timeout`, `step`.
ecr.loop = { fd = loop.fd, timeout = loop.timeout, step = loop.step }
--- Whether a value is an error object.
ecr.is_error = error_object.is

return ecr
