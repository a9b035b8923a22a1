-- SPDX-License-Identifier: MIT
-- Logs docker, podman or skopeo in to ECR: exit 0 to all registries asked for, 3 not to all.

local argparse <const> = require "argparse"
local check <const> = require "ecr.check"
local command_line <const> = require "ecr.command_line"
local config_file <const> = require "ecr.login.config_file"
local ecr <const> = require "ecr"
local pool <const> = require "ecr.pool"
local program <const> = require "ecr.login.program"
local registries <const> = require "ecr.login.registries"
local report <const> = require "ecr.login.report"

local checked <const> = command_line.checked
local PROGRAM <const> = "docker_login.lua"
local FORMS <const> = { "plain", "fips", "dualstack", "fips_dualstack" }
local HELPER <const> = "ecrlua"
local EPILOG <const> = [[
Without REGISTRY and --public: the identity's own registry in the region, in each --region, of
each --role-arn. Logins are written into the tool's file, its other content untouched, and no
password is ever a word of a command. Docker keeps logins by the exact host: name the one that
your images have, or ask for its --form.

Examples:
  ecrlua docker_login.lua
  ecrlua docker_login.lua --region us-east-1 --region eu-west-1 --form plain --form dualstack
  ecrlua docker_login.lua 123456789012.dkr.ecr.eu-west-1.amazonaws.com public.ecr.aws
  ecrlua docker_login.lua --for podman
  ecrlua docker_login.lua --docker --docker-command podman

Exit codes: 0 logged in everywhere, 3 not everywhere (standard error says where not and why),
64 usage.
IAM actions: ecr:GetAuthorizationToken; for ECR Public ecr-public:GetAuthorizationToken and
sts:GetServiceBearerToken; with --role-arn sts:AssumeRole.]]

-- --- the command line ----------------------------------------------------------------------------

local function add_where(parser)
  parser:argument("registry", "host of a registry, or an image's reference"):args("*")
    :convert(checked(registries.parse)):argname("REGISTRY")
  parser:option("--region", "the own registry of this region (the client's)"):count("*")
    :convert(checked(check.region)):argname("REGION")
  parser:option("--role-arn", "as this role"):count("*"):convert(checked(registries.role))
    :argname("ARN")
  parser:option("--registry-id", "this account's registry instead of the identity's own")
    :convert(checked(check.registry_id)):argname("ID")
  parser:flag("--public", "ECR Public (public.ecr.aws)")
  parser:option("--form", "form of the host: plain, fips, dualstack, fips_dualstack"):count("*")
    :choices(FORMS):argname("FORM")
  parser:option("--min-life", "what a login must still live"):default("1h")
    :convert(command_line.duration(39600, "11h")):argname("TIME")
  parser:option("--timeout", "until AWS must have answered"):default("60s")
    :convert(command_line.duration(3600, "1h", true)):argname("TIME")
end

local function add_what(parser)
  local file <const> = parser:option("--config", "write this file instead"):argname("FILE")
  local tool <const> = parser:option("--for", "whose file: docker, podman, skopeo (docker)")
    :choices{ "docker", "podman", "skopeo" }:target("tool"):argname("TOOL")
  local docker <const> = parser:flag("--docker", "run docker login instead of writing a file")
  local helper <const> = parser:flag("--helper", "have docker ask docker-credential-" .. HELPER)
  local logout <const> = parser:flag("--logout", "take the logins, and our helper, out of the file")
  parser:mutex(docker, helper, logout)
  parser:mutex(docker, file, tool)
  parser:option("--docker-command", "the program to run (docker)"):argname("PATH")
  parser:option("--docker-timeout", "what one docker login may take"):default("60s")
    :convert(command_line.duration(3600, "1h", true)):argname("TIME")
  parser:flag("--no-cache", "neither use nor keep tokens on disk")
  parser:flag("--json", "print the registries as JSON")
  parser:flag("--quiet", "print nothing of what went well")
end

local function new_parser()
  local parser <const> = argparse(PROGRAM, "Logs docker, podman or skopeo in to ECR.")
  add_where(parser)
  add_what(parser)
  parser:epilog(EPILOG)
  return parser
end

