-- SPDX-License-Identifier: MIT
--- The file that docker, podman or skopeo looks for logins in: where it is, and logins put into it and
--- taken out. Everything else in it stays as it is. Sources: "docker login" in docker's reference;
--- containers-auth.json(5).

local core <const> = require "ecr.core"
local error_object <const> = require "ecr.error"

local MOST <const> = 64 -- entries that one edit takes

local config_file <const> = {}

local function refuse(message)
  return error_object.give{ kind = "config", code = "docker_config", message = message }
end

local function given(getenv, name)
  local value <const> = getenv(name)
  return value ~= "" and value or nil
end

local function of_docker(getenv)
  local directory <const>, home <const> = given(getenv, "DOCKER_CONFIG"), given(getenv, "HOME")
  if directory then return directory .. "/config.json", true end
  if home then return home .. "/.docker/config.json", false end
  return refuse("neither DOCKER_CONFIG nor HOME is set: name the file with --config")
end

--- Where podman keeps it without a session, as on a build machine.
local function of_user()
  local status <const> = io.open("/proc/self/status")
  local text <const> = status and status:read("a") or ""
  if status then status:close() end
  local user <const> = text:match("\nUid:%s+%d+%s+(%d+)")
  if user then return ("/run/containers/%s/auth.json"):format(user), false end
  return refuse("REGISTRY_AUTH_FILE and XDG_RUNTIME_DIR are not set: name the file with --config")
end

local function of_containers(getenv)
  local file <const>, runtime <const> = given(getenv, "REGISTRY_AUTH_FILE"),
    given(getenv, "XDG_RUNTIME_DIR")
  if file then return file, true end
  if runtime then return runtime .. "/containers/auth.json", false end
  return of_user()
end

--- Podman heeds docker's variable before its own place, which its manual does not say: common's
--- pkg/auth does it, and podman 4.3.1 was seen to. Skopeo reads its own place first.
local function of_podman(getenv)
  if given(getenv, "REGISTRY_AUTH_FILE") or not given(getenv, "DOCKER_CONFIG") then
    return of_containers(getenv)
  end
  return of_docker(getenv)
end

local PATHS <const> = { docker = of_docker, podman = of_podman, skopeo = of_containers }

--- Where a tool looks for its logins.
---@param tool "docker"|"podman"|"skopeo"
---@param getenv fun(name: string): string?
---@return string? path
---@return boolean|ecr.Error chosen whether the environment names this very place
function config_file.path(tool, getenv)
  return PATHS[tool](getenv)
end

local function error_of(failure)
  return select(2, error_object.of_failure(failure))
end

--- Does something with the rows that still need it, a few at a time; what fails is theirs.
local function in_parts(rows, act)
  local waiting <const> = {}
  for _, row in ipairs(rows) do
    if not row.error and not row.helped then waiting[#waiting + 1] = row end
  end
  for first = 1, #waiting, MOST do
    local part <const> = table.move(waiting, first, math.min(first + MOST - 1, #waiting), 1, {})
    local done <const>, failure <const> = act(part)
    if not done then
      for _, row in ipairs(part) do row.error = error_of(failure) end
    end
  end
end

--- The helper that the tool asks for a row's host; the file's logins say nothing then.
local function helper_of(path, row)
  if row.error then return nil end
  local helper <const>, failure <const> = core.docker_config_helper(path, row.registry)
  if failure then row.error = error_of(failure) end
  return helper
end

local function other_helper(path, helper, consequence)
  return error_object.new{ kind = "config", code = "helper",
    message = ("%s says that docker-credential-%s is asked for this host, %s"):format(path, helper,
      consequence) }
end

--- Puts the rows' credentials into the file. A row that cannot be gets an error; one for whose host our
--- own helper is asked needs nothing, and is `helped`.
---@param path string
---@param rows ecr.LoginRow[]
---@param ours string what follows "docker-credential-" in our helper's name
function config_file.log_in(path, rows, ours)
  for _, row in ipairs(rows) do
    local helper <const> = helper_of(path, row)
    row.helped = helper ~= nil and helper == ours
    if helper and not row.helped then
      row.error = other_helper(path, helper, "so a login in the file would not be seen: use "
        .. "--docker, or take the helper out of credHelpers or credsStore there")
    end
  end
  in_parts(rows, function(part)
    local entries <const> = {}
    for i, row in ipairs(part) do
      entries[i] = { registry = row.registry, auth = row.creds.auth }
    end
    return core.docker_config_set(path, entries)
  end)
end

--- Names a helper in the file, which docker then asks for the rows' hosts.
---@param path string
---@param rows ecr.LoginRow[]
---@param ours string
function config_file.set_helper(path, rows, ours)
  in_parts(rows, function(part)
    local hosts <const> = {}
    for i, row in ipairs(part) do hosts[i] = row.registry end
    return core.docker_config_set_helper(path, hosts, ours)
  end)
end

--- The keys under which docker finds a login for a host, as older programs wrote them too.
local function keys_of(host)
  local keys <const> = {}
  for _, scheme in ipairs{ "", "https://", "http://" } do
    for _, rest in ipairs{ "", "/", "/v1/", "/v2/" } do keys[#keys + 1] = scheme .. host .. rest end
  end
  return keys
end

local function log_out_of(path, row, ours)
  local keys <const> = keys_of(row.registry)
  local removed, failure = core.docker_config_remove(path, keys)
  local dropped = 0
  if removed and helper_of(path, row) == ours then
    dropped, failure = core.docker_config_drop_helper(path, { row.registry })
  end
  if not removed or not dropped then row.error = row.error or error_of(failure) end
  row.found = (removed or 0) + (dropped or 0) > 0
end

--- Takes the rows' logins out of the file, and our helper. `found` says whether there was anything.
---@param path string
---@param rows ecr.LoginRow[]
---@param ours string
function config_file.log_out(path, rows, ours)
  for _, row in ipairs(rows) do
    if not row.error then log_out_of(path, row, ours) end
    local helper <const> = helper_of(path, row)
    if helper then
      row.error = other_helper(path, helper, "and what it keeps is not taken out here: use docker "
        .. "logout")
    end
  end
end

return config_file
