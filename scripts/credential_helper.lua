-- SPDX-License-Identifier: MIT
-- Gives docker, podman and the like the credentials of ECR registries, as a credential helper: exit 0, 1.

local argparse <const> = require "argparse"
local check <const> = require "ecr.check"
local command_line <const> = require "ecr.command_line"
local core <const> = require "ecr.core"
local ecr <const> = require "ecr"
local json <const> = require "ecr.json"
local map_file <const> = require "ecr.registry_map.file"
local printable <const> = require "ecr.printable"
local registry_map <const> = require "ecr.registry_map"
local server_url <const> = require "ecr.server_url"

local PROGRAM <const> = "credential_helper.lua"
local CALLED <const> = "docker-credential-ecrlua"
local NOT_ECR <const> = "credentials not found in native keychain" -- docker then asks without any
local NO_URL <const> = "no credentials server URL"
local REFUSED <const> = 1       -- the exit code of every refusal: docker reads what it says
local MOST_SECONDS <const> = 45 -- docker waits for as long as we do
local PATIENCE <const> = 5      -- seconds for what nobody wants to read
local ACTIONS <const> = { get = true, store = true, erase = true, list = true, version = true }
local EPILOG <const> = [[
As docker-credential-ecrlua on the PATH (a link to ecrlua, or a copy) docker calls it when
~/.docker/config.json says, host by host:
  {"credHelpers": {"123456789012.dkr.ecr.eu-west-1.amazonaws.com": "ecrlua"}}
get reads a registry's address from standard input. Who is no ECR registry is "not found" and
asked without credentials; any other failure is told on standard output, by docker's protocol.
store keeps nothing and is refused, unless AWS_ECR_IGNORE_CREDS_STORAGE is true; erase has nothing
to do.
list names the registries that the file below names in full.

Which identity asks for a registry: ~/.config/ecrlua/credential_helper.json, or the file that
ECRLUA_CREDENTIAL_HELPER_CONFIG names; first match wins, the default chain is for all others:
  {"registries": [{"match": "*.dkr.ecr.*.amazonaws.com", "profile": "dev"},
                  {"account": "210987654321", "role_arn": "arn:...", "external_id": "..."},
                  {"match": "public.ecr.aws", "anonymous": true}]}

Examples:
  echo public.ecr.aws | docker-credential-ecrlua get
  ecrlua --profile dev credential_helper.lua --no-cache get < host.txt

Exit codes: 0 done, 1 refused or failed, 3 the answer could not be written, 64 usage.
IAM actions: ecr:GetAuthorizationToken; for ECR Public ecr-public:GetAuthorizationToken and
sts:GetServiceBearerToken; for a role sts:AssumeRole.]]

-- --- the command line ----------------------------------------------------------------------------

local function new_parser()
  local parser <const> = argparse(PROGRAM, "A credential helper for docker and the like.")
  parser:argument("action", "get, store, erase, list or version"):args("?")
  parser:option("--timeout", ("until there must be an answer (%ds)"):format(MOST_SECONDS)):convert(
    command_line.duration(600, "10m", true)):default(tostring(MOST_SECONDS)):show_default(false)
    :argname("TIME")
  parser:flag("--no-cache", "keep no token on disk, and take none from there; so does\n"
    .. "AWS_ECR_DISABLE_CACHE")
  parser:flag("-v --version", "the same as the action version")
  parser:epilog(EPILOG)
  return parser
end

--- A variable of AWS's helper that is on or off.
local function is_true(name)
  local said <const> = (os.getenv(name) or ""):lower()
  return said == "true" or said == "t" or said == "1"
end

-- --- answers -------------------------------------------------------------------------------------

--- Docker reads a refusal from standard output, and passes standard error through: it is told once.
local function refuse(message)
  io.write(message, "\n")
  return REFUSED
end

local function fail(err, more)
  return refuse("ecrlua: " .. printable(tostring(err)) .. (more or ""))
end

local function write(parts)
  local written <const>, problem <const> = ecr.write(io.stdout, parts)
  return written and 0 or command_line.fail(PROGRAM, "standard output: " .. tostring(problem))
