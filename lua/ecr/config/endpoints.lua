-- SPDX-License-Identifier: MIT
--- Endpoints that were configured instead of AWS's own. Source: "Service-specific endpoints" in the
--- AWS SDKs and Tools Reference Guide: code, the service's variable, the variable for all, the
--- `services` section of the profile, the profile.

local endpoint <const> = require "ecr.endpoint"
local error_object <const> = require "ecr.error"
local reading <const> = require "ecr.config.reading"

--- Services with an endpoint of their own: the variable, and the key of a `services` section.
local ENDPOINTS <const> = {
  ecr = { variable = "AWS_ENDPOINT_URL_ECR", alias = "ECR_ENDPOINT_URL", section = "ecr" },
  ["ecr-public"] = { variable = "AWS_ENDPOINT_URL_ECR_PUBLIC", section = "ecr_public" },
  sts = { variable = "AWS_ENDPOINT_URL_STS", section = "sts" },
  sso = { variable = "AWS_ENDPOINT_URL_SSO", section = "sso" },
  ["sso-oidc"] = { variable = "AWS_ENDPOINT_URL_SSO_OIDC", section = "sso_oidc" },
  signin = { variable = "AWS_ENDPOINT_URL_SIGNIN", section = "signin" },
}

local endpoints <const> = {}

--- What the `services` section that the profile names says of a service.
local function from_section(made, name)
  local profile <const> = made.profile_section
  local named <const> = profile and profile:get("services")
  if not named then return nil end
  local section <const>, err <const> = made.profiles:section("services", named)
  if err then return nil, err end
  if not section then
    return reading.refuse("services", "%s names the services section %s, which is not in %s",
      profile:place(), named, made.profiles.paths.config)
  end
  local block <const> = section[name]
  if type(block) == "table" and type(block.endpoint_url) == "string" then
    return block.endpoint_url, ("services %s in %s"):format(named, made.profiles.paths.config)
  end
end

--- The endpoint configured for a service outside of code; nil, or nil and an error.
local function configured_endpoint(made, service)
  local names <const> = ENDPOINTS[service]
  if made.ignore_configured_endpoint_urls then return nil end
  local url, origin = reading.variable{ names.variable, names.alias or names.variable,
    "AWS_ENDPOINT_URL" }
  if url then return url, origin end
  url, origin = from_section(made, names.section)
  if url or origin then return url, origin end
  if made.profile_section then return made.profile_section:get("endpoint_url") end
end

local function settle_endpoint(made, service, name, given, said)
  local url, origin = given, said
  if not url then url, origin = configured_endpoint(made, service) end
  if not url then return not error_object.is(origin), origin end
  local fine <const>, err <const> = endpoint.check(url, origin)
  if not fine then return nil, err end
  if service:find("^ecr") then
    made[name], made.origin[name] = url, origin
  else
    made.endpoints[service], made.origin[name] = url, origin
  end
  return true
end

--- `endpoint_url` in code or on the command line is the one of the client's registry.
---@param made ecr.Config what was read so far
---@return true?
---@return ecr.Error? kind "config"
function endpoints.settle(made)
  local own <const>, said <const> = made.endpoint_url, made.origin.endpoint_url
  local other <const>, other_said <const> = made.public_endpoint_url,
    made.origin.public_endpoint_url
  made.endpoint_url, made.endpoints = nil, {}
  local private = made.public_registry and {} or { own, said }
  local public = made.public_registry and not other and { own, said } or { other, other_said }
  local ok, err = settle_endpoint(made, "ecr", "endpoint_url", private[1], private[2])
  if not ok then return nil, err end
  ok, err = settle_endpoint(made, "ecr-public", "public_endpoint_url", public[1], public[2])
  if not ok then return nil, err end
  for service in pairs(ENDPOINTS) do
    if not service:find("^ecr") then
      ok, err = settle_endpoint(made, service, service .. " endpoint")
      if not ok then return nil, err end
    end
  end
  return true
end

return endpoints
