-- SPDX-License-Identifier: MIT
--- Kubernetes image pull secrets. The password is in the document, so the document is sealed. Source:
--- "Pull an Image from a Private Registry" in the Kubernetes documentation.

local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

local OPTIONS <const> = { name = "string", namespace = "string", labels = "table",
  format = "string" }
local LONGEST_NAME <const>, LONGEST_LABEL <const> = 253, 63 -- characters
local LARGEST <const> = 1024 * 1024                       -- bytes; Kubernetes takes no more

local function refuse(message, ...)
  return error_object.give{ kind = "input", code = "pull_secret", message = message:format(...) }
end

--- Names of objects: lower-case letters, digits, "-" and "."; of namespaces no ".".
local function is_name(text, pattern, longest)
  return #text <= longest and text:find("^%l?%d?" .. pattern .. "*$") ~= nil
    and text:find("^[%l%d]") ~= nil and text:find("[%l%d]$") ~= nil
end

local function check_labels(labels)
  for key, value in pairs(labels) do
    local fine <const> = type(key) == "string" and type(value) == "string"
      and #value <= LONGEST_LABEL and key:find("^[%w][%w._/-]*$") and value:find("^[%w._-]*$")
    if not fine then return refuse("labels: %s is no label of Kubernetes", tostring(key)) end
  end
  return true
end

local function check_all(options)
  local ok <const>, err <const> = check.options(options, OPTIONS)
  if not ok then return nil, err end
  if not options.name or not is_name(options.name, "[%l%d.-]", LONGEST_NAME) then
    return refuse("name: %s is no name of a Kubernetes object", tostring(options.name))
  end
  if options.namespace and not is_name(options.namespace, "[%l%d-]", LONGEST_LABEL) then
    return refuse("namespace: %s is no name of a Kubernetes namespace", options.namespace)
  end
  if options.format and options.format ~= "yaml" and options.format ~= "json" then
    return refuse("format: %s is neither yaml nor json", options.format)
  end
  return check_labels(options.labels or {})
end

--- An entry of docker's configuration, sealed: `"host":{...}`.
local function entry_of(creds)
  local password <const>, failure <const> = creds.password:json()
  if not password then return nil, failure end
  local auth <const>, problem <const> = creds.auth:json()
  if not auth then return nil, problem end
  return core.join{ core.quote(creds.registry), ':{"username":', core.quote(creds.username),
    ',"password":', password, ',"auth":', auth, "}" }
end

local function config_of(list)
  local parts <const> = { '{"auths":{' }
  for i, creds in ipairs(list) do
    local entry <const>, failure <const> = entry_of(creds)
    if not entry then return refuse("%s: %s", creds.registry, failure.message) end
    if i > 1 then parts[#parts + 1] = "," end
    parts[#parts + 1] = entry
  end
  parts[#parts + 1] = "}}"
  return core.join(parts)
end

--- `key: value` pairs in order, as JSON strings, which are YAML strings too.
local function pairs_of(map, separator)
  local keys <const>, parts <const> = {}, {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  for i, key in ipairs(keys) do
    parts[i] = core.quote(key) .. ": " .. core.quote(map[key])
  end
  return table.concat(parts, separator)
end

local function as_yaml(options, data)
  local labels <const> = options.labels and next(options.labels)
    and "  labels:\n    " .. pairs_of(options.labels, "\n    ") .. "\n" or ""
  return core.join{ "apiVersion: v1\nkind: Secret\nmetadata:\n  name: ", core.quote(options.name),
    "\n", options.namespace and "  namespace: " .. core.quote(options.namespace) .. "\n" or "",
    labels, "type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ", data, "\n" }
end

local function as_json(options, data)
  local metadata <const> = { '"name": ' .. core.quote(options.name) }
  if options.namespace then
    metadata[#metadata + 1] = '"namespace": ' .. core.quote(options.namespace)
  end
  if options.labels then
    metadata[#metadata + 1] = '"labels": {' .. pairs_of(options.labels, ", ") .. "}"
  end
  return core.join{ '{"apiVersion": "v1", "kind": "Secret", "metadata": {',
    table.concat(metadata, ", "), '}, "type": "kubernetes.io/dockerconfigjson", '
      .. '"data": {".dockerconfigjson": "', data, '"}}\n' }
end

--- A secret for pulling images, as YAML or JSON text, sealed.
---@param creds ecr.DockerCredentials|ecr.DockerCredentials[]
---@param options {namespace?: string, name: string, labels?: table<string, string>, format?: "yaml"|"json"}
---@return userdata?
---@return ecr.Error? kind "input"
return function(creds, options)
  local ok <const>, err <const> = check_all(options or {})
  if not ok then return nil, err end
  local list <const> = creds.registry and { creds } or creds
  if #list == 0 then return refuse("no credentials were given") end
  local config <const>, problem <const> = config_of(list)
  if not config then return nil, problem end
  local data <const> = config:base64()
  if #data > LARGEST then
    return refuse("the secret has %d bytes; Kubernetes takes at most %d", #data, LARGEST)
  end
  return (options.format == "json" and as_json or as_yaml)(options, data)
end
