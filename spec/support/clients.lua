-- SPDX-License-Identifier: MIT
-- Programs that log in to registries, and what they need around them so that they read and write nothing of
-- the machine's: skopeo, podman, docker. `make deps-test` unpacks them; else the machine's own are taken.
local process = require "spec.support.process"

local clients = {}

local UNPACKED = os.getenv("PWD") .. "/build/clients"

local function libraries()
  local found = process.run(("find %s/lib %s/usr/lib -maxdepth 1 -name '*-linux-*'"):format(UNPACKED, UNPACKED))
  return (found.output:gsub("\n(.)", ":%1"):gsub("\n", ""))
end

--- Where they are looked for.
clients.PATH = ("%s/usr/bin:%s"):format(UNPACKED, os.getenv("PATH"))

--- Words for `env`, with which they are found.
clients.FOUND = process.quote("PATH=" .. clients.PATH) .. " "
  .. process.quote("LD_LIBRARY_PATH=" .. libraries())

--- Why one of these programs cannot be used here; nil when all can.
function clients.missing(...)
  for _, program in ipairs{ ... } do
    if process.run(("env %s %s --version"):format(clients.FOUND, program)).code ~= 0 then
      return ("there is no %s that works on this machine (make deps-test)"):format(program)
    end
  end
end

--- podman looks for what it runs containers with before it does anything else: what nobody will run here.
local PODMAN = [[
[network]
network_backend = "cni"
network_config_dir = "HOME/podman/network"
[engine]
conmon_path = ["HOME/podman/conmon"]
runtime = "none"
static_dir = "HOME/podman/static"
volume_path = "HOME/podman/volumes"
tmp_dir = "HOME/podman/tmp"
lock_type = "file"
events_logger = "none"
cgroup_manager = "cgroupfs"
[engine.runtimes]
none = ["HOME/podman/conmon"]
]]
local STORAGE = [[
[storage]
driver = "vfs"
runroot = "HOME/podman/run"
graphroot = "HOME/podman/graph"
]]

--- Puts their settings into a home folder.
function clients.settle(home)
  home:write(".config/containers/policy.json", '{"default": [{"type": "insecureAcceptAnything"}]}')
  home:write("podman/containers.conf", (PODMAN:gsub("HOME", home.path)))
  home:write("podman/storage.conf", (STORAGE:gsub("HOME", home.path)))
  os.execute("chmod +x " .. home:write("podman/conmon", "#!/bin/sh\necho conmon version 2.1.6\n"))
end

--- Words for `env`: such a home, a proxy, and the one certificate that is trusted.
function clients.environment(home, proxy, certificate)
  local settings = { "HOME=HOME", "XDG_CONFIG_HOME=HOME/.config", "XDG_RUNTIME_DIR=HOME", "DOCKER_CONFIG=HOME/.docker",
    "REGISTRY_AUTH_FILE=HOME/auth.json", "CONTAINERS_CONF=HOME/podman/containers.conf",
    "CONTAINERS_STORAGE_CONF=HOME/podman/storage.conf", "SSL_CERT_DIR=/nonexistent", "SSL_CERT_FILE=" .. certificate,
    "HTTPS_PROXY=" .. proxy, "https_proxy=" .. proxy }
  local text = table.concat(settings, " "):gsub("=HOME", "=" .. home.path)
  return "-u NO_PROXY -u no_proxy -u LUA_PATH -u LUA_CPATH " .. clients.FOUND .. " " .. text
end

return clients
