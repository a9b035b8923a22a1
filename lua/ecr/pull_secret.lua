-- SPDX-License-Identifier: MIT
--- Kubernetes image pull secrets. The password is in the document, so the document is sealed. Source:
--- "Pull an Image from a Private Registry" in the Kubernetes documentation.

local auth_type <const> = require "ecr.types.auth"
local check <const> = require "ecr.check"
local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"
local kubernetes <const> = require "ecr.kubernetes"
local time_text <const> = require "ecr.time_text"

local OPTIONS <const> = { name = "string", namespace = "string", labels = "table",
  format = "string" }
local TYPE <const> = "kubernetes.io/dockerconfigjson"
local EXPIRES <const> = "ecrlua/expires-at"  -- the annotation, for whoever makes secrets anew
local LARGEST <const> = 1024 * 1024          -- bytes before base64; Kubernetes takes no more

local function refuse(message, ...)
  return error_object.give{ kind = "input", code = "pull_secret", message = message:format(...) }
end

-- --- what is asked -------------------------------------------------------------------------------

local function check_labels(labels)
  for key, value in pairs(labels) do
    if type(key) ~= "string" or type(value) ~= "string" then
      return refuse("labels: keys and values are strings")
    end
    local fine, why = kubernetes.label_key(key)
    if fine then fine, why = kubernetes.label_value(value) end
    if not fine then return refuse("labels: %s", why) end
  end
  return true
end

local function check_all(options)
  local ok, err = check.options(options, OPTIONS)
  if not ok then return nil, err end
  if not options.name then return refuse("name: a secret has a name") end
  ok, err = kubernetes.name(options.name)
  if not ok then return refuse("name: %s", err) end
  if options.namespace then
    ok, err = kubernetes.namespace(options.namespace)
    if not ok then return refuse("namespace: %s", err) end
  end
  if options.format and options.format ~= "yaml" and options.format ~= "json" then
    return refuse("format: %s is neither yaml nor json", options.format)
  end
  return check_labels(options.labels or {})
end

--- The credentials in the order of their registries, so that the same ones give the same document.
local function sorted(creds)
  local list <const> = creds.registry and { creds } or table.move(creds, 1, #creds, 1, {})
  if #list == 0 then return refuse("no credentials were given") end
  table.sort(list, function(a, b) return a.registry < b.registry end)
  for i = 2, #list do
    if list[i].registry == list[i - 1].registry then
      return refuse("%s was given twice; a secret holds one password for each registry",
        list[i].registry)
    end
  end
  return list
end

-- --- docker's configuration ----------------------------------------------------------------------

--- An entry of it, sealed: `"host":{...}`.
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
  local config <const> = core.join(parts)
  if config and #config <= LARGEST then return config end
  return refuse("%d registries do not fit into a secret: Kubernetes takes %d bytes", #list, LARGEST)
end

-- --- the document --------------------------------------------------------------------------------

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

--- The maps of the metadata: labels, and until when the secret is good for anything.
local function maps_of(options, list)
  local ends <const> = time_text(auth_type.first_end(list))
  local maps <const> = { { name = "annotations", pairs = { [EXPIRES] = ends } } }
  if options.labels and next(options.labels) then
    table.insert(maps, 1, { name = "labels", pairs = options.labels })
  end
  return maps
end

local function as_yaml(options, maps, data)
  local lines <const> = { "apiVersion: v1", "kind: Secret", "metadata:",
    "  name: " .. core.quote(options.name) }
  if options.namespace then
    lines[#lines + 1] = "  namespace: " .. core.quote(options.namespace)
  end
  for _, map in ipairs(maps) do
    lines[#lines + 1] = "  " .. map.name .. ":\n    " .. pairs_of(map.pairs, "\n    ")
  end
  lines[#lines + 1] = "type: " .. TYPE .. "\ndata:\n  .dockerconfigjson: "
  return core.join{ table.concat(lines, "\n"), data, "\n" }
end

local function as_json(options, maps, data)
  local metadata <const> = { '"name": ' .. core.quote(options.name) }
  if options.namespace then
    metadata[#metadata + 1] = '"namespace": ' .. core.quote(options.namespace)
  end
  for _, map in ipairs(maps) do
    metadata[#metadata + 1] = core.quote(map.name) .. ": {" .. pairs_of(map.pairs, ", ") .. "}"
  end
  return core.join{ '{"apiVersion": "v1", "kind": "Secret", "metadata": {',
    table.concat(metadata, ", "), '}, "type": "', TYPE, '", "data": {".dockerconfigjson": "', data,
    '"}}\n' }
end

--- A secret for pulling images, as YAML or JSON text, sealed. The annotation `ecrlua/expires-at` says
--- when the first of its passwords dies.
---@param creds ecr.DockerCredentials|ecr.DockerCredentials[] one for each registry
---@param options {namespace?: string, name: string, labels?: table<string, string>, format?: "yaml"|"json"}
---@return userdata?
---@return ecr.Error? kind "input"
return function(creds, options)
  local ok <const>, err <const> = check_all(options or {})
  if not ok then return nil, err end
  local list <const>, problem <const> = sorted(creds)
  if not list then return nil, problem end
  local config <const>, failure <const> = config_of(list)
  if not config then return nil, failure end
  return (options.format == "json" and as_json or as_yaml)(options, maps_of(options, list),
    config:base64())
end
