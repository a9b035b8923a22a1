-- SPDX-License-Identifier: MIT
-- Writes a Kubernetes secret for pulling images: exit 0 written, 3 no token that lives long enough.

local argparse <const> = require "argparse"
local auth_type <const> = require "ecr.types.auth"
local command_line <const> = require "ecr.command_line"
local core <const> = require "ecr.core"
local ecr <const> = require "ecr"
local kubernetes <const> = require "ecr.kubernetes"
local printable <const> = require "ecr.printable"
local server_url <const> = require "ecr.server_url"
local time_text <const> = require "ecr.time_text"

local PROGRAM <const> = "pull_secret.lua"
local LONGEST_LIFE <const>, LEAST_LIFE <const> = 39600, 21600 -- seconds; a new token has 43200
local EPILOG <const> = [[
The document goes to standard output whole, or nothing does. It is for kubectl: the password is in
it. ECR's tokens die after 12 hours at the latest; the annotation ecrlua/expires-at says when the
first one in the secret does. Make it anew before, from a CronJob for instance, or let the kubelet
ask by itself: see ecrlua kubelet_provider.lua --help.

Examples:
  ecrlua pull_secret.lua --name ecr --namespace prod | kubectl apply --server-side -f -
  ecrlua pull_secret.lua --name ecr 123456789012.dkr.ecr.eu-west-1.amazonaws.com public.ecr.aws
  ecrlua --profile dev pull_secret.lua --name ecr --format json --output secret.json
Without --server-side kubectl apply keeps a copy of the secret in one of its annotations.

Exit codes: 0 written, 3 not written: no token, one that does not live long enough, or nowhere to
write it; 64 usage.
IAM actions: ecr:GetAuthorizationToken; for public.ecr.aws ecr-public:GetAuthorizationToken and
sts:GetServiceBearerToken.]]

-- --- the command line ----------------------------------------------------------------------------

--- A registry's host, which is looked at before anybody is asked.
local function read_registry(text)
  local parsed <const>, err <const> = server_url.registry(text)
  if parsed then return parsed.host end
  if err then return nil, err end
  return nil, { message = ("%q is no ECR registry"):format(text) }
end

local function new_parser()
  local parser <const> = argparse(PROGRAM, "Writes a Kubernetes secret for pulling images.")
  parser:argument("registry", "host, or a reference with one; none = the account's own in the\n"
    .. "region"):args("*"):convert(command_line.checked(read_registry)):argname("REGISTRY")
  parser:option("--name", "of the secret"):convert(kubernetes.name):count(1):argname("NAME")
  parser:option("--namespace", "of the secret; else kubectl's"):convert(kubernetes.namespace)
    :argname("NAME")
  parser:option("--label", "a label of the secret; may be repeated"):convert(kubernetes.label)
    :count("*"):argname("KEY=VALUE")
  parser:mutex(parser:option("--format", "yaml (the default) or json"):choices{ "yaml", "json" }
    :argname("FORMAT"), parser:flag("--json", "the same as --format json"))
  parser:option("--min-life", "what each token must still live (6h)")
    :convert(command_line.duration(LONGEST_LIFE, "11h")):argname("TIME")
  parser:option("--output", "write to FILE instead, for its owner alone"):argname("FILE")
  parser:option("--timeout", "until AWS must have answered (60s)"):default("60s")
    :convert(command_line.duration(3600, "1h", true)):show_default(false):argname("TIME")
  parser:flag("--quiet", "do not say that FILE was written")
  parser:epilog(EPILOG)
  return parser
end

local function labels_of(options)
  local labels <const> = {}
  for _, label in ipairs(options.label) do labels[label.key] = label.value end
  return labels
end

-- --- the credentials -----------------------------------------------------------------------------

--- Two references may have one host.
local function one_for_each_host(all)
  local list <const>, seen <const> = {}, {}
  for _, creds in ipairs(all) do
    if not seen[creds.registry] then list[#list + 1] = creds end
    seen[creds.registry] = true
  end
  return list
end

--- The credentials for all of them, or the first thing that went wrong.
local function ask_all(client, options)
  local registries <const> = options.registry
  local calls <const> = {}
  for i = 1, math.max(1, #registries) do
    calls[i] = function()
      return ecr.with_deadline(options.timeout, function()
        return client.auth:get_creds{ registry = registries[i],
          min_remaining = options.min_life or LEAST_LIFE }
      end)
    end
  end
  local all <const>, errors <const> = ecr.all(calls)
  for i = 1, #calls do
    if errors and errors[i] then return nil, errors[i] end
  end
  return one_for_each_host(all)
end

-- --- the document --------------------------------------------------------------------------------

local function write_file(options, list, document)
  local written <const>, failure <const> = core.replace_file(options.output, { document })
  if not written then return nil, failure end
  if not options.quiet then
    io.write(("wrote %s, good until %s\n"):format(printable(options.output),
      time_text(auth_type.first_end(list))))
  end
  return true
end

local function write(options, list, document)
  if options.output then return write_file(options, list, document) end
  local written <const>, err <const> = ecr.write(io.stdout, { document })
  return written, err and { message = "standard output: " .. err.message }
end

local function main(arguments)
  local options <const>, usage <const> = command_line.parse(PROGRAM, new_parser(), arguments)
  if not options then return usage end
  local client <const>, problem <const> = ecr.client{}
  if not client then return command_line.fail(PROGRAM, problem) end
  local list <const>, err <const> = ask_all(client, options)
  if not list then return command_line.fail(PROGRAM, err) end
  local document <const>, refusal <const> = ecr.pull_secret(list, { name = options.name,
    namespace = options.namespace, labels = labels_of(options),
    format = options.json and "json" or options.format })
  if not document then return command_line.fail(PROGRAM, refusal) end
  local written <const>, failure <const> = write(options, list, document)
  return written and 0 or command_line.fail(PROGRAM, failure.message)
end

return main(arg)