local function unique(items)
  local made <const>, seen <const> = {}, {}
  for _, item in ipairs(items) do
    local key <const> = type(item) == "table" and item.host or item
    if not seen[key] then made[#made + 1] = item end
    seen[key] = true
  end
  return made
end

--- What cannot be together, in one sentence; nil when all is fine.
local function contradiction(options)
  if options.docker_command and not options.docker then
    return "option '--docker-command' needs '--docker'"
  elseif options.docker_command == "" then
    return "option '--docker-command' names no program"
  elseif #options.registry > 0 and #options.role_arn > 1 then
    return "a REGISTRY, or '--public', goes with one '--role-arn', not several"
  end
end

local function misuse(problem)
  io.stderr:write(PROGRAM, ": ", problem, "; see ecrlua ", PROGRAM, " --help\n")
  return nil, 64
end

local function read(arguments)
  local options <const>, usage <const> = command_line.parse(PROGRAM, new_parser(), arguments)
  if not options then return nil, usage end
  if options.public then table.insert(options.registry, (registries.parse("public.ecr.aws"))) end
  for _, name in ipairs{ "registry", "region", "role_arn", "form" } do
    options[name] = unique(options[name])
  end
  local problem <const> = contradiction(options)
  if problem then return misuse(problem) end
  return options
end

-- --- where to log in -----------------------------------------------------------------------------

local function request_of(options)
  return { forms = options.form, registry_id = options.registry_id,
    min_remaining = options.min_life, timeout = options.timeout,
    hosts_only = options.helper or options.logout }
end

local function is_simulated(client)
  return client.exchange.transport.clock == "virtual"
end

--- The client of an account: the first role's is there already, and a simulator has no roles.
local function maker(client, first_role)
  return function(settings)
    local role <const> = settings.auth_assume_role and settings.auth_assume_role.role_arn
    if is_simulated(client) or role == first_role then return client end
    return ecr.client(settings)
  end
end

--- The roles in the regions.
local function places_of(client, options)
  local regions <const> = #options.region > 0 and options.region or { client.config.region }
  if #regions == 0 then return nil, "no region: give --region, or set AWS_REGION" end
  local accounts = {}
  for i, role in ipairs(options.role_arn) do accounts[i] = { role_arn = role } end
  if #accounts == 0 then accounts = { {} } end
  return pool.new({ regions = regions, accounts = accounts, token_cache = client:tokens() },
    maker(client, options.role_arn[1]))
end

--- As the first role, if there is one.
local function client_of(options)
  local role <const> = options.role_arn[1]
  return ecr.client{ token_cache = command_line.token_cache(options.no_cache),
    auth_assume_role = role and { role_arn = role } or nil }
end

--- All rows: of what is named, then of what is the identities' own.
local function find_rows(client, options)
  local request <const> = request_of(options)
  local rows <const> = registries.named(client, options.registry, request)
  for _, row in ipairs(rows) do row.role = options.role_arn[1] end
  if #options.registry == 0 or #options.region > 0 or options.registry_id then
    local places <const>, err <const> = places_of(client, options)
    if not places then return nil, err end
    local own <const> = registries.own(places, request)
    table.move(own, 1, #own, #rows + 1, rows)
  end
  return registries.merge(rows)
end

-- --- logging in ----------------------------------------------------------------------------------

--- The file to change. What a simulator gave is no login: it must not take a real one's place.
local function pick_file(client, options)
  if options.config then return options.config end
  local path <const>, chosen <const> = config_file.path(options.tool or "docker", os.getenv)
  if not path then return nil, command_line.fail(PROGRAM, chosen) end
  if is_simulated(client) and not chosen then
    return misuse("say with '--config' which file the logins of a simulator go to")
  end
  return path
end

local function change_file(client, rows, options)
  local path <const>, code <const> = pick_file(client, options)
  if not path then return nil, code end
  if options.helper then
    config_file.set_helper(path, rows, HELPER)
  elseif options.logout then
    config_file.log_out(path, rows, HELPER)
  else
    config_file.log_in(path, rows, HELPER)
  end
  return true
end

local function run_docker(client, rows, options)
  if is_simulated(client) then return misuse("docker cannot log in to a simulator") end
  for _, row in ipairs(rows) do
    if not row.error then
      row.done, row.error = program.log_in(row.creds, {
        command = options.docker_command or "docker", timeout = options.docker_timeout })
    end
  end
  return true
end

-- --- telling -------------------------------------------------------------------------------------

local function tell(rows, options)
  local did <const> = options.helper and "helper" or options.logout and "logout" or nil
  local code = 0
  for _, row in ipairs(rows) do
    if row.error then
      code = 3
      io.stderr:write(PROGRAM, ": ", report.failure(row), "\n")
    elseif not options.json and not options.quiet then
      io.write(report.line(row, did, HELPER), "\n")
    end
  end
  if options.json then io.write(report.document(rows)) end
  return code
end

local function main(arguments)
  local options <const>, usage <const> = read(arguments)
  if not options then return usage end
  local client <const>, problem <const> = client_of(options)
  if not client then return command_line.fail(PROGRAM, problem) end
  local rows <const>, err <const> = find_rows(client, options)
  if not rows then return command_line.fail(PROGRAM, err) end
  local act <const> = options.docker and run_docker or change_file
  local done <const>, code <const> = act(client, rows, options)
  return done and tell(rows, options) or code
end

return main(arg)
