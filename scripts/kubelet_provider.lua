-- SPDX-License-Identifier: MIT
-- Gives a kubelet the credentials for an image, as its credential provider: exit 0 answered, 3 not.

local argparse <const> = require "argparse"
local command_line <const> = require "ecr.command_line"
local core <const> = require "ecr.core"
local ecr <const> = require "ecr"
local server_url <const> = require "ecr.server_url"

local PROGRAM <const> = "kubelet_provider.lua"
local VERSIONS <const> = {
  ["credentialprovider.kubelet.k8s.io/v1"] = true,
  ["credentialprovider.kubelet.k8s.io/v1beta1"] = true,
  ["credentialprovider.kubelet.k8s.io/v1alpha1"] = true,
}
local ROLE_ANNOTATIONS <const> = { "eks.amazonaws.com/ecr-role-arn", "eks.amazonaws.com/role-arn" }
local SESSION_NAME <const> = "ecr-credential-provider" -- AWS's provider has the same
local LARGEST_REQUEST <const> = 512 * 1024             -- bytes
local PATIENCE <const> = 5                             -- seconds for the request to come
local TIMEOUT <const>, LONGEST_TIMEOUT <const> = 30, 50 -- seconds; a kubelet waits for 60
local PUBLIC_TIMEOUT <const> = 10                      -- seconds; without a token a pull works too
local ANONYMOUS_SECONDS <const> = 300                  -- until ECR Public's token is tried again
local EPILOG <const> = [[
A kubelet starts it for each registry and hands it a request on standard input. Put ecrlua, as a
file or a link, into the directory of --image-credential-provider-bin-dir; the name below is the
file's. In the file of --image-credential-provider-config:

  apiVersion: kubelet.config.k8s.io/v1
  kind: CredentialProviderConfig
  providers:
  - name: ecrlua
    args: [kubelet_provider.lua]
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    defaultCacheDuration: 12h
    matchImages: ["*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr-fips.*.amazonaws.com",
      "*.dkr-ecr.*.on.aws", "*.dkr-ecr-fips.*.on.aws", "*.dkr.ecr.*.amazonaws.com.cn",
      "*.dkr-ecr.*.on.amazonwebservices.com.cn", "*.dkr.ecr.*.amazonaws.eu",
      "*.dkr.ecr.*.c2s.ic.gov", "*.dkr.ecr.*.sc2s.sgov.gov", "*.dkr.ecr.*.cloud.adc-e.uk",
      "*.dkr.ecr.*.csp.hci.ic.gov", "public.ecr.aws", "ecr-public.aws.com"]

The answer holds one key, the registry of the image, and is good for half of the token's life. An
image that is not in ECR gets no credentials, nor does one in ECR Public when there is no token to
be had: the pull goes on without, and that is asked again after 5 minutes.

A service account's token (tokenAttributes in that file, with the audience sts.amazonaws.com) is
for the role in its annotation eks.amazonaws.com/ecr-role-arn or eks.amazonaws.com/role-arn, or in
AWS_ECR_ROLE_ARN. Without a role the node's own credentials serve.

Try it:
  echo '{"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderRequest",
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1"}' | ecrlua kubelet_provider.lua

Exit codes: 0 answered, 3 no answer (the reason is on standard error, nothing on standard output),
64 usage.
IAM actions: ecr:GetAuthorizationToken; for public.ecr.aws ecr-public:GetAuthorizationToken and
sts:GetServiceBearerToken. Pulling needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer.]]

local function new_parser()
  local parser <const> = argparse(PROGRAM, "Gives a kubelet the credentials for an image.")
  parser:option("--timeout", "until there must be an answer (30s); a kubelet waits for a minute")
    :convert(command_line.duration(LONGEST_TIMEOUT, "50s", true)):argname("TIME")
  parser:epilog(EPILOG)
  return parser
end

-- --- the request ---------------------------------------------------------------------------------

local function read_request(timeout)
  local request <const>, failure <const> = core.read_input(0, "kubelet_request", LARGEST_REQUEST,
    math.min(timeout, PATIENCE))
  if not request then return nil, "the request on standard input: " .. failure.message end
  if request.kind ~= "CredentialProviderRequest" then
    return nil, "the request on standard input is no CredentialProviderRequest"
  end
  if not VERSIONS[request.api_version] then
    return nil, ("the request's apiVersion %s is not known; known are v1, v1beta1 and v1alpha1 of "
      .. "credentialprovider.kubelet.k8s.io"):format(core.quote(request.api_version or ""))
  end
  if not request.image or request.image == "" then return nil, "the request names no image" end
  return request
