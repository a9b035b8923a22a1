-- SPDX-License-Identifier: MIT
--- `docker login`, run for a registry: the password goes to its standard input and nowhere else.

local error_object <const> = require "ecr.error"
local http <const> = require "ecr.transport.http"
local loop <const> = require "ecr.loop"

local MOST <const> = 1024 * 1024 -- bytes it may write; nobody reads them

local program <const> = {}

local function fail(failure, command)
  return error_object.give{ kind = failure.kind, code = failure.code,
    message = ("%s login: %s"):format(command, failure.message) }
end

--- Logs in. One at a time: docker reads its file, changes it and writes it back without a lock.
---@param creds ecr.DockerCredentials
---@param options {command: string, timeout: number} the program, docker or what has its options; seconds
---@return true?
---@return ecr.Error?
function program.log_in(creds, options)
  local transport <const>, err <const> = http.new{}
  if not transport then return nil, err end
  local login <const> = creds:login_command()
  login.argv[1] = options.command
  local event <const> = loop.send(transport, { kind = "process", class = "write",
    service = "docker", operation = "docker login", argv = login.argv, body = login.stdin,
    hide = { creds.auth }, sink = "raw:" .. MOST, timeout = options.timeout })
  if not event.failure then return true end
  return fail(event.failure, options.command)
end

return program