end

-- --- get -----------------------------------------------------------------------------------------

--- What standard input says, without the space around it.
local function read_url(options)
  local text <const>, failure <const> = core.read_text(0, server_url.MOST, options.timeout)
  if text then return text:match("^%s*(.-)%s*$") end
  if failure.code == "too_large" then return nil, server_url.too_long() end
  return nil, "standard input: " .. failure.message
end

--- A token is renewed half-way through its life, which lasts for any pull; one that cannot be renewed
--- is better than none.
local function ask(options, entry, registry)
  local settings <const> = registry_map.client_options(entry, registry)
  settings.token_cache = command_line.token_cache(options.no_cache
    or (os.getenv("AWS_ECR_DISABLE_CACHE") or "") ~= "")
  local client <const>, err <const> = ecr.client(settings)
  if not client then return nil, err end
  return client.auth:get_creds{ registry = registry.host }
end

--- Whose failure it was, and what else there is.
local function advice(entry, registry)
  local whose <const> = entry and "; asked as " .. printable(entry.where) .. " says" or ""
  local public <const> = registry.public and "; to pull without credentials, map " .. registry.host
    .. " as anonymous in " .. printable((map_file.path())) or ""
  return whose .. public
end

local function answer(options, url, registry)
  local map <const>, err <const> = map_file.read()
  if not map then return fail(err) end
  local entry <const> = map:find(registry)
  if entry and entry.anonymous then return refuse(NOT_ECR) end
  local creds <const>, problem <const> = ecr.with_deadline(options.timeout, ask, options, entry,
    registry)
  if not creds then return fail(problem, advice(entry, registry)) end
  return write{ '{"ServerURL":', ecr.secret(url):json(), ',"Username":"AWS","Secret":',
    creds.password:json(), "}\n" }
end

local function get(options)
  local start <const> = ecr.now()
  local url <const>, problem <const> = read_url(options)
  if not url then return fail(problem) end
  if url == "" then return refuse(NO_URL) end
  local registry <const>, err <const> = server_url.registry(url)
  if err then return fail(err) end
  if not registry then return refuse(NOT_ECR) end
  options.timeout = math.max(0, options.timeout - (ecr.now() - start))
  return answer(options, url, registry)
end

-- --- the other actions ---------------------------------------------------------------------------

--- There is no store. Who logs in in spite of that may want it to pass for done.
local function store()
  core.drain(0, PATIENCE)
  if is_true("AWS_ECR_IGNORE_CREDS_STORAGE") then return 0 end
  local map <const>, err <const> = map_file.read()
  if not map then return fail(err) end
  if map.ignore_creds_storage then return 0 end
  return refuse("ecrlua: nothing was stored: this helper makes credentials when they are asked "
    .. "for, nobody needs to log in (AWS_ECR_IGNORE_CREDS_STORAGE=true lets it pass)")
end

--- What was never stored is gone. A refusal would be of no use to anybody, and podman 4 and skopeo 1.9
--- do not survive one when they log out.
local function erase()
  core.drain(0, PATIENCE)
  return 0
end

--- Asks nobody: docker lists before it builds, and asks for each that is listed.
local function list()
  local map <const>, err <const> = map_file.read()
  if not map then return fail(err) end
  local users <const> = {}
  for _, host in ipairs(map:hosts()) do users["https://" .. host] = "AWS" end
  return write{ json.encode(users) }
end

local function version()
  return write{ ("%s (ecrlua) %s\n"):format(CALLED, ecr.version) }
end

local DO <const> = { get = get, store = store, erase = erase, list = list, version = version }

local function main(arguments)
  local options <const>, usage <const> = command_line.parse(PROGRAM, new_parser(), arguments)
  if not options then return usage end
  if options.version then return version() end
  local action <const> = options.action
  if not action then return refuse("Usage: " .. CALLED .. " <store|get|erase|list|version>") end
  if not ACTIONS[action] then
    return refuse("ecrlua: " .. printable(check.unknown("action", action, ACTIONS)))
  end
  return DO[action](options)
end

return main(arg)