end

--- The host of the image's registry as it is written there, and what it is if it is ECR's.
local function registry_of(image)
  local host <const> = image:match("^[^/]*")
  return host, server_url.of_host(host)
end

-- --- the answer ----------------------------------------------------------------------------------

--- As Go's time.ParseDuration reads it.
local function duration_text(seconds)
  return ("%dh%dm%ds"):format(seconds // 3600, seconds % 3600 // 60, seconds % 60)
end

--- The document, sealed. Without credentials the pull goes on without; without `seconds` the kubelet
--- keeps that as long as its configuration says.
local function response(request, seconds, host, creds)
  local parts <const> = { '{"kind":"CredentialProviderResponse","apiVersion":',
    core.quote(request.api_version), ',"cacheKeyType":"Registry",' }
  if seconds then parts[#parts + 1] = ('"cacheDuration":"%s",'):format(duration_text(seconds)) end
  parts[#parts + 1] = '"auth":{'
  if creds then
    local password <const>, failure <const> = creds.password:json()
    if not password then return nil, failure.message end
    table.move({ core.quote(host), ':{"username":', core.quote(creds.username), ',"password":',
      password, "}" }, 1, 6, #parts + 1, parts)
  end
  parts[#parts + 1] = "}}\n"
  return ecr.secret.join(parts)
end

local function half_life(creds)
  return math.max(0, creds:remaining(select(2, ecr.now()))) // 2 | 0
end

-- --- the credentials -----------------------------------------------------------------------------

local function role_of(request)
  local annotations <const> = request.service_account_annotations or {}
  for _, name in ipairs(ROLE_ANNOTATIONS) do
    local role <const> = annotations[name]
    if role and role ~= "" then return role end
  end
  local role <const> = os.getenv("AWS_ECR_ROLE_ARN")
  return role ~= "" and role or nil
end

--- Whose credentials ask: a role for the service account's token, if there are both.
local function web_identity_of(request)
  local token <const>, role <const> = request.service_account_token, role_of(request)
  if not role or not token or #token == 0 then return nil end
  return { role_arn = role, role_session_name = SESSION_NAME, web_identity_token = token }
end

--- A role is asked for in the registry's region too: a node's kubelet rarely knows its own, and it may
--- be another partition. What a service account gets no other one finds on disk.
local function ask(request, parsed)
  local web_identity <const> = web_identity_of(request)
  local token_cache
  if web_identity then token_cache = false end
  local client <const>, err <const> = ecr.client{ region = parsed.region,
    auth_web_identity = web_identity, token_cache = token_cache }
  if not client then return nil, err end
  return client.auth:get_creds{ registry = parsed.host }
end

--- The answer to a request, or why there is none.
local function answer(request, timeout)
  local host <const>, parsed <const> = registry_of(request.image)
  if not parsed then return response(request) end
  if parsed.public then timeout = math.min(timeout, PUBLIC_TIMEOUT) end
  local creds <const>, err <const> = ecr.with_deadline(timeout, ask, request, parsed)
  if creds then return response(request, half_life(creds), host, creds) end
  if not parsed.public then return nil, err end
  io.stderr:write(PROGRAM, ": ", host, " without credentials: ", tostring(err), "\n")
  return response(request, ANONYMOUS_SECONDS)
end

local function main(arguments)
  local options <const>, usage <const> = command_line.parse(PROGRAM, new_parser(), arguments)
  if not options then return usage end
  local timeout <const>, start <const> = options.timeout or TIMEOUT, ecr.now()
  local request <const>, why <const> = read_request(timeout)
  if not request then return command_line.fail(PROGRAM, why) end
  local document <const>, err <const> = answer(request, timeout - (ecr.now() - start))
  if not document then return command_line.fail(PROGRAM, tostring(err)) end
  local written <const>, failure <const> = ecr.write(io.stdout, { document })
  if written then return 0 end
  return command_line.fail(PROGRAM, "standard output: " .. failure.message)
end

return main(arg)
