-- SPDX-License-Identifier: MIT
--- Credentials from a program of the user's (`credential_process`). Source: "Process credential
--- provider" in the AWS SDKs and Tools Reference Guide.

local caller <const> = require "ecr.credentials.caller"
local words <const> = require "ecr.credentials.words"

local SECONDS <const> = 60 -- AWS's tools know no limit; a pipeline needs one

local process <const> = {}

local function read_answer(title, answer)
  if answer.version ~= 1 then
    return caller.refuse("process_output", "%s: its answer must have \"Version\": 1", title)
  end
  return caller.credentials(title, { id = answer.access_key_id, key = answer.secret_access_key,
    token = answer.session_token, expires = answer.expiration, account = answer.account_id,
    source = "process" })
end

local function run(of, title, argv)
  local event <const>, err <const> = of:send({ kind = "process", service = "process",
    operation = "credential_process", argv = argv, sink = "creds:process" },
    { timeout = SECONDS, max_retries = 0 })
  if not event then
    err.operation, err.status = nil, nil -- an exit code is no status of HTTP's
    return caller.wrap(title, err)
  end
  return read_answer(title, event.value)
end

--- The program that a profile names.
---@param of ecr.CredentialCaller
---@param profile? ecr.Profile
---@return ecr.CredentialSource?
---@return string|ecr.Error|nil why not
function process.open(of, profile)
  local command <const> = profile and profile:get("credential_process")
  if not command then return nil, "no credential_process" end
  local title <const> = ("credential_process of %s"):format(profile:place())
  local argv <const>, problem <const> = words(command)
  if not argv then return caller.misconfigured("%s: %s", title, problem) end
  if argv[1] == "" then return caller.misconfigured("%s: it names no program", title) end
  return { title = title, place = "credential_process\0" .. command, features = { "v", "w" },
    fetch = function() return run(of, title, argv) end }
end

return process
